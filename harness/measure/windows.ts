/** The engine's and the endpoint's windows from the gauges, and the control plane's clock. Pure. */
import type { EntryOf, LaneSpec } from '../history/entry.js';
import { type NameMeasure, nameOf } from './dns.js';
import { whenHeld } from './gauge-values.js';
import type { Stretch } from './lane.js';
import { difference, intersection, union } from './stretches.js';

type Gauge = EntryOf<'gauge'>;

export interface Windows {
  /** Where the endpoint was anything but open: from leaving `open` to `open` again. */
  readonly endpoint: readonly Stretch[];
  /** Where the server was not to be used: from `stopping` to `accepting`. */
  readonly engine: readonly Stretch[];
  /** Where it was at work to stop or to start, the time that it was kept down left out. */
  readonly engineBusy: readonly Stretch[];
  /** Where a fault of the rehearsal was active at the endpoint. */
  readonly faults: readonly Stretch[];
  /** Where one of replication was: clients feel it where an operation waits for a replica. */
  readonly replicationFaults: readonly Stretch[];
  /** Where the server stood still because this tool copied its data. */
  readonly frozen: readonly Stretch[];
  /** The drawn durations that were waited for; null where the history tells of none. */
  readonly drawn: readonly Drawn[] | null;
  /** Where the writer's name led to an instance that was not the writer any more. */
  readonly stale: readonly Stretch[];
  /** Where an operation let the server refuse writes. */
  readonly refused: readonly Stretch[];
}

/** A duration of the timing table, told when an operation came to wait for it. */
export interface Drawn {
  readonly name: string;
  readonly toldNs: number;
  readonly lengthNs: number;
}

const states = ['endpoint.state', 'server.state'];

/** Joins the gauges `endpoint.state` and `server.state` into windows; null without either. */
export function findWindows(gauges: readonly Gauge[], endNs: number): Windows | null {
  return gauges.some(({ data: { name } }) => states.includes(name))
    ? windowsIn(gauges, endNs)
    : null;
}

function windowsIn(gauges: readonly Gauge[], endNs: number): Windows {
  const ofEndpoint = gauges.filter((gauge) => gauge.data.name === 'endpoint.state');
  const named = (wanted: string) => gauges.filter(({ data: { name } }) => name === wanted);
  const ofServer = gauges.filter((gauge) => gauge.data.name === 'server.state');
  const ofWrites = gauges.filter((gauge) => gauge.data.name === 'instance.writes');
  return {
    endpoint: stretches(ofEndpoint, isNotOpen, isNotOpen, endNs),
    engine: stretches(
      ofServer,
      (value) => value === 'stopping',
      (value) => value !== 'accepting',
      endNs,
    ),
    faults: stretches(named('endpoint.faults'), isSome, isSome, endNs),
    replicationFaults: stretches(named('replication.faults'), isSome, isSome, endNs),
    frozen: stretches(named('server.frozen'), isSome, isSome, endNs),
    drawn: drawnIn(gauges),
    engineBusy: stretches(ofServer, isBusy, isBusy, endNs),
    stale: [],
    refused: stretches(ofWrites, isRefused, isRefused, endNs),
  };
}

/**
 * The windows of what a lane dials. Of a name: its own states, and what befell the instance that
 * it led to while it did. Of an instance: its own. Histories of one endpoint tell no names: there
 * all gauges are those of every lane.
 */
export function windowsOfLane(
  spec: LaneSpec,
  gauges: readonly Gauge[],
  names: readonly NameMeasure[],
  endNs: number,
): Windows | null {
  const name = nameOf(names, spec);
  const isKnown = gauges.some(({ subject }) => subject.instance === spec.target);
  if (name === null && !isKnown) return findWindows(gauges, endNs);
  const mine = gauges.filter(({ subject }) => isAbout(subject, spec, name));
  // What was waited for, and whom a replica kept waiting, the cluster tells for everybody in it.
  const { drawn, replicationFaults } = windowsIn(gauges, endNs);
  const own = { ...windowsIn(mine, endNs), drawn, replicationFaults };
  if (name === null) return own;
  const instances = new Set(name.answers.map(({ value }) => value));
  const joined = (pick: (windows: Windows) => readonly Stretch[]): Stretch[] =>
    union(
      [...instances].flatMap((instance) => {
        const its = gauges.filter(({ subject }) => subject.instance === instance);
        const led = whenHeld(name.answers, endNs, (value) => value === instance);
        return intersection(pick(windowsIn(its, endNs)), led);
      }),
    );
  return {
    endpoint: own.endpoint,
    engine: joined(({ engine }) => engine),
    engineBusy: joined(({ engineBusy }) => engineBusy),
    faults: union([...own.faults, ...joined(({ faults }) => faults)]),
    frozen: joined(({ frozen }) => frozen),
    ...{ drawn, replicationFaults },
    stale: name.stale,
    // With the answer that is due, a client would have come to who takes writes.
    refused: difference(
      joined(({ refused }) => refused),
      name.stale,
    ),
  };
}

function drawnIn(gauges: readonly Gauge[]): Drawn[] | null {
  const prefix = 'duration.';
  const drawn = gauges.flatMap(({ atNs, data: { name, value } }) =>
    name.startsWith(prefix) ? [{ name, toldNs: atNs, lengthNs: Number(value) * 1e6 }] : [],
  );
  return drawn.length === 0 ? null : drawn;
}

/** A fault of the whole cluster, which names neither, is everybody's. */
function isAbout(subject: Gauge['subject'], spec: LaneSpec, name: NameMeasure | null): boolean {
  const { instance, endpoint, listener } = subject;
  if (name === null) return instance === spec.target && listener === undefined;
  if (instance === undefined && endpoint === undefined) return true;
  return endpoint === name.endpoint && (listener ?? name.listener) === name.listener;
}

function isSome(value: string | number): boolean {
  return value !== 0;
}

function isNotOpen(value: string | number): boolean {
  return value !== 'open';
}

function isRefused(value: string | number): boolean {
  return value === 'refused';
}

function isBusy(value: string | number): boolean {
  return value === 'stopping' || value === 'starting';
}

/** Windows per subject: opened by `opens`, going on while `stays`; the union of all subjects. */
function stretches(
  gauges: readonly Gauge[],
  opens: (value: string | number) => boolean,
  stays: (value: string | number) => boolean,
  endNs: number,
): Stretch[] {
  const openSince = new Map<string, number>();
  const found: Stretch[] = [];
  for (const { atNs, subject, data } of [...gauges].sort((a, b) => a.atNs - b.atNs)) {
    const key = `${subject.endpoint ?? ''} ${subject.listener ?? ''} ${subject.instance ?? ''}`;
    const sinceNs = openSince.get(key);
    const goesOn = sinceNs === undefined ? opens(data.value) : stays(data.value);
    if (sinceNs === undefined && goesOn) openSince.set(key, atNs);
    if (sinceNs !== undefined && !goesOn) {
      openSince.delete(key);
      found.push({ fromNs: sinceNs, toNs: atNs });
    }
  }
  for (const fromNs of openSince.values()) found.push({ fromNs, toNs: Math.max(fromNs, endNs) });
  return union(found);
}

/** From the first event that the control plane told to the last; null without any. */
export function controlClock(events: readonly EntryOf<'event'>[]): Stretch | null {
  const told = events.filter((event) => event.clock === 'control');
  if (told.length === 0) return null;
  const instants = told.map((event) => event.atNs);
  return { fromNs: Math.min(...instants), toNs: Math.max(...instants) };
}
