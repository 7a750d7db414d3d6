/** Two judged runs, or a rehearsal and the real day, become one comparison. Pure. */
import { plural } from '../report/text.js';
import {
  type ComparedSide,
  type Comparison,
  type Conclusion,
  comparisonSchema,
  type Prediction,
} from './comparison.js';
import { compareLane, pairLanes } from './lanes.js';
import { alignmentOf, phaseDrift } from './phases.js';
import { predictions } from './predictions.js';
import { notWhole, type Side } from './side.js';
import { noTolerance, type Tolerance } from './tolerance.js';

/**
 * Compares `b` with `a`, the rehearsal or the baseline. Never throws.
 * @param lanesAsked names of lanes in `b` by those in `a`, where their own do not tell
 */
export function compareSides(
  a: Side,
  b: Side,
  tolerance: Tolerance = noTolerance,
  lanesAsked: ReadonlyMap<string, string> = new Map(),
): Comparison {
  const { pairs, onlyA, onlyB } = pairLanes(a.report, b.report, lanesAsked);
  const alignment = alignmentOf(a, b, pairs);
  const lanes = pairs.map((pair) => compareLane(pair, alignment.shiftMs, tolerance));
  const found = predictions(a, b, { lanes, onlyA }, tolerance);
  const sides = { a: comparedSide(a), b: comparedSide(b) };
  return {
    schema: comparisonSchema,
    ...conclude(found, sides),
    tolerance: tolerance.text === '' ? null : tolerance.text,
    ...sides,
    alignment,
    lanes,
    onlyA: [...onlyA],
    onlyB: [...onlyB],
    phases: phaseDrift(a, b, alignment),
    predictions: found,
  };
}

function comparedSide({ label, report }: Side): ComparedSide {
  const { scenario, command, verdict, wallClock } = report;
  return { label, scenario, command, verdict, wallClock, notWhole: notWhole(report) };
}

/**
 * What is surely worse decides, whatever else is missing. What the second side did not look at
 * leaves the rest to be judged; what it looked at without an answer does not.
 */
function conclude(
  found: readonly Prediction[],
  { a, b }: Pick<Comparison, 'a' | 'b'>,
): { conclusion: Conclusion; reason: string } {
  const worse = found.filter((one) => one.worse);
  if (worse.length > 0) {
    const names = worse.map(({ subject }) => subject).join(', ');
    return { conclusion: 'regression', reason: `worse than predicted: ${names}` };
  }
  for (const [which, side] of [
    ['first', a],
    ['second', b],
  ] as const)
    if (side.notWhole !== null)
      return { conclusion: 'unknown', reason: `of the ${which}: ${side.notWhole}` };
  const open = found.find(
    ({ about, fate, observed }) =>
      about !== 'sessions' && fate === 'not observed' && observed !== null,
  );
  if (open !== undefined)
    return { conclusion: 'unknown', reason: `not decided: ${open.subject}: ${open.why ?? ''}` };
  const told = found.filter(({ fate }) => fate !== 'not observed');
  if (told.length === 0)
    return { conclusion: 'unknown', reason: 'nothing that the first tells was observed again' };
  return { conclusion: 'same', reason: `nothing is worse: ${tally(found)}` };
}

function tally(found: readonly Prediction[]): string {
  const count = (fate: Prediction['fate']): number =>
    found.filter((one) => one.fate === fate).length;
  const better = count('missed');
  const missing = count('not observed');
  const parts = [`${plural(count('hit'), 'prediction')} hit`];
  if (better > 0) parts.push(`${better} missed to the better`);
  if (missing > 0) parts.push(`${missing} not observed`);
  return parts.join(', ');
}

/** 0: nothing is worse; 1: something is; 2: it cannot be told. */
export function exitCodeOf({ conclusion }: Comparison): 0 | 1 | 2 {
  if (conclusion === 'same') return 0;
  return conclusion === 'regression' ? 1 : 2;
}
