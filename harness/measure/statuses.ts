/** The control plane's statuses of clusters and instances, and how long each lasted. Pure. */
import type { EntryOf } from '../history/entry.js';
import { bySubject, type Held, heldValues } from './gauge-values.js';

export interface StatusMeasure {
  readonly of: 'cluster' | 'instance';
  readonly identifier: string;
  /** The cluster that it is, or is of. */
  readonly cluster: string;
  readonly statuses: readonly Held[];
  /** By status, in the order of first appearance; the last one goes on to the end. */
  readonly spentNs: ReadonlyMap<string, number>;
}

/** From the gauges `cluster.status` and `instance.status`: clusters first. */
export function measureStatuses(
  gauges: readonly EntryOf<'gauge'>[],
  endNs: number,
): StatusMeasure[] {
  return (['cluster', 'instance'] as const).flatMap((of) => {
    const found = bySubject(gauges, `${of}.status`, ({ subject }) => subject[of]);
    return [...found].map(([identifier, list]) => {
      const statuses = heldValues(list);
      const cluster = list[0]?.subject.cluster ?? '';
      return { of, identifier, cluster, statuses, spentNs: spent(statuses, endNs) };
    });
  });
}

function spent(statuses: readonly Held[], endNs: number): Map<string, number> {
  const spentNs = new Map<string, number>();
  for (const [index, { atNs, value }] of statuses.entries()) {
    const toNs = statuses[index + 1]?.atNs ?? Math.max(atNs, endNs);
    spentNs.set(value, (spentNs.get(value) ?? 0) + toNs - atNs);
  }
  return spentNs;
}
