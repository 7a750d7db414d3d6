/**
 * Cuts a long outage in two without changing a bound, and joins it again. Pure.
 *
 * The cut is a failed tick F that no other attempt overlaps, between two failed attempts that
 * follow without a gap, of which the earlier one began after all before it had ended: no ok attempt
 * can part these three. F stays in both parts, the last failure of one and the first of the other.
 * All edges of the outage are then seen by the one part alone. Its lower bound is that of both and
 * the time that F took, since F's end is the earliest of the later part, and F's start the latest
 * of the earlier one.
 */
import type { PollData } from './lane.js';
import type { Attempt, Outage } from './outages.js';

/** The last index at which attempts in order of their starts can be cut so, else -1. */
export function lastCutInOutage(
  byStart: readonly PollData[],
  certainNs: number,
  blindGapNs: number,
): number {
  let found = -1;
  let endedNs = Number.NEGATIVE_INFINITY;
  let beforeIsClear = false;
  for (const [index, poll] of byStart.entries()) {
    const before = byStart[index - 1];
    const after = byStart[index + 1];
    if (after === undefined || poll.endNs > certainNs) break;
    const isClear = endedNs <= poll.startNs;
    const isAlone = isClear && poll.endNs <= after.startNs;
    if (before !== undefined && beforeIsClear && isAlone && poll.tick !== null) {
      const areFailed = [before, poll, after].every(({ outcome }) => outcome === 'fail');
      const isWatched =
        poll.startNs - before.endNs <= blindGapNs && after.startNs - poll.endNs <= blindGapNs;
      if (areFailed && isWatched) found = index;
    }
    endedNs = Math.max(endedNs, poll.endNs);
    beforeIsClear = isClear;
  }
  return found;
}

/**
 * The outage of which these are the parts.
 * @param failsMax attempts beyond so many are not kept: the list then ends too early
 */
export function joinParts<A extends Attempt>(
  earlier: Outage<A>,
  later: Outage<A>,
  failsMax: number,
): Outage<A> {
  const cut = later.fails[0];
  const betweenNs = cut?.endMeasured === true ? cut.endNs - cut.startNs : 0;
  const lowerNs = earlier.lowerNs + later.lowerNs + betweenNs;
  const { begin } = earlier;
  const { end } = later;
  const upperNs =
    begin.earliestNs === null || end.latestNs === null
      ? null
      : Math.max(lowerNs, end.latestNs - begin.earliestNs);
  const feltNs = Math.max(lowerNs, end.pointNs - begin.pointNs);
  const fails =
    earlier.fails.length > failsMax
      ? earlier.fails
      : [...earlier.fails, ...later.fails.slice(1, failsMax + 1)];
  return {
    fails,
    begin,
    end,
    lowerNs,
    upperNs,
    estimateNs: upperNs === null ? feltNs : Math.min(upperNs, feltNs),
  };
}
