/**
 * What the names that clients dial answered, and how long an answer was stale: a name of the
 * writer that led to an instance that was not the writer any more. Pure.
 */
import type { EntryOf, LaneSpec } from '../history/entry.js';
import { bySubject, type Held, heldValues, whenHeld } from './gauge-values.js';
import type { Stretch } from './lane.js';
import { intersection, union } from './stretches.js';

type Gauge = EntryOf<'gauge'>;

export interface NameMeasure {
  /** The name, as AWS would give it. */
  readonly endpoint: string;
  /** What it is for: `writer`, `reader`, `doorway`. */
  readonly listener: string;
  /** The identifiers of the instances that it led to. */
  readonly answers: readonly Held[];
  /**
   * When it led to another than the writer, though its cluster had one, or than its record said; of
   * writers' names only.
   */
  readonly stale: readonly Stretch[];
}

export interface RoleMeasure {
  readonly instance: string;
  readonly cluster: string;
  /** `writer`, `reader`, `standby`. */
  readonly roles: readonly Held[];
}

/** From the gauges `instance.role`, in the order in which the instances came up. */
export function measureRoles(gauges: readonly Gauge[]): RoleMeasure[] {
  const found = bySubject(gauges, 'instance.role', ({ subject }) => subject.instance);
  return [...found].map(([instance, list]) => ({
    instance,
    cluster: list[0]?.subject.cluster ?? '',
    roles: heldValues(list),
  }));
}

/**
 * From the gauges `dns.answer`, in the order in which the names came up, and `dns.record`, which
 * tells what was to be answered, where names change their owner and no instance changes its role.
 */
export function measureDns(
  gauges: readonly Gauge[],
  roles: readonly RoleMeasure[],
  endNs: number,
): NameMeasure[] {
  const keyOf = ({ subject: { endpoint, listener } }: Gauge): string | undefined =>
    listener === undefined ? undefined : `${endpoint ?? ''} ${listener}`;
  const records = bySubject(gauges, 'dns.record', keyOf);
  return [...bySubject(gauges, 'dns.answer', keyOf)].map(([key, list]) => {
    const endpoint = list[0]?.subject.endpoint ?? '';
    const listener = list[0]?.subject.listener ?? '';
    const answers = heldValues(list);
    const demoted = staleOf(listener, answers, roles, endNs);
    const late = lateOf(listener, answers, heldValues(records.get(key) ?? []), endNs);
    return { endpoint, listener, answers, stale: union([...demoted, ...late]) };
  });
}

/** The name that a lane dials; null for an instance's own address, and where none was told. */
export function nameOf(
  names: readonly NameMeasure[],
  { target, cluster, listener = target }: Pick<LaneSpec, 'target' | 'cluster' | 'listener'>,
): NameMeasure | null {
  const isOfCluster = ({ endpoint }: NameMeasure): boolean =>
    cluster === undefined || endpoint.startsWith(`${cluster}.`);
  return names.find((name) => name.listener === listener && isOfCluster(name)) ?? null;
}

/** When a name of the writer was answered otherwise than its record said. */
function lateOf(
  listener: string,
  answers: readonly Held[],
  records: readonly Held[],
  endNs: number,
): Stretch[] {
  if (listener === 'reader') return [];
  const said = new Set(records.map(({ value }) => value));
  return [...said].flatMap((one) =>
    intersection(
      whenHeld(records, endNs, (value) => value === one),
      whenHeld(answers, endNs, (value) => value !== one),
    ),
  );
}

function staleOf(
  listener: string,
  answers: readonly Held[],
  roles: readonly RoleMeasure[],
  endNs: number,
): Stretch[] {
  if (listener === 'reader') return [];
  const clusterOf = (instance: string): string | undefined =>
    roles.find((one) => one.instance === instance)?.cluster;
  return union(
    roles.flatMap((role) => {
      const led = whenHeld(answers, endNs, (value) => value === role.instance);
      const demoted = whenHeld(role.roles, endNs, (value) => value !== 'writer');
      const hasWriter = roles
        .filter((other) => clusterOf(other.instance) === role.cluster)
        .flatMap((other) => whenHeld(other.roles, endNs, (value) => value === 'writer'));
      return intersection(intersection(led, demoted), union(hasWriter));
    }),
  );
}
