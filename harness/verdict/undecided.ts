/** Sentences for what an objective's measured interval does not decide. Pure. */
import type { LaneMeasure } from '../measure/lane.js';
import type { Measurement } from '../measure/measure.js';
import { length } from '../measure/stretches.js';
import type { Measured } from './evaluate.js';
import type { Objective } from './objective.js';
import { floorMsOf } from './unseen.js';

/**
 * Why the interval does not decide, and what would.
 * @param hidden whether only what can have gone unseen is in the way
 */
export function undecided(
  objective: Objective,
  found: Measured,
  measurement: Measurement,
  hidden: boolean,
): string {
  if (objective.about === 'lag') return lagUndecided(objective, found, measurement);
  if (objective.about !== 'lane') return 'the run ended before every session had its fate';
  const lane = measurement.lanes.find((one) => one.spec.name === objective.lane);
  if (hidden && lane !== undefined) return belowFloor(objective, lane, measurement);
  if (found.upper === null) return 'an outage is open at an end of what was observed';
  if (lane !== undefined && lane.blind.length > 0)
    return `nobody looked for ${(length(lane.blind) / 1e6).toFixed(0)} ms outside the outages`;
  if (found.unit === 'count') return `${lane?.perhapsFailed ?? 0} polls are in doubt`;
  const wantedMs = decidingInterval(found, objective.limit, lane);
  return wantedMs === null
    ? 'the limit falls inside the bounds, closer to the estimate than any interval resolves'
    : `the limit falls inside the bounds; ${intervalAdvice(measurement, wantedMs)}`;
}

/** Both bounds lie within about two ticks of each other, and the estimate between them. */
function lagUndecided({ limit }: Objective, found: Measured, measurement: Measurement): string {
  if (found.upper === null) return 'at some poll the reader showed no heartbeat at all';
  const distanceMs = Math.abs(found.estimate - limit);
  const lanes = measurement.lanes.filter(({ spec }) => spec.kind === 'replica-lag');
  const intervalMs = Math.max(...lanes.map(({ spec }) => spec.intervalMs));
  const wantedMs = niceIntervalsMs.find((one) => 2 * one < distanceMs && one < intervalMs);
  return wantedMs === undefined
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
  const distanceMs = Math.abs(found.estimate - limitMs) / Math.max(1, lane?.outageCount ?? 1);
  const below = Math.min(lane?.spec.intervalMs ?? 500, distanceMs - attemptMs);
  return niceIntervalsMs.find((candidate) => candidate < below) ?? null;
}

/** The floor is an interval and an attempt long: which of them is in the way, and what helps. */
function belowFloor(objective: Objective, lane: LaneMeasure, measurement: Measurement): string {
  const floorMs = floorMsOf(lane);
  if (lane.spec.kind === 'idle-session')
    return 'an idle session only notices that it was closed: a silence goes unseen';
  if (!Number.isFinite(floorMs)) return 'a single decided poll shows no outage of any length';
  const told = `an outage shorter than ${text(floorMs)} can have gone unseen`;
  if (objective.limit === 0)
    return `${told}, at any interval: ask for "${lane.spec.name}.failed == 0" instead`;
  const usualMs = (lane.p50Ns ?? 0) / 1e6;
  const slowMs = floorMs - lane.spec.intervalMs;
  if (slowMs > lane.spec.intervalMs && slowMs > 2 * usualMs)
    return `${told}: an attempt took ${text(slowMs)}, which no --interval shortens`;
  const below = Math.min(lane.spec.intervalMs, objective.limit - usualMs);
  const wantedMs = niceIntervalsMs.find((candidate) => candidate < below);
  return wantedMs === undefined
    ? `${told}: attempts alone take ${text(usualMs)}`
    : `${told}; ${intervalAdvice(measurement, wantedMs)}`;
}

/** What a pass does not say: an outage is counted where a poll met it. */
export function remark(objective: Objective, { lanes, lags }: Measurement): string | null {
  if (objective.about === 'lag') {
    const { target } = objective;
    const asked = lanes.filter(({ spec }) => target === null || spec.target === target);
    const untold = asked.reduce((sum, { spec }) => sum + (lags.get(spec.name)?.untold ?? 0), 0);
    if (untold === 0) return null;
    return `${untold} polls could not tell: the writer took no heartbeats then`;
  }
  if (objective.about !== 'lane' || objective.metric !== 'outages') return null;
  const lane = lanes.find((one) => one.spec.name === objective.lane);
  const floorMs = lane === undefined ? 0 : floorMsOf(lane);
  if (floorMs === 0) return null;
  return Number.isFinite(floorMs)
    ? `of those that a poll met: one shorter than ${text(floorMs)} can have gone unseen`
    : 'of those that a poll met: a single decided poll meets next to nothing';
}

function text(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(0)} ms`;
}
