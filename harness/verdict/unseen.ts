/** How far outages that no poll met can lie beyond what was measured. Pure. */
import type { LaneMeasure } from '../measure/lane.js';
import type { Measurement } from '../measure/measure.js';
import type { Measured } from './evaluate.js';
import type { Objective } from './objective.js';

/** The detection floor; infinite where a single decided poll shows no outage of any length. */
export function floorMsOf(lane: LaneMeasure): number {
  if (lane.detectionFloorNs !== null) return lane.detectionFloorNs / 1e6;
  if (lane.spec.kind === 'idle-session') return Number.POSITIVE_INFINITY;
  return lane.ok + lane.failed > 1 ? 0 : Number.POSITIVE_INFINITY;
}

/**
 * The measured interval; a time that is held to less than the detection floor reaches as far as
 * one outage that went unseen. Counts of polls and of outages are of what polls met.
 */
export function withUnseen(
  objective: Objective,
  found: Measured,
  { lanes }: Measurement,
): Measured {
  if (objective.about !== 'lane') return found;
  const { metric, limit } = objective;
  const lane = lanes.find((one) => one.spec.name === objective.lane);
  if (lane === undefined || found.upper === null) return found;
  const floorMs = floorMsOf(lane);
  if (limit >= floorMs) return found;
  if (metric === 'downtime') return { ...found, upper: found.upper + floorMs };
  return metric === 'longest' ? { ...found, upper: Math.max(found.upper, floorMs) } : found;
}
