/**
 * Colours of what text means: the terminal's own eight, so that they follow its theme. They are
 * written here and not by a library, because whether there are any is decided once for the whole
 * tool (`--color` before `NO_COLOR` before `FORCE_COLOR` before what stdout is).
 */
import type { Line, Token } from './line.js';

export type Theme = Readonly<Record<Token, string>>;

const sgr = (codes: string): string => `\u001b[${codes}m`;

export const colours: Theme = {
  plain: '',
  ok: sgr('32'),
  slow: sgr('33'),
  fail: sgr('1;31'),
  doubt: sgr('35'),
  blue: sgr('34'),
  dim: sgr('2'),
  accent: sgr('36'),
  strong: sgr('1'),
};

export const noColours: Theme = {
  plain: '',
  ok: '',
  slow: '',
  fail: '',
  doubt: '',
  blue: '',
  dim: '',
  accent: '',
  strong: '',
};

export function themeOf(color: boolean): Theme {
  return color ? colours : noColours;
}

/** The line with the sequences of its colours; neighbours of one meaning share theirs. */
export function painted(line: Line, theme: Theme): string {
  let text = '';
  let code = '';
  for (const one of line) {
    if (one.text === '') continue;
    const next = theme[one.token];
    if (next !== code) {
      if (code !== '') text += sgr('0');
      text += next;
      code = next;
    }
    text += one.text;
  }
  return code === '' ? text : text + sgr('0');
}
