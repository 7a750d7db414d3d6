/** One side of a comparison: a judged run, and what is known of it besides its report. Pure. */
import type { Measurement } from '../measure/measure.js';
import { phaseSpans } from '../report/phase-spans.js';
import type { Evaluated } from '../verdict/evaluate.js';
import { judgeMeasurement } from '../verdict/judge.js';
import { ms, offsetMs } from '../verdict/milliseconds.js';
import type { RunReport } from '../verdict/run-report.js';

/** A phase; milliseconds from T0, or from the history's zero where there was none. */
export interface SidePhase {
  readonly name: string;
  readonly startMs: number;
  readonly lengthMs: number;
}

export interface Side {
  /** What the user called it. */
  readonly label: string;
  readonly report: RunReport;
  readonly phases: readonly SidePhase[];
  /** Holds it against the objectives of another run. */
  readonly heldAgainst: (objectives: readonly string[]) => readonly Evaluated[];
}

/** The side that a measured history is. */
export function sideOf(label: string, measurement: Measurement): Side {
  return {
    label,
    report: judgeMeasurement(measurement),
    phases: phaseSpans(measurement).map(({ name, fromNs, toNs }) => ({
      name,
      startMs: offsetMs(measurement, fromNs),
      lengthMs: ms(toNs - fromNs),
    })),
    heldAgainst: (objectives) => judgeMeasurement(measurement, { objectives }).objectives,
  };
}

/**
 * Why a history does not tell the whole run, or null. What it shows to be bad stays so; nothing of
 * it can show that all was well.
 */
export function notWhole({ completed, gaps }: RunReport): string | null {
  if (!completed) return 'it did not come to its end';
  const [gap] = gaps;
  return gap === undefined ? null : `its history is not whole: ${gap}`;
}
