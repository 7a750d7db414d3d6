/**
 * The one document of a comparison: what `rehearse compare --json` prints and every renderer of it
 * reads. Milliseconds throughout; instants are from T0 of the first side.
 */
import type { BoundsMs } from '../verdict/run-report.js';

export const comparisonSchema = 'rehearse-compare/1';

/** `regression`: something is surely worse; `unknown`: too little is known to deny it. */
export type Conclusion = 'same' | 'regression' | 'unknown';

/**
 * How the second relates to the first: `same` where the intervals overlap, which shows no
 * difference and proves none away; `unknown` where one of them has no end.
 */
export type Relation = 'same' | 'worse' | 'better' | 'unknown';

export interface ComparedOutage {
  startMs: number;
  endMs: number;
  /** Between which instants it began and ended; null where nobody watched. */
  beganMs: [number | null, number | null];
  endedMs: [number | null, number | null];
}

/** What one side of a lane measured. */
export interface ComparedLane {
  lane: string;
  downtime: BoundsMs;
  longest: BoundsMs;
  outages: ComparedOutage[];
  outageCount: number;
  polls: number;
  detectionFloorMs: number | null;
  blindMs: [number, number][];
}

export interface LaneComparison {
  a: ComparedLane;
  b: ComparedLane;
  downtime: Relation;
  longest: Relation;
}

export interface PhaseDrift {
  name: string;
  /** Starts from T0, and lengths. */
  a: { startMs: number; lengthMs: number };
  b: { startMs: number; lengthMs: number };
  /** Positive: later, longer in the second. Null where instants cannot be set side by side. */
  startDriftMs: number | null;
  lengthDriftMs: number;
}

export interface Prediction {
  /** `objective`, `downtime`, `sessions`, `writes`. */
  about: 'objective' | 'downtime' | 'sessions' | 'writes';
  /** An objective's text, or such as `writer.downtime`. */
  subject: string;
  predicted: string;
  /** What the second side has; null where it has nothing of it. */
  observed: string | null;
  fate: 'hit' | 'missed' | 'not observed';
  /** Of those missed: whether the second is the worse one. */
  worse: boolean;
  /** One sentence where it was not observed; else null. */
  why: string | null;
}

export interface ComparedSide {
  label: string;
  scenario: string;
  command: string | null;
  verdict: string;
  wallClock: string | null;
  /** Why its history does not tell the whole run; null where it does. */
  notWhole: string | null;
}

/** Where the second side's zero lies: at its own T0, or what stood for it. */
export interface Alignment {
  /** `first-outage`: of a lane that both have; `begin`: neither, so that instants say little. */
  by: 't0' | 'first-outage' | 'begin';
  lane: string | null;
  /** Added to the second side's instants. */
  shiftMs: number;
}

export interface Comparison {
  schema: typeof comparisonSchema;
  conclusion: Conclusion;
  /** One sentence. */
  reason: string;
  /** As it was asked for; null without. */
  tolerance: string | null;
  a: ComparedSide;
  b: ComparedSide;
  alignment: Alignment;
  lanes: LaneComparison[];
  /** Lanes of one side that the other has no like of. */
  onlyA: string[];
  onlyB: string[];
  phases: PhaseDrift[];
  predictions: Prediction[];
}
