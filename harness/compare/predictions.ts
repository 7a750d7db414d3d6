/** What the first side lets expect of the second, and what became of it. Pure. */
import { boundsText } from '../report/text.js';
import type { RunReport } from '../verdict/run-report.js';
import type { LaneComparison, Prediction, Relation } from './comparison.js';
import { notWhole, type Side } from './side.js';
import { allowedCount, type Tolerance } from './tolerance.js';

type Fate = Pick<Prediction, 'fate' | 'worse' | 'why'>;

const hit: Fate = { fate: 'hit', worse: false, why: null };
const missed = (worse: boolean): Fate => ({ fate: 'missed', worse, why: null });
const unseen = (why: string): Fate => ({ fate: 'not observed', worse: false, why });

export interface Compared {
  readonly lanes: readonly LaneComparison[];
  readonly onlyA: readonly string[];
}

/** Objectives first, then lanes, sessions and writes. */
export function predictions(
  a: Side,
  b: Side,
  compared: Compared,
  tolerance: Tolerance,
): Prediction[] {
  return [
    ...ofObjectives(a, b, compared.lanes),
    ...ofLanes(a.report, b.report, compared),
    ...ofSessions(a.report, b.report, tolerance),
    ...ofWrites(a.report, b.report, tolerance),
  ];
}

/** Objectives that the first did not decide predict nothing. */
function ofObjectives(a: Side, b: Side, lanes: readonly LaneComparison[]): Prediction[] {
  const decided = a.report.objectives.filter(({ verdict }) => verdict !== 'unknown');
  const inB = b.heldAgainst(decided.map(({ text }) => asNamed(text, lanes)));
  return decided.map(({ text, verdict }) => {
    const found = inB.find((one) => one.text === asNamed(text, lanes));
    const observed = found?.measured == null ? null : found.verdict;
    const base = { about: 'objective', subject: text, predicted: verdict, observed } as const;
    if (found === undefined || found.verdict === 'unknown')
      return { ...base, ...unseen(found?.why ?? 'the second side was not held against it') };
    const fate = found.verdict === verdict ? hit : missed(found.verdict === 'fail');
    return { ...base, ...unlessBroken(fate, a.report, b.report) };
  });
}

/** An objective on a lane, by the name that the second side has for that lane. */
function asNamed(text: string, lanes: readonly LaneComparison[]): string {
  const subject = /^\s*([^\s<>=!]+)\.[A-Za-z0-9-]+\s*[<>=!]/.exec(text)?.[1];
  const pair = lanes.find(({ a }) => a.lane === subject);
  return pair === undefined ? text : text.replace(pair.a.lane, () => pair.b.lane);
}

/**
 * Of a run that is not whole the good half may be all that is known: it predicts nothing, and what
 * it shows can only be worse in truth.
 */
function unlessBroken(fate: Fate, a: RunReport, b: RunReport): Fate {
  const inA = notWhole(a);
  if (inA !== null) return unseen(`of the first: ${inA}`);
  const inB = fate.worse ? null : notWhole(b);
  return inB === null ? fate : unseen(`of the second: ${inB}`);
}

function ofLanes(a: RunReport, b: RunReport, { lanes, onlyA }: Compared): Prediction[] {
  const seen = lanes.map((lane): Prediction => {
    const fate = fateOf(lane.downtime, lane.a.lane);
    return {
      about: 'downtime',
      subject: `${lane.a.lane}.downtime`,
      predicted: boundsText(lane.a.downtime),
      observed: boundsText(lane.b.downtime),
      ...unlessBroken(fate, a, b),
    };
  });
  const missing = onlyA.map((name): Prediction => {
    const lane = a.lanes[name];
    return {
      about: 'downtime',
      subject: `${name}.downtime`,
      predicted: lane === undefined ? '-' : boundsText(lane.downtime),
      observed: null,
      ...unseen('the second side has no such lane'),
    };
  });
  return [...seen, ...missing];
}

function fateOf(relation: Relation, lane: string): Fate {
  if (relation === 'same') return hit;
  if (relation === 'unknown') return unseen(`an outage of ${lane} has no end on one side`);
  return missed(relation === 'worse');
}

/** How many were kept is comparable only where as many were there. */
function ofSessions(a: RunReport, b: RunReport, tolerance: Tolerance): Prediction[] {
  const { sessions } = a;
  if (sessions === null) return [];
  return (['preserved', 'dropped'] as const).map((of) => {
    const told = sessions[of];
    const found = b.sessions?.[of];
    const base = {
      about: 'sessions',
      subject: `sessions.${of}`,
      predicted: String(told),
      observed: found === undefined ? null : String(found),
    } as const;
    if (b.sessions === null || found === undefined)
      return { ...base, ...unseen('the second side tells of no sessions') };
    if (b.sessions.present !== sessions.present) {
      const counts = `${sessions.present} sessions there, and ${b.sessions.present}`;
      return { ...base, ...unseen(`not as many were there: ${counts}`) };
    }
    const fate = countFate(told, found, of === 'dropped', tolerance);
    return { ...base, ...unlessBroken(fate, a, b) };
  });
}

function ofWrites(a: RunReport, b: RunReport, tolerance: Tolerance): Prediction[] {
  const told = a.writes?.lost ?? null;
  if (told === null) return [];
  const found = b.writes?.lost ?? null;
  const base = {
    about: 'writes',
    subject: 'writes.lost',
    predicted: String(told),
    observed: found === null ? null : String(found),
  } as const;
  if (found === null)
    return [{ ...base, ...unseen('the second side did not read its writes back') }];
  const fate = countFate(told, found, true, tolerance);
  return [{ ...base, ...unlessBroken(fate, a, b) }];
}

function countFate(told: number, found: number, moreIsWorse: boolean, tolerance: Tolerance): Fate {
  if (Math.abs(found - told) <= allowedCount(told, tolerance)) return hit;
  return missed(found > told === moreIsWorse);
}
