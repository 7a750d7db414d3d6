/** Holds what was measured against one objective, on intervals. Pure. */

import { larger } from '../measure/lag.js';
import type { Bounds, LaneMeasure } from '../measure/lane.js';
import type { Measurement } from '../measure/measure.js';
import { length } from '../measure/stretches.js';
import type { BackOutMetric, Objective, Operator } from './objective.js';
import { remark, undecided } from './undecided.js';
import { withUnseen } from './unseen.js';

export type Verdict = 'pass' | 'fail' | 'unknown';

/** What was measured: an interval with a point estimate, in milliseconds or a count. */
export interface Measured {
  readonly lower: number;
  /** Null: no upper bound. */
  readonly upper: number | null;
  readonly estimate: number;
  readonly unit: 'ms' | 'count';
}

export interface Evaluated {
  readonly text: string;
  readonly measured: Measured | null;
  readonly limit: number;
  readonly operator: Operator;
  readonly verdict: Verdict;
  /** One sentence where the verdict is unknown, or a pass with a limit; else null. */
  readonly why: string | null;
  /** The data were at stake, not the time: goes before everything else. */
  readonly dataLoss: boolean;
}

export function evaluate(objective: Objective, measurement: Measurement): Evaluated {
  const found = measured(objective, measurement);
  const { text, operator, limit } = objective;
  const dataLoss =
    objective.about === 'writes' &&
    ['lost', 'duplicated', 'resurrected'].includes(objective.metric);
  const base = { text, operator, limit, dataLoss };
  if (typeof found === 'string') return { ...base, measured: null, verdict: 'unknown', why: found };
  const reach = withUnseen(objective, found, measurement);
  const plain = compare(reach, operator, limit);
  const verdict = plain === 'pass' && isWithoutFate(objective, measurement) ? 'unknown' : plain;
  const why =
    verdict === 'unknown'
      ? undecided(objective, found, measurement, compare(found, operator, limit) !== 'unknown')
      : verdict === 'pass'
        ? remark(objective, measurement)
        : null;
  return { ...base, measured: found, verdict, why };
}

/** Whether it is about sessions and what became of one of them was never told. */
function isWithoutFate({ about }: Objective, { sessions }: Measurement): boolean {
  const list = about === 'sessions' ? sessions?.list : undefined;
  return list?.some((session) => session.fate === 'present') === true;
}

/** Pass when every value of the interval meets the limit, fail when none does. */
export function compare(
  measured: Pick<Measured, 'lower' | 'upper'>,
  operator: Operator,
  limit: number,
): Verdict {
  const lower = measured.lower;
  const upper = measured.upper ?? Number.POSITIVE_INFINITY;
  const decide = (all: boolean, none: boolean): Verdict =>
    all ? 'pass' : none ? 'fail' : 'unknown';
  const exact = lower === limit && upper === limit;
  const outside = limit < lower || limit > upper;
  switch (operator) {
    case '<=':
      return decide(upper <= limit, lower > limit);
    case '<':
      return decide(upper < limit, lower >= limit);
    case '>=':
      return decide(lower >= limit, upper < limit);
    case '>':
      return decide(lower > limit, upper <= limit);
    case '==':
      return decide(exact, outside);
    case '!=':
      return decide(outside, exact);
  }
}

/** The measured interval, or a sentence why there is none. */
function measured(objective: Objective, measurement: Measurement): Measured | string {
  switch (objective.about) {
    case 'lag':
      return ofLag(objective, measurement);
    case 'lane': {
      const why = measurement.undecided.get(objective.lane);
      if (why !== undefined) return why;
      const lane = measurement.lanes.find((one) => one.spec.name === objective.lane);
      if (lane === undefined) return `this run has no lane ${objective.lane}`;
      if (lane.ok + lane.failed === 0) return `the lane ${objective.lane} decided no poll at all`;
      return ofLane(objective.metric, lane);
    }
    case 'writes':
      return ofWrites(objective.metric, measurement);
    case 'back-out':
      return ofBackOut(objective.metric, measurement);
    case 'sessions': {
      const sessions = measurement.sessions;
      if (sessions === null) return noSessions(measurement);
      const metric = objective.metric;
      if (metric === 'broken') return exactly(sessions.broken.length);
      if (metric !== 'preserved' && metric !== 'dropped') return exactly(sessions[metric]);
      const open = sessions.list.filter((session) => session.fate === 'present').length;
      return count(sessions[metric], sessions[metric] + open);
    }
  }
}

/** What became of sessions is told from T0 on. */
function noSessions({ t0Ns, started }: Measurement): string {
  return started?.command === 'run' && t0Ns === null
    ? 'the operation never came to touch sessions'
    : 'the history tells of no sessions';
}

