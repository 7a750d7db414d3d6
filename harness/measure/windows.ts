/**
 * The engine's and the endpoint's windows from the gauges, and from them the three clocks and
 * the three shares of every outage. Pure.
 */
import type { EntryOf } from '../history/entry.js';
import type { Stretch } from './lane.js';
import type { Outage } from './outages.js';

export interface Windows {
  /** Where the endpoint was anything but open: from leaving `open` to `open` again. */
  readonly endpoint: readonly Stretch[];
  /** Where the server was not to be used: from `stopping` to `accepting`. */
  readonly engine: readonly Stretch[];
  /** Where it was at work to stop or to start, the time that it was kept down left out. */
  readonly engineBusy: readonly Stretch[];
  /** Where a fault of the rehearsal was active at the endpoint. */
  readonly faults: readonly Stretch[];
}

/** Joins the gauges `endpoint.state` and `server.state` into windows; null without either. */
export function findWindows(gauges: readonly EntryOf<'gauge'>[], endNs: number): Windows | null {
  const ofEndpoint = gauges.filter((gauge) => gauge.data.name === 'endpoint.state');
  const ofFaults = gauges.filter((gauge) => gauge.data.name === 'endpoint.faults');
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

/** The shares of one outage, nanoseconds; together they are its estimate. */
export interface Shares {
  /** In the endpoint's window, the server not at work: came from the timing table. */
  readonly modelledNs: number;
  /** Inside the window, while the real server was stopping or starting. */
  readonly engineNs: number;
  /** Outside the endpoint's window, while a fault of this rehearsal was active. */
  readonly injectedNs: number;
  /** What the client felt beyond the windows: its driver, pool and retry. */
  readonly clientNs: number;
  /** True where the probe cannot tell the client's share from zero. */
  readonly clientWithinProbeError: boolean;
}

/**
 * Splits an outage's estimate; null where the world told nothing about the time in question. The
 * endpoint's windows count as far as the outage can reach. Where they are longer than the
 * estimate, the probe missed a part at the edges, during which the server was not at work yet or
 * any more: the modelled share gives way first, then the engine's.
 */
export function shareOut(outage: Outage, windows: Windows | null): Shares | null {
  if (windows === null) return null;
  const seen = {
    fromNs: outage.begin.earliestNs ?? outage.begin.pointNs,
    toNs: outage.end.latestNs ?? outage.end.pointNs,
  };
  const endpoint = windows.endpoint.flatMap((window) => overlap(window, seen));
  const windowNs = length(endpoint);
  const busyNs = length(
    endpoint.flatMap((window) => windows.engineBusy.flatMap((part) => overlap(part, window))),
  );
  const withinNs = Math.min(windowNs, outage.estimateNs);
  const engineNs = Math.min(busyNs, withinNs);
  const faultNs = length(windows.faults.flatMap((fault) => overlap(fault, seen)));
  const bothNs = length(
    windows.faults.flatMap((fault) => endpoint.flatMap((window) => overlap(fault, window))),
  );
  const injectedNs = Math.min(faultNs - bothNs, outage.estimateNs - withinNs);
  const knownNs = windowNs + faultNs - bothNs;
  return {
    modelledNs: withinNs - engineNs,
    engineNs,
    injectedNs,
    clientNs: outage.estimateNs - withinNs - injectedNs,
    clientWithinProbeError: knownNs > 0 && knownNs >= outage.lowerNs,
  };
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
