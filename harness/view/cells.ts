/** Timeline cells: one per tick, or the worst of several when zoomed out. Pure. */
import type { ErrorKind } from '../history/entry.js';
import type { LaneAttempt, LaneMeasure } from '../measure/lane.js';

/** From best to worst; `none` is a tick of which nothing is known (yet). */
export const cellStates = ['none', 'ok', 'slow', 'unknown', 'fail'] as const;
export type CellState = (typeof cellStates)[number];

export interface Cell {
  readonly state: CellState;
  /** Why, for a failed cell. */
  readonly kind: ErrorKind | null;
  /** Of a lane that measures lag: milliseconds, estimated; null where the poll told none. */
  readonly lagMs?: number | null;
}

export const noCell: Cell = { state: 'none', kind: null };

/** What a cell is made from. */
export type Answer = Pick<LaneAttempt, 'outcome' | 'error' | 'startNs' | 'endNs' | 'lag'>;

/** The cell of one poll. */
export function cellOf(attempt: Omit<Answer, 'lag'>, slowNs: number): Cell {
  if (attempt.outcome !== 'ok')
    return { state: attempt.outcome, kind: attempt.error?.kind ?? 'other' };
  return { state: attempt.endNs - attempt.startNs > slowNs ? 'slow' : 'ok', kind: null };
}

/** The cell of a poll of replica lag: how far behind says more than how slow the answer was. */
export function lagCellOf(attempt: Answer): Cell {
  if (attempt.outcome !== 'ok') return cellOf(attempt, Number.POSITIVE_INFINITY);
  return {
    state: 'ok',
    kind: null,
    lagMs: attempt.lag === null ? null : attempt.lag.estimateNs / 1e6,
  };
}

/** Two weeks of 100 ms ticks: a history that claims more is cut, not obeyed. */
const cellsMax = 12_000_000;

/** Column i is tick i, counted from the lane's first tick; edge polls have no cell. */
export function laneCells(lane: LaneMeasure, slowNs: number): Cell[] {
  const cells: Cell[] = [];
  const first = lane.ticks[0]?.tick ?? 0;
  for (const attempt of lane.ticks) {
    const column = (attempt.tick ?? first) - first;
    if (column >= cellsMax) break;
    while (cells.length < column) cells.push(noCell);
    cells[column] = worst(cells[column] ?? noCell, cellIn(lane, attempt, slowNs));
  }
  return cells;
}

/** The cell of a poll of that lane. */
export function cellIn({ spec }: LaneMeasure, attempt: LaneAttempt, slowNs: number): Cell {
  return spec.kind === 'replica-lag' ? lagCellOf(attempt) : cellOf(attempt, slowNs);
}

/** The worse of two cells, of two that are ok the one farther behind; else the first. */
export function worst(a: Cell, b: Cell): Cell {
  if (a.state === b.state) return (b.lagMs ?? -1) > (a.lagMs ?? -1) ? b : a;
  return cellStates.indexOf(b.state) > cellStates.indexOf(a.state) ? b : a;
}

/** Joins every `factor` cells into the worst of them: an outage can shrink but never vanish. */
export function zoom(cells: readonly Cell[], factor: number): Cell[] {
  const zoomed: Cell[] = [];
  for (const [index, cell] of cells.entries()) {
    const column = Math.floor(index / factor);
    zoomed[column] = worst(zoomed[column] ?? noCell, cell);
  }
  return zoomed;
}
