/** Outages of known begin and length, and how a lane's measure is held against them. Pure. */
import type { LaneAttempt, LaneMeasure } from '../harness/measure/lane.js';
import type { Rng } from '../sim/rng.js';

/** One true outage. Where the instants themselves are only known within a little, both ends. */
export interface KnownOutage {
  readonly beginNs: number;
  readonly endNs: number;
  /** Each of the two instants may have been later by this much. */
  readonly unsureNs: number;
}

export interface Tally {
  /** Seen, its length within its bounds and both edges within theirs. */
  inside: number;
  /** Not seen, and not longer than the lane's detection floor. */
  unseen: number;
  /** Anything else, and outages that were measured but never were. */
  wrong: number;
  /** Wider than two ticks and two attempts, the attempts being the longest that took part. */
  tooWide: number;
  /** Wider because the cap on attempts under way left ticks of it unsent. */
  capped: number;
  /** Width of the bounds of each seen outage, milliseconds. */
  readonly widthsMs: number[];
}

/** Lengths spread evenly over the orders of magnitude between 50 ms and 20 s. */
export function drawLengthMs(stream: Rng, minMs: number, maxMs: number): number {
  return minMs * (maxMs / minMs) ** stream.next();
}

/** Holds a measured lane against what truly was. */
export function tally(known: readonly KnownOutage[], lane: LaneMeasure): Tally {
  const totals: Tally = { inside: 0, unseen: 0, wrong: 0, tooWide: 0, capped: 0, widthsMs: [] };
  const seen = new Set<unknown>();
  for (const truth of known) {
    const lengthNs = truth.endNs - truth.beginNs;
    const found = lane.outages.filter((one) =>
      one.fails.some(({ startNs, endNs }) => {
        return startNs < truth.endNs + truth.unsureNs && endNs >= truth.beginNs;
      }),
    );
    for (const one of found) seen.add(one);
    const [only] = found;
    if (only === undefined) {
      const floorNs = lane.detectionFloorNs ?? Number.POSITIVE_INFINITY;
      if (lengthNs <= floorNs + truth.unsureNs) totals.unseen++;
      else totals.wrong++;
    } else if (found.length === 1 && holds(only, truth)) {
      totals.inside++;
      const widthNs = (only.upperNs ?? 0) - only.lowerNs;
      totals.widthsMs.push(widthNs / 1e6);
      const near = ticksNear(only, lane);
      const isWide = widthNs > allowedWidthNs(only, near, lane.spec.intervalMs * 1e6);
      if (isWide && near.some((tick) => tick.error?.kind === 'not-sent')) totals.capped++;
      else if (isWide) totals.tooWide++;
    } else totals.wrong++;
  }
  totals.wrong += lane.outages.filter((one) => !seen.has(one)).length;
  return totals;
}

type MeasuredOutage = LaneMeasure['outages'][number];

function holds(outage: MeasuredOutage, { beginNs, endNs, unsureNs }: KnownOutage): boolean {
  const lengthNs = endNs - beginNs;
  const { begin, end } = outage;
  return (
    outage.lowerNs <= lengthNs + unsureNs &&
    (outage.upperNs === null || lengthNs - unsureNs <= outage.upperNs) &&
    within(beginNs, unsureNs, begin) &&
    within(endNs, unsureNs, end)
  );
}

function within(
  atNs: number,
  unsureNs: number,
  edge: { earliestNs: number | null; latestNs: number | null },
): boolean {
  const notBefore = edge.earliestNs === null || edge.earliestNs <= atNs + unsureNs;
  return notBefore && (edge.latestNs === null || atNs <= edge.latestNs);
}

/** The ticks that looked at the outage, and the successful ones next to them. */
function ticksNear({ begin, end }: MeasuredOutage, { ticks }: LaneMeasure): LaneAttempt[] {
  const fromNs = begin.earliestNs ?? 0;
  const toNs = end.latestNs ?? Number.POSITIVE_INFINITY;
  return ticks.filter((tick) => tick.endNs >= fromNs && tick.startNs <= toNs);
}

/** Two ticks and two attempts, the longest of them, begun as late as the latest. */
function allowedWidthNs(
  outage: MeasuredOutage,
  near: readonly LaneAttempt[],
  intervalNs: number,
): number {
  const tookNs = [...near, ...outage.fails].map(({ startNs, endNs }) => endNs - startNs);
  const lateNs = near.map(({ startNs, scheduledNs }) => startNs - scheduledNs);
  return 2 * (intervalNs + Math.max(...tookNs) + Math.max(...lateNs));
}
