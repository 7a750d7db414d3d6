/** Where the time of an outage came from. Pure. */
import type { Failure, LaneKind } from '../history/entry.js';
import { holdsSession, type Stretch } from './lane.js';
import type { RunStarted } from './measure.js';
import type { Attempt, Outage } from './outages.js';
import { difference, intersection, length, union } from './stretches.js';
import type { Windows } from './windows.js';

/** The shares of one outage, nanoseconds; together they are its estimate. */
export interface Shares {
  /**
   * In the endpoint's window, the server not at work: came from the timing table, and is no more
   * than was drawn from it. The same where an operation had the server refuse writes.
   */
  readonly modelledNs: number;
  /**
   * Inside the window, while the real server was stopping or starting, and what of it no drawn
   * duration explains: the operation's real work. Beyond it, while the server itself turned the
   * client away.
   */
  readonly engineNs: number;
  /**
   * While a fault of this rehearsal was active: outside the endpoint's window, and inside it where
   * no drawn duration explains the time.
   */
  readonly injectedNs: number;
  /** Beyond these, while the server stood still because this tool copied its data. */
  readonly copyingNs: number;
  /** Beyond all these, while a published defect that the run exercised kept the answer. */
  readonly defectNs: number;
  /**
   * Beyond these, in an outage in which the server refused writes, while the writer's name still
   * led to an instance that was not the writer any more.
   */
  readonly staleNs: number;
  /** What the client felt beyond them: its driver, pool and retry. */
  readonly clientNs: number;
  /** True where the probe cannot tell the client's share from zero. */
  readonly clientWithinProbeError: boolean;
}

/** What answers for a failed attempt that met neither the endpoint's window nor a fault. */
export type Cause = 'engine' | 'defect' | null;

/** Published defects by which a kept session never gets its answer. */
const hangingDefects = ['zdp-hang'];

/** Whether the run exercised a defect that lets sessions hang. */
export function exercisesHang(started: RunStarted | null): boolean {
  const faults = started?.settings.faults;
  const asked = Array.isArray(faults) ? faults : [];
  const told = (started?.defects ?? []).flatMap((one) => (one.exercised ? [one.name] : []));
  return [...asked, ...told].some((name) => hangingDefects.includes(name));
}

/** What of a lane's failures is not the client's doing. */
export function causeIn(kind: LaneKind, hangs: boolean): (error: Failure | null) => Cause {
  const isHung = hangs && holdsSession(kind);
  return (error) => {
    // The server's own limit: it had no connection left to give.
    if (error?.kind === 'too-many-connections') return 'engine';
    return isHung && error?.kind === 'timeout' ? 'defect' : null;
  };
}

/** An attempt and how it failed. */
type Failed = Attempt & { readonly error: Failure | null };

/**
 * Splits an outage's estimate; null where the world told nothing about the time in question. The
 * endpoint's windows count as far as the outage can reach. Where they are longer than the
 * estimate, the probe missed a part at the edges, during which the server was not at work yet or
 * any more: the modelled share gives way first, then the engine's.
 */
