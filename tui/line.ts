/**
 * Lines of a screen as spans of text, each with what it means: the theme makes colours of that.
 * Every line is made here as wide as it may be at most, in characters that take one column each.
 */
import { cutTo, plain } from '../harness/report/text.js';

/** What a piece of text means. Never said by colour alone: a glyph, word or mark says it too. */
export type Token =
  | 'plain'
  | 'ok'
  | 'slow'
  | 'fail'
  | 'doubt'
  | 'blue'
  | 'dim'
  | 'accent'
  | 'strong';

export interface Span {
  readonly text: string;
  readonly token: Token;
}

export type Line = readonly Span[];

export function span(text: string, token: Token = 'plain'): Span {
  return { text, token };
}

export const emptyLine: Line = [];

/** The text of a line, without spaces at its end. */
export function textOf(line: Line): string {
  return line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
}

export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + characters(text), 0);
}

/** Characters, not code units; each takes one column, see `narrow`. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** No wider than the columns; what is cut off is cut off without a sign. */
export function fitted(line: Line, columns: number): Line {
  const spans: Span[] = [];
  let left = columns;
  for (const { text, token } of line) {
    if (left <= 0) break;
    const width = characters(text);
    spans.push(
      width <= left ? { text, token } : { text: [...text].slice(0, left).join(''), token },
    );
    left -= Math.min(width, left);
  }
  return spans;
}

/** The same, cut off with a sign. */
export function cutLine(line: Line, columns: number, ascii: boolean): Line {
  const more = ascii ? '...' : '…';
  if (widthOf(line) <= columns) return line;
  if (columns <= more.length) return fitted(line, columns);
  const kept = fitted(line, columns - more.length);
  return [...kept, span(more, kept.at(-1)?.token)];
}

/** Left and right with the space between them; where there is no room for both, the left is cut. */
export function spread(left: Line, right: Line, columns: number): Line {
  const width = widthOf(right);
  if (width >= columns) return fitted(right, columns);
  const cut = fitted(left, columns - width - (width === 0 ? 0 : 1));
  return [...cut, span(' '.repeat(columns - width - widthOf(cut))), ...right];
}

/** As wide as the column: cut with a sign, or filled on its right. */
export function column(text: string, columns: number, ascii: boolean): string {
  const cut = cutTo(text, columns, { ascii });
  return cut + ' '.repeat(Math.max(0, columns - characters(cut)));
}

/** The same, filled on its left. */
export function columnRight(text: string, columns: number, ascii: boolean): string {
  const cut = cutTo(text, columns, { ascii });
  return ' '.repeat(Math.max(0, columns - characters(cut))) + cut;
}

/** Parts with so many spaces between them, as many as fit. */
export function packedLine(parts: readonly Line[], columns: number, gap = 3): Line {
  const line: Span[] = [];
  let used = 0;
  for (const part of parts) {
    const width = widthOf(part) + (used === 0 ? 0 : gap);
    if (used + width > columns) continue;
    if (used > 0) line.push(span(' '.repeat(gap)));
    line.push(...part);
    used += width;
  }
  return line;
}

/** Scripts whose characters take one column in every terminal, and the signs that we use. */
const oneColumn = new RegExp(
  [
    '[\\u0020-\\u007e\\u00a1-\\u00ac\\u00ae-\\u02ff\\u0370-\\u0482\\u048a-\\u052f\\u2010-\\u2027',
    '\\u2030-\\u205e\\u2190-\\u22ff\\u2500-\\u25fc\\u2713\\u2717]',
  ].join(''),
  'u',
);

/**
 * Somebody else's text (a server's message, a host's name) in one line: what could take two
 * columns of a terminal, or none, becomes a question mark.
 */
export function narrow(text: string, ascii: boolean): string {
  const clean = plain(text, { ascii });
  return ascii
    ? clean
    : clean.replace(/[^\u0020-\u007e]/gu, (one) => (oneColumn.test(one) ? one : '?'));
}
