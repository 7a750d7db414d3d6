/** Rows beside the lanes, drawn from gauges: where names led, and what the statuses were. Pure. */
import type { NameMeasure } from '../measure/dns.js';
import { type Held, valueAt, whenHeld } from '../measure/gauge-values.js';
import type { Measurement } from '../measure/measure.js';
import { intersection } from '../measure/stretches.js';

/** A column that shows nothing is null. */
export interface ValueRow {
  readonly label: string;
  readonly values: readonly (string | null)[];
}

export interface NameRow extends ValueRow {
  /** Columns in which the answer was stale for a while. */
  readonly stale: readonly boolean[];
}

export interface ClusterRows {
  /** Of names that changed their answer. */
  readonly names: readonly NameRow[];
  /** Of clusters and instances that were anything but available. */
  readonly statuses: readonly ValueRow[];
}

export interface Axis {
  readonly originNs: number;
  readonly columnNs: number;
  readonly columns: number;
}

export function clusterRows(
  { names, statuses, endNs }: Pick<Measurement, 'names' | 'statuses' | 'endNs'>,
  axis: Axis,
): ClusterRows {
  const shown = names.filter(
    ({ listener, answers }) => listener !== 'doorway' && answers.length > 1,
  );
  const hasSeveral = new Set(statuses.map(({ cluster }) => cluster)).size > 1;
  return {
    names: shown.map((name) => ({
      label: `dns ${labelOf(name, names)}`,
      values: onAxis(name.answers, axis, endNs, (value) => value),
      stale: columnsOf(axis).map(
        (column) => intersection(name.stale, [columnAt(axis, column)]).length > 0,
      ),
    })),
    statuses: statuses
      .map(({ identifier, cluster, statuses: held }) => ({
        label: `status ${hasSeveral ? identifier : shortened(identifier, cluster)}`,
        values: onAxis(held, axis, endNs, (value) => (isUsual(value) ? null : value)),
      }))
      .filter(({ values }) => values.some((value) => value !== null && !isUsual(value))),
  };
}

/** A cluster's instances without its name before theirs. */
function shortened(identifier: string, cluster: string): string {
  const isPart = cluster !== '' && identifier.startsWith(`${cluster}-`);
  return isPart ? identifier.slice(cluster.length + 1) : identifier;
}

function labelOf({ endpoint, listener }: NameMeasure, names: readonly NameMeasure[]): string {
  const isAlone = names.filter((one) => one.listener === listener).length === 1;
  return isAlone ? listener : `${endpoint.split('.')[0] ?? endpoint} ${listener}`;
}

/** A cluster that is made is there before anything is looked at. */
export function isUsual(status: string): boolean {
  return status === 'available' || status === 'creating';
}

/**
 * What held at the end of each column; what is `notable` is shown for the whole of every column
 * that it touches, the last of several.
 */
function onAxis(
  held: readonly Held[],
  axis: Axis,
  endNs: number,
  notable: (value: string) => string | null,
): (string | null)[] {
  const stretches = held.flatMap(({ value }, index) => {
    const one = notable(value);
    const next = held[index + 1];
    const own = held.slice(index, index + 1);
    const [when] = whenHeld(next === undefined ? own : [...own, next], endNs, (it) => it === value);
    return one === null || when === undefined ? [] : [{ ...when, value: one }];
  });
  return columnsOf(axis).map((column) => {
    const { fromNs, toNs } = columnAt(axis, column);
    if (fromNs > endNs) return null;
    const touched = stretches.findLast((one) => one.fromNs < toNs && one.toNs > fromNs);
    return touched?.value ?? valueAt(held, toNs);
  });
}

function columnsOf({ columns }: Axis): number[] {
  return Array.from({ length: columns }, (_, column) => column);
}

function columnAt({ originNs, columnNs }: Axis, column: number): { fromNs: number; toNs: number } {
  const fromNs = originNs + column * columnNs;
  return { fromNs, toNs: fromNs + columnNs };
}
