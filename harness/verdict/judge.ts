/** From a history to its report: measured, held against its objectives, in one document. Pure. */
import { UserError } from '../../sim/user-error.js';
import type { Entry } from '../history/entry.js';
import type { ReadDamage } from '../measure/history-gaps.js';
import { type Measurement, measure } from '../measure/measure.js';
import { describeMeasurement, substituteOf } from './describe.js';
import { type Evaluated, evaluate, type Verdict } from './evaluate.js';
import { parseObjective } from './objective.js';
import type { RunReport } from './run-report.js';

export interface JudgeOptions {
  /** Takes the place of the objectives that the history names. */
  readonly objectives?: readonly string[];
  /** What the reader could not read of the history: pass its `History`. */
  readonly damage?: ReadDamage;
}

/** Judges a history. Never throws on what a history holds: what cannot be judged is unknown. */
export function judge(entries: readonly Entry[], options: JudgeOptions = {}): RunReport {
  return judgeMeasurement(measure(entries, options.damage), options);
}

/** The same for a history that is measured already. */
export function judgeMeasurement(measurement: Measurement, options: JudgeOptions = {}): RunReport {
  const texts = options.objectives ?? measurement.started?.objectives ?? [];
  const objectives = texts.map((text) => evaluateText(text, measurement)).sort(worstFirst);
  return {
    ...describeMeasurement(measurement),
    ...conclude(objectives, measurement),
    objectives,
  };
}

/** A history may come from another version, whose objectives this one cannot read. */
function evaluateText(text: string, measurement: Measurement): Evaluated {
  try {
    return evaluate(parseObjective(text), measurement);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {
      text,
      measured: null,
      operator: '==',
      limit: 0,
      verdict: 'unknown',
      why: error.what,
      dataLoss: false,
    };
  }
}

const rank: Readonly<Record<Verdict, number>> = { fail: 0, unknown: 1, pass: 2 };

/** Failed first, and of those data loss before downtime. */
function worstFirst(a: Evaluated, b: Evaluated): number {
  return rank[a.verdict] - rank[b.verdict] || Number(b.dataLoss) - Number(a.dataLoss);
}

function conclude(
  objectives: readonly Evaluated[],
  measurement: Measurement,
): { verdict: Verdict; reason: string } {
  const failed = objectives.filter((objective) => objective.verdict === 'fail');
  const open = objectives.filter((objective) => objective.verdict === 'unknown');
  const metCount = objectives.length - failed.length - open.length;
  const met = `${metCount} of ${objectives.length} objectives met`;
  const broken = brokenOff(measurement);
  const [worst] = failed;
  if (broken !== null) {
    // What is missing or went wrong besides does not bring lost data back.
    const loss = measurement.finished?.completed ? failed.find(certainLoss) : undefined;
    if (loss !== undefined)
      return { verdict: 'fail', reason: `data at stake, not met: ${loss.text}; also ${broken}` };
    return { verdict: 'unknown', reason: broken };
  }
  if (worst !== undefined) {
    const what = worst.dataLoss ? 'data at stake, not met' : 'not met';
    const all = failed.map(({ text }) => text).join(', ');
    return { verdict: 'fail', reason: `${what}: ${all}; ${met}` };
  }
  const [unclear] = open;
  if (unclear !== undefined)
    return {
      verdict: 'unknown',
      reason: `not decided: ${unclear.text}: ${unclear.why ?? 'nothing measured'}`,
    };
  if (objectives.length === 0)
    return { verdict: 'unknown', reason: 'no objective was given, so nothing was judged' };
  const substitute = substituteOf(measurement);
  if (substitute !== null && !substitute.accepted)
    return {
      verdict: 'unknown',
      reason:
        `${substitute.why}: ${met} there, which proves nothing of what was asked for; ` +
        '--accept-substitute judges by it',
    };
  return { verdict: 'pass', reason: met };
}

/** Writes seen lost, duplicated or resurrected: whatever else is found can only add to them. */
function certainLoss({ dataLoss, measured, operator, limit }: Evaluated): boolean {
  if (!dataLoss || measured === null) return false;
  return operator === '<'
    ? measured.lower >= limit
    : (operator === '<=' || operator === '==') && measured.lower > limit;
}

const refusedText =
  '; the change itself did not take place: it neither passes nor fails, even where that was ' +
  'to be rehearsed';

/** By a guardrail, or by a rollback. */
function isRefused(reason: string | null): boolean {
  return reason?.includes(' failed: canceled due to ') === true;
}

/** Why nothing can be judged, or null when the run went to its end in order. */
function brokenOff(measurement: Measurement): string | null {
  const { started, finished, notes } = measurement;
  if (started === null) return 'the history has no beginning';
  if (finished === null) return 'the history breaks off: the run did not come to its end';
  const crash = notes.find((note) => note.data.level === 'error');
  if (!finished.completed)
    return (
      `the run did not complete: ${finished.reason ?? crash?.data.text ?? 'stopped early'}` +
      (isRefused(finished.reason) ? refusedText : '')
    );
  if (crash !== undefined) return `an error note: ${crash.data.text}`;
  const [gap] = measurement.gaps;
  return gap === undefined ? null : `the history is not whole: ${gap}`;
}

/**
 * The exit code that a report asks for: 0 pass, 1 fail, 2 unknown. A completed history that was
 * given no objective has nothing to fail: 0, but for a probe that nobody answered.
 */
export function exitCodeOf(report: RunReport): 0 | 1 | 2 {
  if (report.verdict === 'pass') return 0;
  if (report.verdict === 'fail') return 1;
  const errors = report.notes.some((note) => note.level === 'error');
  const whole = report.completed && !errors && report.gaps.length === 0;
  // A probe that nobody ever answered has measured its own mistake, most likely.
  if (report.command === 'probe' && !answered(report)) return 2;
  return whole && report.objectives.length === 0 ? 0 : 2;
}

function answered({ lanes }: RunReport): boolean {
  return Object.values(lanes).some(({ ok }) => ok > 0);
}
