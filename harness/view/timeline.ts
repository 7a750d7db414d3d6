/** All lanes on one time axis, T0 at a column's edge, zoomed so that the run fits. Pure. */

import { nameOf } from '../measure/dns.js';
import type { LaneMeasure } from '../measure/lane.js';
import type { Measurement } from '../measure/measure.js';
import { type Served, sameServed, servedOf } from '../measure/served-by.js';
import { type Cell, cellIn, noCell, worst } from './cells.js';
import { type Axis, type ClusterRows, clusterRows } from './cluster-rows.js';

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
  /**
   * What answered, in order of appearance, and per column an index into it: versions, and where
   * several instances answered or one took no writes, that too.
   */
  readonly versions: readonly string[];
  readonly servedBy: readonly (number | null)[];
  readonly cluster: ClusterRows;
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
    ...servedOnAxis(measurement, { originNs, columnNs: columnMs * 1e6, columns }),
    cluster: clusterRows(measurement, { originNs, columnNs: columnMs * 1e6, columns }),
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
    cells[column] = worst(cells[column] ?? noCell, cellIn(lane, tick, slowNs));
  }
  return cells;
}

function servedOnAxis(
  { lanes, names }: Measurement,
  { originNs, columnNs, columns }: Axis,
): Pick<Timeline, 'versions' | 'servedBy'> {
  const asked = lanes.filter(({ ticks }) => ticks.length > 0);
  const lane =
    asked.find(({ spec }) => spec.kind === 'served-by') ??
    asked.find(({ spec }) => spec.kind === 'new-connection');
  const all: Served[] = [];
  const servedBy = new Array<number | null>(columns).fill(null);
  const answers = lane === undefined ? [] : (nameOf(names, lane.spec)?.answers ?? []);
  for (const tick of lane?.ticks ?? []) {
    const served = servedOf(tick, answers);
    if (served === null) continue;
    let index = all.findIndex((one) => sameServed(one, served));
    if (index === -1) index = all.push(served) - 1;
    servedBy[Math.floor((tick.scheduledNs - originNs) / columnNs)] = index;
  }
  const tellsWhere = new Set(all.map(({ instance }) => instance)).size > 1;
  return { versions: all.map((one) => servedText(one, tellsWhere)), servedBy };
}

/** `17.4`, `17.4 on demo-instance-1, read-only`. */
function servedText({ version, instance, readOnly }: Served, tellsWhere: boolean): string {
  const where = tellsWhere && instance !== null ? ` on ${instance}` : '';
  return `${version}${where}${readOnly === true ? ', read-only' : ''}`;
}
