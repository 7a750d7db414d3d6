/** Markdown out of text that may hold anything. Pure. */
import { brief, plain, type TextOptions } from './text.js';

/** Nothing where there are no rows. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: TextOptions,
): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const body = rows.map((row) => line(row.map((one) => cell(one, options))));
  return [line(head), line(head.map(() => '-')), ...body].join('\n');
}

/** Text inside a table: no cell ends early; code spans stay. */
export function cell(text: string, options: TextOptions): string {
  const code = /^`[^`]*`$/.test(text);
  return (code ? plain(brief(text), options) : escaped(text, options)).replaceAll('|', '\\|');
}

/** Nothing that a server said may become markup. */
export function escaped(text: string, options: TextOptions): string {
  return plain(brief(text), options)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*_[\]]/g, '\\$&');
}

export function bulletList(lines: readonly string[], options: TextOptions): string {
  return lines.map((line) => `- ${escaped(line, options)}`).join('\n');
}

/** A part that folds; nothing where it is empty. */
export function details(title: string, body: string): string {
  return body === '' ? '' : `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}

export function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** Comments end at 65,536 characters; what follows the text must still have room. */
const charactersMax = 60_000;
const cutNote = `Cut at ${charactersMax} characters: see the JSON report.`;

/** The text as far as there is room for it, with what was open closed. */
export function cut(text: string): string {
  if (text.length <= charactersMax) return text;
  const lineEnd = text.lastIndexOf('\n', charactersMax);
  // One endless line is cut inside.
  const at = lineEnd > charactersMax / 2 ? lineEnd : charactersMax;
  const fences = (text.slice(0, at).match(/^```/gm) ?? []).length;
  const inDetails = text.lastIndexOf('<details>', at) > text.lastIndexOf('</details>', at);
  const open = `${fences % 2 === 1 ? '\n```' : ''}${inDetails ? '\n\n</details>' : ''}`;
  return `${text.slice(0, at)}${open}\n\n${cutNote}\n`;
}
