/** Cells as spans: one glyph a column, neighbours of one meaning together. Pure. */
import type { Served } from '../harness/measure/served-by.js';
import type { Cell, CellState } from '../harness/view/cells.js';
import { glyph } from '../harness/view/glyphs.js';
import type { Span, Token } from './line.js';
import type { Marks } from './marks.js';

const tokens: Readonly<Record<CellState, Token>> = {
  none: 'plain',
  ok: 'ok',
  slow: 'slow',
  unknown: 'doubt',
  fail: 'fail',
};

export function tokenOf(state: CellState): Token {
  return tokens[state];
}

/** Pieces that follow each other and mean the same become one. */
export function joined(pieces: readonly Span[]): Span[] {
  const spans: { text: string; token: Token }[] = [];
  for (const { text, token } of pieces) {
    const last = spans.at(-1);
    if (last !== undefined && last.token === token) last.text += text;
    else spans.push({ text, token });
  }
  return spans;
}

export interface CellLook {
  readonly ascii: boolean;
  readonly errorKinds: boolean;
}

export function laneSpans(cells: readonly Cell[], look: CellLook): Span[] {
  return joined(cells.map((cell) => ({ text: glyph(cell, look), token: tokens[cell.state] })));
}

/** Our own lateness: told apart from a database that is slow. */
export function observerSpans(cells: readonly Cell[], marks: Marks, look: CellLook): Span[] {
  return joined(
    cells.map((cell) =>
      cell.state === 'slow'
        ? { text: marks.stalled, token: 'dim' as const }
        : { text: glyph(cell, look), token: tokens[cell.state] },
    ),
  );
}

const letterTokens: readonly Token[] = ['accent', 'ok', 'slow', 'doubt'];

/**
 * A letter for each thing that answered, in the order of their first appearance. Where there are a
 * blue and a green side it is that of the side, small where it took no writes.
 */
export function servedLetters(served: readonly Served[]): Span[] {
  const isGreen = ({ instance }: Served): boolean => instance?.includes('-green-') === true;
  const hasSides = served.some(isGreen);
  return served.map((one, index) => {
    if (!hasSides)
      return {
        text: String.fromCharCode(65 + (index % 26)),
        token: letterTokens[index % letterTokens.length] ?? 'plain',
      };
    const letter = isGreen(one) ? 'G' : 'B';
    const token = isGreen(one) ? 'ok' : 'blue';
    return { text: one.readOnly === true ? letter.toLowerCase() : letter, token };
  });
}

export function letterSpans(columns: readonly (number | null)[], letters: readonly Span[]): Span[] {
  const nothing: Span = { text: ' ', token: 'plain' };
  return joined(columns.map((index) => (index === null ? nothing : (letters[index] ?? nothing))));
}

/**
 * Heights of values up to the most of them. Whatever is more than nothing is higher than nothing;
 * a value that is null is not known.
 */
export function levelOf(value: number, most: number, marks: Marks): string {
  const top = marks.levels.length - 1;
  const level = value <= 0 || most <= 0 ? 0 : Math.ceil((value / most) * top);
  return marks.levels[Math.min(top, Math.max(value > 0 ? 1 : 0, level))] ?? '';
}

export function sparkSpans(values: readonly (number | null)[], most: number, marks: Marks): Span[] {
  return joined(
    values.map((value) => ({
      text: value === null ? ' ' : levelOf(value, most, marks),
      token: 'accent' as const,
    })),
  );
}

/**
 * Lag as heights; where the reader did not answer, what befell the poll. A full block is the most
 * lag here, so that a failure is a letter.
 */
export function lagSpans(
  cells: readonly Cell[],
  mostMs: number,
  marks: Marks,
  look: CellLook,
): Span[] {
  return joined(
    cells.map((cell) => {
      const token = tokens[cell.state];
      if (cell.state === 'fail') return { text: look.errorKinds ? glyph(cell, look) : 'X', token };
      if (cell.state === 'unknown') return { text: '?', token };
      if (cell.state === 'none') return { text: ' ', token };
      const { lagMs = null } = cell;
      if (lagMs === null) return { text: '-', token: 'dim' };
      return { text: levelOf(lagMs, mostMs, marks), token: 'accent' };
    }),
  );
}
