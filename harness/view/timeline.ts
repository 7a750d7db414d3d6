/** All lanes on one time axis, T0 at a column's edge, zoomed so that the run fits. Pure. */
import type { LaneMeasure } from '../measure/lane.js';
import type { Measurement } from '../measure/measure.js';
import { servedChanges } from '../measure/served-by.js';
import { type Cell, cellOf, noCell, worst } from './cells.js';

export interface TimelineRow {
  readonly lane: string;
  readonly cells: readonly Cell[];
}

export interface Timeline {
  /** Milliseconds that a column covers. */
  readonly columnMs: number;
  /** The instant of column 0, nanoseconds. */
  readonly originNs: number;
  readonly columns: number;
  /** The column that begins at T0, or null where there was none. */
  readonly t0Column: number | null;
  readonly rows: readonly TimelineRow[];
  /** Versions that answered, in order of appearance, and per column an index into them. */
  readonly versions: readonly string[];
  readonly servedBy: readonly (number | null)[];
}

const stepsMs = [1, 2, 5] as const;

/**
 * Lays the lanes out on at most `columnsMax` columns (two at least) of equal length: as fine as
 * the slowest lane's tick where that fits, else coarser; each column is the worst of its ticks.
 */
export function timeline(measurement: Measurement, columnsMax: number): Timeline {
  const lanes = measurement.lanes.filter((lane) => lane.ticks.length > 0);
  const { fromNs, toNs } = span(lanes);
  const originOf = (columnMs: number): number => origin(fromNs, measurement.t0Ns, columnMs * 1e6);
  const columnsOf = (columnMs: number): number =>
    Math.floor((toNs - originOf(columnMs)) / (columnMs * 1e6)) + 1;
  // The slowest lane decides: a column shorter than its tick would show gaps that are none.
  const slowestMs = Math.max(1, ...lanes.map((lane) => lane.spec.intervalMs));
  let columnMs = slowestMs;
  for (let power = 0; columnsOf(columnMs) > Math.max(2, columnsMax) && power < 60; power++) {
    const step = stepsMs[power % stepsMs.length] ?? 1;
    const candidateMs = step * 10 ** Math.floor(power / stepsMs.length);
    if (candidateMs > columnMs) columnMs = candidateMs;
  }
  const originNs = originOf(columnMs);
  const columns = lanes.length === 0 ? 0 : columnsOf(columnMs);
  const t0 = measurement.t0Ns;
  const rows = lanes.map((lane) => ({
    lane: lane.spec.name,
    cells: onAxis(lane, measurement.slowNs, originNs, columnMs * 1e6, columns),
  }));
  return {
    columnMs,
    originNs,
    columns,
    t0Column: t0 === null ? null : Math.round((t0 - originNs) / (columnMs * 1e6)),
    rows,
    ...servedOnAxis(lanes, originNs, columnMs * 1e6, columns),
  };
}

function span(lanes: readonly LaneMeasure[]): { fromNs: number; toNs: number } {
  let fromNs = Number.POSITIVE_INFINITY;
  let toNs = Number.NEGATIVE_INFINITY;
  for (const { ticks } of lanes) {
    for (const { scheduledNs } of ticks) {
      fromNs = Math.min(fromNs, scheduledNs);
      toNs = Math.max(toNs, scheduledNs);
    }
  }
  return Number.isFinite(fromNs) ? { fromNs, toNs } : { fromNs: 0, toNs: 0 };
}

/** The last instant not after `fromNs` that is a whole number of columns from T0. */
function origin(fromNs: number, t0Ns: number | null, columnNs: number): number {
  if (t0Ns === null) return fromNs;
  return t0Ns - Math.ceil((t0Ns - fromNs) / columnNs) * columnNs;
}

function onAxis(
  lane: LaneMeasure,
  slowNs: number,
  originNs: number,
  columnNs: number,
  columns: number,
): Cell[] {
  const cells = new Array<Cell>(columns).fill(noCell);
  for (const tick of lane.ticks) {
    const column = Math.floor((tick.scheduledNs - originNs) / columnNs);
    cells[column] = worst(cells[column] ?? noCell, cellOf(tick, slowNs));
  }
  return cells;
}

function servedOnAxis(
  lanes: readonly LaneMeasure[],
  originNs: number,
  columnNs: number,
  columns: number,
): Pick<Timeline, 'versions' | 'servedBy'> {
  const lane =
    lanes.find(({ spec }) => spec.kind === 'served-by') ??
    lanes.find(({ spec }) => spec.kind === 'new-connection');
  const versions: string[] = [];
  const servedBy = new Array<number | null>(columns).fill(null);
  if (lane === undefined || servedChanges(lane).length === 0) return { versions, servedBy };
  for (const tick of lane.ticks) {
    if (tick.version === null || tick.outcome !== 'ok') continue;
    if (!versions.includes(tick.version)) versions.push(tick.version);
    servedBy[Math.floor((tick.scheduledNs - originNs) / columnNs)] = versions.indexOf(tick.version);
  }
  return { versions, servedBy };
}
