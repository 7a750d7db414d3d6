/** Holds what was measured against one objective, on intervals. Pure. */
import type { Bounds, LaneMeasure } from '../measure/lane.js';
import type { Measurement } from '../measure/measure.js';
import { length } from '../measure/windows.js';
import type { Objective, Operator } from './objective.js';

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
  /** One sentence where the verdict is not a plain pass; else null. */
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
  const compared = compare(found, operator, limit);
  const verdict =
    compared === 'pass' && isWithoutFate(objective, measurement) ? 'unknown' : compared;
  const why = verdict === 'unknown' ? undecided(objective, found, measurement) : null;
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
    case 'lane': {
      const lane = measurement.lanes.find((one) => one.spec.name === objective.lane);
      if (lane === undefined) return `this run has no lane ${objective.lane}`;
      if (lane.ok + lane.failed === 0) return `the lane ${objective.lane} decided no poll at all`;
      return ofLane(objective.metric, lane);
    }
    case 'writes':
      return ofWrites(objective.metric, measurement);
    case 'sessions': {
      const sessions = measurement.sessions;
      if (sessions === null) return 'the history tells of no sessions';
      const metric = objective.metric;
      if (metric !== 'preserved' && metric !== 'dropped') return exactly(sessions[metric]);
      const open = sessions.list.filter((session) => session.fate === 'present').length;
      return count(sessions[metric], sessions[metric] + open);
    }
  }
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
      return count(lane.outages.length, lane.outages.length + lane.blind.length);
    case 'failed':
      return count(lane.failed, lane.failed + lane.perhapsFailed);
    case 'unknown':
    case 'polls':
    case 'brownouts':
      return exactly(lane[metric]);
    case 'p50':
    case 'p95': {
      const valueNs = metric === 'p50' ? lane.p50Ns : lane.p95Ns;
      if (valueNs === null) return `the lane ${lane.spec.name} had no ok poll`;
      const ms = valueNs / 1e6;
      return { lower: ms, upper: ms, estimate: ms, unit: 'ms' };
    }
  }
}

function ofWrites(
  metric: Extract<Objective, { about: 'writes' }>['metric'],
  { ledger }: Measurement,
): Measured | string {
  if (ledger === null) return 'the history tells of no writes';
  const value = ledger[metric];
  if (value === null)
    return 'the table was not read back whole, so nothing is known of lost writes';
  return exactly(value);
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

/** Why the interval does not decide, and what would. */
function undecided(objective: Objective, found: Measured, measurement: Measurement): string {
  if (objective.about !== 'lane') return 'the run ended before every session had its fate';
  const lane = measurement.lanes.find((one) => one.spec.name === objective.lane);
  if (found.upper === null) return 'an outage is open at an end of what was observed';
  if (lane !== undefined && lane.blind.length > 0)
    return `nobody looked for ${(length(lane.blind) / 1e6).toFixed(0)} ms outside the outages`;
  if (found.unit === 'count') return `${lane?.perhapsFailed ?? 0} polls are in doubt`;
  const wantedMs = decidingInterval(found, objective.limit, lane);
  return wantedMs === null
    ? 'the limit falls inside the bounds, closer to the estimate than any interval resolves'
    : `the limit falls inside the bounds; ${intervalAdvice(measurement, wantedMs)}`;
}

/** A log comes from somebody else's loop: there is no option to change. */
function intervalAdvice({ started }: Measurement, wantedMs: number): string {
  return started?.command === 'import'
    ? `polling every ${wantedMs} ms would have decided it`
    : `--interval ${wantedMs}ms would decide it`;
}

const niceIntervalsMs = [1_000, 500, 250, 200, 100, 50, 20, 10];

/**
 * The longest interval whose bounds would leave the limit outside: at tick t and attempts of
 * length a, each bound lies within t + a of the estimate.
 */
function decidingInterval(
  found: Measured,
  limitMs: number,
  lane: LaneMeasure | undefined,
): number | null {
  const attemptMs = (lane?.p95Ns ?? 0) / 1e6;
  const distanceMs = Math.abs(found.estimate - limitMs) / Math.max(1, lane?.outages.length ?? 1);
  const below = Math.min(lane?.spec.intervalMs ?? 500, distanceMs - attemptMs);
  return niceIntervalsMs.find((candidate) => candidate < below) ?? null;
}
