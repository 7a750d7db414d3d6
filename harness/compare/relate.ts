/**
 * Whether two measured times differ. Pure.
 *
 * They do only where their intervals do not overlap. A lane can have missed an outage shorter than
 * its detection floor, and whatever happened in a stretch in which no poll looked: both reach
 * beyond the measured upper bound, the floor as in objectives only against what lies below it.
 */
import type { BoundsMs, LaneReport } from '../verdict/run-report.js';
import type { Relation } from './comparison.js';
import { allowanceMs, type Tolerance } from './tolerance.js';

export interface Reach {
  readonly lowerMs: number;
  /** Infinite where nothing bounds it. */
  readonly upperMs: number;
  /** An outage shorter than this can have gone unseen. */
  readonly floorMs: number;
}

export function reachOf(bounds: BoundsMs, lane: LaneReport): Reach {
  const blindMs = lane.blindMs.reduce((sumMs, [fromMs, toMs]) => sumMs + toMs - fromMs, 0);
  const upperMs = bounds.upperMs === null ? Number.POSITIVE_INFINITY : bounds.upperMs + blindMs;
  return { lowerMs: bounds.lowerMs, upperMs, floorMs: floorOf(lane) };
}

/** An idle session is compared by what it can notice: that it was closed. */
function floorOf({ detectionFloorMs, kind, ok, failed }: LaneReport): number {
  if (detectionFloorMs !== null) return detectionFloorMs;
  return kind === 'idle-session' || ok + failed > 1 ? 0 : Number.POSITIVE_INFINITY;
}

/** How `b` relates to `a`; a difference within the tolerance of `a` is none. */
export function relate(a: Reach, b: Reach, tolerance: Tolerance): Relation {
  const aUpperMs = upperAgainst(a, b.lowerMs);
  if (b.lowerMs > aUpperMs + allowanceMs(aUpperMs, tolerance)) return 'worse';
  if (upperAgainst(b, a.lowerMs) < a.lowerMs - allowanceMs(a.lowerMs, tolerance)) return 'better';
  return Number.isFinite(a.upperMs) && Number.isFinite(b.upperMs) ? 'same' : 'unknown';
}

function upperAgainst({ upperMs, floorMs }: Reach, otherMs: number): number {
  return otherMs < floorMs ? upperMs + floorMs : upperMs;
}
