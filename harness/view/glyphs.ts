/** One character a cell, in two sets: blocks, and 7-bit for terminals that have none. */
import type { ErrorKind } from '../history/entry.js';
import type { Cell, CellState } from './cells.js';

export interface GlyphOptions {
  readonly ascii?: boolean;
  /** Letters for the kinds of error in place of full blocks. */
  readonly errorKinds?: boolean;
}

const unicode: Readonly<Record<CellState, string>> = {
  none: ' ',
  ok: '▁',
  slow: '▄',
  unknown: '▒',
  fail: '█',
};

const ascii: Readonly<Record<CellState, string>> = {
  none: ' ',
  ok: '.',
  slow: '~',
  unknown: '?',
  fail: 'X',
};

const letters: Partial<Readonly<Record<ErrorKind, string>>> = {
  reset: 'R',
  closed: 'R',
  terminated: 'R',
  refused: 'C',
  timeout: 'T',
  'read-only': 'W',
  auth: 'A',
  'starting-up': 'S',
};

export function glyph(cell: Cell, options: GlyphOptions = {}): string {
  if (options.errorKinds === true && cell.state === 'fail')
    return (cell.kind === null ? undefined : letters[cell.kind]) ?? 'E';
  if (cell.state === 'ok' && cell.lagMs === null) return '-';
  if (cell.state === 'ok' && (cell.lagMs ?? 0) >= 1_000)
    return String(Math.min(9, Math.floor((cell.lagMs ?? 0) / 1_000)));
  return (options.ascii === true ? ascii : unicode)[cell.state];
}

/** What the digits of a lane that measures lag mean. */
export const lagLegend = '1-9 lag in seconds, 9 or more  - not told: no heartbeats';

/** What the glyphs mean, for under a timeline. */
export function legend(slowMs: number, options: GlyphOptions = {}): string {
  const of = options.ascii === true ? ascii : unicode;
  return `${of.ok} ok  ${of.slow} slow >${slowMs}ms  ${of.fail} failed  ${of.unknown} in doubt`;
}
