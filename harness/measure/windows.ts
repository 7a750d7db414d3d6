/** The engine's and the endpoint's windows from the gauges, and the control plane's clock. Pure. */
import type { EntryOf } from '../history/entry.js';
import type { Stretch } from './lane.js';

export interface Windows {
  /** Where the endpoint was anything but open: from leaving `open` to `open` again. */
  readonly endpoint: readonly Stretch[];
  /** Where the server was not to be used: from `stopping` to `accepting`. */
  readonly engine: readonly Stretch[];
  /** Where it was at work to stop or to start, the time that it was kept down left out. */
  readonly engineBusy: readonly Stretch[];
  /** Where a fault of the rehearsal was active at the endpoint, or it froze the server. */
  readonly faults: readonly Stretch[];
}

const injected = ['endpoint.faults', 'server.frozen'];

/** Joins the gauges `endpoint.state` and `server.state` into windows; null without either. */
export function findWindows(gauges: readonly EntryOf<'gauge'>[], endNs: number): Windows | null {
  const ofEndpoint = gauges.filter((gauge) => gauge.data.name === 'endpoint.state');
  const ofFaults = gauges.filter(({ data: { name } }) => injected.includes(name));
  const ofServer = gauges.filter((gauge) => gauge.data.name === 'server.state');
  if (ofEndpoint.length === 0 && ofServer.length === 0) return null;
  return {
    endpoint: stretches(ofEndpoint, isNotOpen, isNotOpen, endNs),
    engine: stretches(
      ofServer,
      (value) => value === 'stopping',
      (value) => value !== 'accepting',
      endNs,
    ),
    faults: stretches(ofFaults, isSome, isSome, endNs),
    engineBusy: stretches(ofServer, isBusy, isBusy, endNs),
  };
}

function isSome(value: string | number): boolean {
  return value !== 0;
}

function isNotOpen(value: string | number): boolean {
  return value !== 'open';
}

function isBusy(value: string | number): boolean {
  return value === 'stopping' || value === 'starting';
}

/** Windows per subject: opened by `opens`, going on while `stays`; the union of all subjects. */
function stretches(
  gauges: readonly EntryOf<'gauge'>[],
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

/** The same instants as disjoint stretches in order. */
export function union(list: readonly Stretch[]): Stretch[] {
  const joined: { fromNs: number; toNs: number }[] = [];
  for (const { fromNs, toNs } of [...list].sort((a, b) => a.fromNs - b.fromNs)) {
    const last = joined.at(-1);
    if (last !== undefined && fromNs <= last.toNs) last.toNs = Math.max(last.toNs, toNs);
    else joined.push({ fromNs, toNs });
  }
  return joined;
}

/** Where stretches of both lists lie over each other. */
export function intersection(some: readonly Stretch[], others: readonly Stretch[]): Stretch[] {
  return some.flatMap((one) => others.flatMap((other) => overlap(one, other)));
}

function overlap(a: Stretch, b: Stretch): Stretch[] {
  const fromNs = Math.max(a.fromNs, b.fromNs);
  const toNs = Math.min(a.toNs, b.toNs);
  return toNs > fromNs ? [{ fromNs, toNs }] : [];
}

export function length(list: readonly Stretch[]): number {
  return list.reduce((sumNs, stretch) => sumNs + stretch.toNs - stretch.fromNs, 0);
}

/** From the first event that the control plane told to the last; null without any. */
export function controlClock(events: readonly EntryOf<'event'>[]): Stretch | null {
  const told = events.filter((event) => event.clock === 'control');
  if (told.length === 0) return null;
  const instants = told.map((event) => event.atNs);
  return { fromNs: Math.min(...instants), toNs: Math.max(...instants) };
}
