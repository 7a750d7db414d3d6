/**
 * Durations from what a lane felt: how long its new connections were refused, how long they were
 * told 57P03, how long its writes met a server that takes none. Pure.
 *
 * A stretch runs from the middle between the attempt before it and its first to the middle between
 * its last and the attempt after it: it is as exact as the polls are close. A stretch that is open
 * at an end, or has a look at nothing in it, shows nothing.
 */

import type { LaneAttempt, LaneMeasure } from '../measure/lane.js';
import type { Measurement } from '../measure/measure.js';
import type { Observation } from './observation.js';

type Felt = 'refused' | 'starting-up' | 'read-only';

const names: readonly (readonly [Felt, string])[] = [
  ['refused', 'refusedMs'],
  ['starting-up', 'startingUpMs'],
  ['read-only', 'staleDnsMs'],
];

/**
 * What the lanes felt, under the durations that the profile has.
 * @param durations names of the profile
 */
export function stretchesOf(
  { lanes }: Pick<Measurement, 'lanes'>,
  profile: string,
  durations: readonly string[],
): Observation[] {
  const found: Observation[] = [];
  for (const lane of lanes) {
    const isDialling = lane.spec.kind === 'new-connection';
    const isWriting = lane.spec.kind === 'writer';
    for (const [felt, duration] of names) {
      if (!durations.includes(duration) || !(felt === 'read-only' ? isWriting : isDialling))
        continue;
      for (const outage of lane.outages) {
        const valueMs = feltMs(lane, outage.fails, felt);
        if (valueMs === null) continue;
        const every = `polls every ${lane.spec.intervalMs} ms`;
        found.push({
          profile,
          duration,
          valueMs,
          how: `${felt} as ${lane.spec.name} felt it, ${every}`,
        });
      }
    }
  }
  return found;
}

/** Null where the outage has none of it, or its edges were not watched. */
function feltMs(
  { ticks, edgePolls }: LaneMeasure,
  fails: readonly LaneAttempt[],
  felt: Felt,
): number | null {
  const own = fails.filter(({ error }) => error?.kind === felt);
  const [first] = own;
  const last = own.at(-1);
  if (first === undefined || last === undefined) return null;
  const all = [...ticks, ...edgePolls].sort((a, b) => a.startNs - b.startNs);
  const before = all.findLast((one) => one.startNs < first.startNs);
  const after = all.find((one) => one.startNs > last.startNs);
  if (before === undefined || after === undefined) return null;
  const between = all.filter((one) => one.startNs > before.startNs && one.startNs < after.startNs);
  if (before.outcome === 'unknown' || after.outcome === 'unknown') return null;
  if (between.some(({ error }) => error?.kind !== felt)) return null;
  return (last.startNs + after.startNs - before.startNs - first.startNs) / 2e6;
}
