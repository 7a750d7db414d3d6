/** A lane as runs of polls that fared alike: few marks, not one for each poll. Pure. */
import type { LaneAttempt, LaneMeasure, Stretch } from '../../measure/lane.js';
import { type Cell, type CellState, cellIn, worst } from '../../view/cells.js';

export interface Run extends Stretch {
  readonly state: CellState;
  readonly polls: number;
  /** How many polls failed or were in doubt of each kind of error, in order of appearance. */
  readonly kinds: ReadonlyMap<string, number>;
}

export interface LaneRuns {
  readonly lane: LaneMeasure;
  readonly runs: readonly Run[];
}

export interface DrawnLanes {
  readonly lanes: readonly LaneRuns[];
  /** One mark stands for so many polls, and shows the worst of them; 1: for each by itself. */
  readonly worstOf: number;
}

/** More marks than these make a page slow and show nothing more. */
export const marksMax = 10_000;

/** The runs of all lanes between two instants, as fine as `limit` marks allow. */
export function drawnLanes(
  lanes: readonly LaneMeasure[],
  slowNs: number,
  shown: Stretch,
  limit = marksMax,
): DrawnLanes {
  for (let worstOf = 1; ; worstOf *= 2) {
    const drawn = lanes.map((lane) => ({ lane, runs: runsOf(lane, slowNs, shown, worstOf) }));
    const marks = drawn.reduce((sum, { runs }) => sum + runs.length, 0);
    // Each lane has a run at least, however coarse.
    if (marks <= Math.max(limit, lanes.length)) return { lanes: drawn, worstOf };
  }
}

interface Growing {
  fromNs: number;
  toNs: number;
  cell: Cell;
  polls: number;
  kinds: Map<string, number>;
}

function runsOf(lane: LaneMeasure, slowNs: number, shown: Stretch, worstOf: number): Run[] {
  const intervalNs = lane.spec.intervalMs * 1e6;
  const runs: Growing[] = [];
  let last: Growing | undefined;
  for (const cell of cellsOf(lane, slowNs, shown, worstOf)) {
    const joins =
      last !== undefined &&
      last.cell.state === cell.cell.state &&
      cell.fromNs - last.toNs < intervalNs / 2;
    if (last !== undefined && joins) {
      last.toNs = Math.max(last.toNs, cell.toNs);
      last.polls += cell.polls;
      for (const [kind, count] of cell.kinds)
        last.kinds.set(kind, (last.kinds.get(kind) ?? 0) + count);
      continue;
    }
    last = cell;
    runs.push(cell);
  }
  return runs.map(({ fromNs, toNs, cell, polls, kinds }) => ({
    ...{ fromNs, toNs, polls, kinds },
    state: cell.state,
  }));
}

/** One for each poll, or for so many of them. */
function cellsOf(lane: LaneMeasure, slowNs: number, shown: Stretch, worstOf: number): Growing[] {
  const intervalNs = lane.spec.intervalMs * 1e6;
  const first = lane.ticks[0]?.tick ?? 0;
  const cells = new Map<number, Growing>();
  for (const attempt of lane.ticks) {
    const fromNs = attempt.scheduledNs;
    const toNs = fromNs + intervalNs;
    if (toNs < shown.fromNs || fromNs > shown.toNs) continue;
    const column = Math.floor(((attempt.tick ?? first) - first) / worstOf);
    const cell = cellIn(lane, attempt, slowNs);
    const joined = cells.get(column);
    if (joined === undefined) {
      cells.set(column, { fromNs, toNs, cell, polls: 1, kinds: kindsOf(attempt, cell) });
      continue;
    }
    joined.fromNs = Math.min(joined.fromNs, fromNs);
    joined.toNs = Math.max(joined.toNs, toNs);
    joined.cell = worst(joined.cell, cell);
    joined.polls += 1;
    for (const [kind] of kindsOf(attempt, cell))
      joined.kinds.set(kind, (joined.kinds.get(kind) ?? 0) + 1);
  }
  return [...cells.values()].sort((a, b) => a.fromNs - b.fromNs);
}

function kindsOf(attempt: LaneAttempt, cell: Cell): Map<string, number> {
  const isBad = cell.state === 'fail' || cell.state === 'unknown';
  return new Map(isBad ? [[attempt.error?.kind ?? 'other', 1]] : []);
}