export function shareOut(
  outage: Outage<Failed>,
  windows: Windows | null,
  causeOf: (error: Failure | null) => Cause = () => null,
): Shares | null {
  if (windows === null) return null;
  const { estimateNs } = outage;
  const seen = {
    fromNs: outage.begin.earliestNs ?? outage.begin.pointNs,
    toNs: outage.end.latestNs ?? outage.end.pointNs,
  };
  const isRefused = outage.fails.some(({ error }) => error?.kind === 'read-only');
  const asMeant = isRefused ? union([...windows.endpoint, ...windows.refused]) : windows.endpoint;
  const endpoint = intersection(asMeant, [seen]);
  const windowNs = length(endpoint);
  const withinNs = Math.min(windowNs, estimateNs);
  const busyNs = Math.min(length(intersection(endpoint, windows.engineBusy)), withinNs);
  const within = shareWithin(endpoint, windows, withinNs - busyNs);
  const faults = intersection(windows.faults, [seen]);
  const faultNs = length(faults) - length(intersection(faults, endpoint));
  const injectedNs = Math.min(faultNs, estimateNs - withinNs);
  const copying = difference(intersection(windows.frozen, [seen]), [...endpoint, ...faults]);
  const copyingNs = Math.min(length(copying), estimateNs - withinNs - injectedNs);
  // A session that stays with a demoted writer after its name leads elsewhere is its client's.
  const stale = isRefused ? intersection(windows.stale, [seen]) : [];
  const before = union([...endpoint, ...faults, ...copying]);
  const staleBeyondNs = length(stale) - length(intersection(stale, before));
  const beforeNs = withinNs + injectedNs + copyingNs;
  const staleNs = Math.min(staleBeyondNs, estimateNs - beforeNs);
  const known = union([...before, ...stale]);
  let restNs = estimateNs - beforeNs - staleNs;
  const take = (cause: Cause): number => {
    const stretches = union(stretchesOf(outage, causeOf, cause));
    const beyondNs = length(stretches) - length(intersection(stretches, known));
    const takenNs = Math.min(restNs, beyondNs);
    restNs -= takenNs;
    return takenNs;
  };
  const defectNs = take('defect');
  const refusedNs = take('engine');
  const knownNs = windowNs + faultNs + length(copying) + staleBeyondNs + defectNs + refusedNs;
  return {
    modelledNs: within.modelledNs,
    engineNs: busyNs + within.workNs + refusedNs,
    injectedNs: injectedNs + within.injectedNs,
    copyingNs,
    defectNs,
    staleNs,
    clientNs: restNs,
    clientWithinProbeError: knownNs > 0 && knownNs >= outage.lowerNs,
  };
}

/** How long resolvers tell an old answer: it keeps no endpoint shut, and has a share of its own. */
const staleDns = 'staleDnsMs';

/**
 * Splits the time of the window in which the server was not at work to stop or start. What was
 * drawn counts where its wait meets the window: it is told when the wait begins, or when a part of
 * it has passed already, and so counts whole. Histories that tell of no draws come from a time
 * without them.
 */
function shareWithin(
  endpoint: readonly Stretch[],
  { drawn, faults, replicationFaults, engineBusy }: Windows,
  quietNs: number,
): { modelledNs: number; injectedNs: number; workNs: number } {
  if (drawn === null) return { modelledNs: quietNs, injectedNs: 0, workNs: 0 };
  const lengths = new Map<string, number>();
  for (const { name, toldNs, lengthNs } of drawn) {
    const reach = { fromNs: toldNs, toNs: toldNs + lengthNs };
    if (name.endsWith(staleDns) || length(intersection(endpoint, [reach])) === 0) continue;
    lengths.set(name, Math.max(lengthNs, lengths.get(name) ?? 0));
  }
  const drawnNs = [...lengths.values()].reduce((sumNs, lengthNs) => sumNs + lengthNs, 0);
  const modelledNs = Math.min(quietNs, drawnNs);
  const quiet = difference(endpoint, engineBusy);
  const faultNs = length(intersection(quiet, union([...faults, ...replicationFaults])));
  const injectedNs = Math.min(quietNs - modelledNs, faultNs);
  return { modelledNs, injectedNs, workNs: quietNs - modelledNs - injectedNs };
}

/** The outage from failure to failure: each answers for the time until the next. */
function stretchesOf(
  { fails, begin, end }: Outage<Failed>,
  causeOf: (error: Failure | null) => Cause,
  wanted: Cause,
): Stretch[] {
  return fails.flatMap((fail, index) => {
    if (causeOf(fail.error) !== wanted) return [];
    const fromNs = index === 0 ? begin.pointNs : fail.startNs;
    const toNs = fails[index + 1]?.startNs ?? end.pointNs;
    return toNs > fromNs ? [{ fromNs, toNs }] : [];
  });
}