type LaneMetric = Extract<Objective, { about: 'lane' }>['metric'];

function ofLane(metric: LaneMetric, lane: LaneMeasure): Measured | string {
  const blindNs = length(lane.blind);
  switch (metric) {
    case 'downtime':
      return duration(lane.downtime, blindNs);
    case 'longest': {
      const longestNs = Math.max(0, ...lane.blind.map((one) => one.toNs - one.fromNs));
      const upperNs = lane.longest.upperNs;
      const reachNs = upperNs === null ? null : Math.max(upperNs, longestNs);
      return duration({ ...lane.longest, upperNs: reachNs }, 0);
    }
    case 'outages':
      return count(lane.outageCount, lane.outageCount + lane.blind.length);
    case 'failed':
      return count(lane.failed, lane.failed + lane.perhapsFailed);
    case 'unknown':
    case 'polls':
    case 'brownouts':
      return exactly(lane[metric]);
    case 'p50':
    case 'p95': {
      const valueNs = metric === 'p50' ? lane.p50Ns : lane.p95Ns;
      if (valueNs === null)
        return lane.ok === 0
          ? `the lane ${lane.spec.name} had no ok poll`
          : 'a probe as long as this keeps no latencies: rehearse report decides it';
      const ms = valueNs / 1e6;
      return { lower: ms, upper: ms, estimate: ms, unit: 'ms' };
    }
  }
}

/** The worst of the lanes in question; each of them must have told something. */
function ofLag(
  { target, metric }: Extract<Objective, { about: 'lag' }>,
  { lanes, lags, undecided }: Measurement,
): Measured | string {
  const asked = lanes.filter(
    ({ spec }) => spec.kind === 'replica-lag' && (target === null || spec.target === target),
  );
  const of = target === null ? '' : ` of ${target}`;
  if (asked.length === 0) return `this run measured no lag${of}`;
  let worst: Bounds | null = null;
  for (const { spec } of asked) {
    const why = undecided.get(spec.name);
    if (why !== undefined) return why;
    const found = lags.get(spec.name)?.[metric] ?? null;
    if (found === null)
      return `no poll of the lane ${spec.name} told how far its reader was behind`;
    worst = worst === null ? found : larger(worst, found);
  }
  return worst === null ? `this run measured no lag${of}` : duration(worst, 0);
}

/** Of these nothing is known where there was nothing to become of. */
const whatBecame: readonly string[] = ['lost', 'duplicated', 'resurrected'];

function ofWrites(
  metric: Extract<Objective, { about: 'writes' }>['metric'],
  { ledger }: Measurement,
): Measured | string {
  if (ledger === null) return 'the history tells of no writes';
  // A number of writes is a number, also where it is 0; what became of none decides nothing.
  if (ledger.intents === 0 && metric !== 'acknowledged') return 'no write was made';
  const couldBeLost = ledger.acknowledged + ledger.inDoubt > 0;
  if (!couldBeLost && whatBecame.includes(metric)) return 'no write was acknowledged';
  const value = ledger[metric];
  if (value === null)
    return 'the table was not read back whole, so nothing is known of lost writes';
  return exactly(value);
}

/** A way back that is documented not to be there, and so was not gone, failed nobody. */
function ofBackOut(metric: BackOutMetric, { backOut }: Measurement): Measured | string {
  if (backOut === null) return 'this run was not backed out of: give --abort-at PHASE';
  const { from, reached, possible, gone } = backOut;
  if (!reached) return `the run never came to the phase ${from}`;
  if (possible === null) return `no way back is written for the phase ${from}`;
  if (metric === 'failed' && !possible) return exactly(0);
  if (gone === null) return `there is no way back from the phase ${from}`;
  if (metric === 'failed') return exactly(gone.ok ? 0 : 1);
  if (metric === 'lost')
    return gone.writesLost === null
      ? 'what serves after the way back was not read whole, so nothing is known of lost writes'
      : exactly(gone.writesLost);
  if (gone.tookNs === null) return 'no write succeeded after the way back';
  const tookMs = gone.tookNs / 1e6;
  return { lower: tookMs, upper: tookMs, estimate: tookMs, unit: 'ms' };
}

function exactly(value: number): Measured {
  return count(value, value);
}

function count(lower: number, upper: number): Measured {
  return { lower, upper, estimate: lower, unit: 'count' };
}

function duration(bounds: Bounds, unseenNs: number): Measured {
  return {
    lower: bounds.lowerNs / 1e6,
    upper: bounds.upperNs === null ? null : (bounds.upperNs + unseenNs) / 1e6,
    estimate: bounds.estimateNs / 1e6,
    unit: 'ms',
  };
}
