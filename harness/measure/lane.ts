/** What one lane measured: counts, latencies, outages, downtime, floor and blind stretches. */
import type { EntryOf, Failure, LaneKind, LaneSpec } from '../history/entry.js';
import { widened } from './clock-error.js';
import { type LagSample, lagOf } from './lag.js';
import { type Attempt, findOutages, type Outage } from './outages.js';
import { quantile } from './quantile.js';

export type PollData = EntryOf<'poll'>['data'];

/** A poll as an attempt; `tick` is null for an edge poll. */
export interface LaneAttempt extends Attempt {
  readonly tick: number | null;
  readonly scheduledNs: number;
  readonly error: Failure | null;
  readonly version: string | null;
  /** Whether what answered takes no writes; null where it was not asked. */
  readonly readOnly: boolean | null;
  /** How far the reader was behind, where the poll told it. */
  readonly lag: LagSample | null;
  readonly reconnected: boolean;
  /** Comes behind the ticks, whenever those had their last answer. */
  readonly finalCheck: boolean;
}

/** From and to, nanoseconds. */
export interface Stretch {
  readonly fromNs: number;
  readonly toNs: number;
}

/** An interval with a point estimate; an upper bound of null is no bound. */
export interface Bounds {
  readonly lowerNs: number;
  readonly upperNs: number | null;
  readonly estimateNs: number;
}

export interface LaneMeasure {
  readonly spec: LaneSpec;
  /** Ticks only, by tick; edge polls are in `edgePolls`. */
  readonly ticks: readonly LaneAttempt[];
  readonly edgePolls: readonly LaneAttempt[];
  readonly polls: number;
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  /** Tick numbers between the first and the last of which nothing was recorded. */
  readonly missing: number;
  /** Ok but slower than the limit; `brownouts` are unbroken runs of them. */
  readonly slow: number;
  readonly brownouts: number;
  readonly p50Ns: number | null;
  readonly p95Ns: number | null;
  readonly outages: readonly Outage<LaneAttempt>[];
  /** More than `outages` holds where a long probe did not keep them all. */
  readonly outageCount: number;
  readonly downtime: Bounds;
  readonly longest: Bounds;
  /** An outage shorter than this can have gone unseen; null with fewer than two ok polls. */
  readonly detectionFloorNs: number | null;
  /** Stretches outside outages, longer than two ticks, in which no poll looked. */
  readonly blind: readonly Stretch[];
  /** Polls that may have failed unknown to us: in doubt, or due in a blind stretch. */
  readonly perhapsFailed: number;
}

export interface LaneOptions {
  /** An ok poll that took longer is slow. */
  readonly slowNs: number;
  /** Stretches that nobody observed, such as the omitted part of an imported log. */
  readonly unobserved: readonly Stretch[];
  /** Until when it was due to poll, where that is known. */
  readonly untilNs?: number | null;
}

/** Measures one lane from its polls, in any order. */
export function measureLane(
  spec: LaneSpec,
  polls: readonly PollData[],
  options: LaneOptions,
): LaneMeasure {
  const holds = holdsSession(spec.kind);
  const attempts = polls
    .map((poll) => toAttempt(poll, holds, spec))
    .sort((a, b) => a.startNs - b.startNs || a.endNs - b.endNs);
  const ticks = attempts
    .filter((attempt) => attempt.tick !== null)
    .sort((a, b) => (a.tick ?? 0) - (b.tick ?? 0));
  const blindGapNs = 2 * spec.intervalMs * 1e6;
  const answerNs = Math.max(answerMsMin, spec.intervalMs) * 1e6;
  const bounding = holds ? { blindGapNs, answerNs } : { blindGapNs };
  const pieces = split(attempts, options.unobserved);
  const errorNs = (spec.clockErrorMs ?? 0) * 1e6;
  const found = pieces.flatMap((piece) => findOutages(piece, bounding));
  const outages = errorNs === 0 ? found : found.map((outage) => widened(outage, errorNs));
  const watched = pieces.map((piece, index) =>
    watch(piece, blindGapNs, index === pieces.length - 1 ? (options.untilNs ?? null) : null),
  );
  const floors = watched.flatMap((piece) => piece.floorNs ?? []);
  const okNs = ticks
    .filter((tick) => tick.outcome === 'ok')
    .map((tick) => tick.endNs - tick.startNs)
    .sort((a, b) => a - b);
  const blind = watched.flatMap((piece) => piece.blind);
  return {
    spec,
    ticks,
    edgePolls: attempts.filter((attempt) => attempt.tick === null),
    polls: ticks.length,
    ok: okNs.length,
    failed: count(ticks, 'fail'),
    unknown: count(ticks, 'unknown'),
    missing: missingTicks(ticks),
    ...slowRuns(ticks, options.slowNs),
    p50Ns: quantile(okNs, 0.5),
    p95Ns: quantile(okNs, 0.95),
    outages,
    outageCount: outages.length,
    downtime: sumOf(outages),
    longest: longestOf(outages),
    // An idle session only notices that it was closed: a silence of any length goes unseen.
    detectionFloorNs:
      spec.kind === 'idle-session' || floors.length === 0 ? null : Math.max(...floors),
    blind,
    perhapsFailed: perhapsFailed(ticks, blind, spec.intervalMs * 1e6),
  };
}

/**
 * In what time a session that is up has answered a probe, at the least that is assumed; an answer
 * that takes longer than a tick would be felt as an outage as well.
 */
const answerMsMin = 1_000;

/** Whether the lane's polls use one session, and dial only where it was lost. */
export function holdsSession(kind: LaneKind): boolean {
  return ['held-session', 'idle-session', 'writer', 'reader', 'replica-lag'].includes(kind);
}

function toAttempt(poll: PollData, holds: boolean, spec: LaneSpec): LaneAttempt {
  return {
    tick: poll.tick,
    scheduledNs: poll.scheduledNs,
    startNs: poll.startNs,
    endNs: Math.max(poll.startNs, poll.endNs),
    outcome: poll.outcome,
    endMeasured: poll.endMeasured !== false,
    silent: holds && poll.endMeasured !== false && poll.error?.kind === 'timeout',
    error: poll.error,
    version: poll.server?.version ?? null,
    readOnly: poll.server?.readOnly ?? null,
    lag: lagOf(poll, spec.intervalMs),
    reconnected: poll.reconnected === true,
    finalCheck: poll.finalCheck === true,
  };
}

function count(ticks: readonly LaneAttempt[], outcome: LaneAttempt['outcome']): number {
  return ticks.reduce((total, tick) => total + (tick.outcome === outcome ? 1 : 0), 0);
}

/**
 * A tick that was never sent cannot have failed, and one of them hides no more than the floor
 * says. Where several in a row looked at nothing, every one may hide a failure.
 */
function perhapsFailed(
  ticks: readonly LaneAttempt[],
  blind: readonly Stretch[],
  intervalNs: number,
): number {
  const inDoubt = ticks.filter(
    (tick) => tick.outcome === 'unknown' && tick.error?.kind !== 'not-sent',
  );
  const unlooked = blind.reduce(
    (sum, { fromNs, toNs }) => sum + Math.max(1, Math.floor((toNs - fromNs) / intervalNs) - 1),
    0,
  );
  return inDoubt.length + unlooked;
}

function missingTicks(ticks: readonly LaneAttempt[]): number {
  const first = ticks.at(0)?.tick;
  const last = ticks.at(-1)?.tick;
  if (first === null || last === null || first === undefined || last === undefined) return 0;
  return Math.max(0, last - first + 1 - new Set(ticks.map((tick) => tick.tick)).size);
}

function slowRuns(
  ticks: readonly LaneAttempt[],
  slowNs: number,
): { slow: number; brownouts: number } {
  let slow = 0;
  let brownouts = 0;
  let inside = false;
  for (const tick of ticks) {
    const isSlow = tick.outcome === 'ok' && tick.endNs - tick.startNs > slowNs;
    if (isSlow) slow += 1;
    if (isSlow && !inside) brownouts += 1;
    inside = isSlow;
  }
  return { slow, brownouts };
}

/** Cuts the attempts (by start) at the stretches that nobody observed. */
function split(attempts: readonly LaneAttempt[], gaps: readonly Stretch[]): LaneAttempt[][] {
  const cutsNs = gaps.map((gap) => gap.toNs).sort((a, b) => a - b);
  const pieces: LaneAttempt[][] = [];
  let piece: LaneAttempt[] = [];
  let next = 0;
  for (const attempt of attempts) {
    let cut = false;
    while ((cutsNs[next] ?? Number.POSITIVE_INFINITY) <= attempt.startNs) {
      next += 1;
      cut = true;
    }
    if (cut && piece.length > 0) {
      pieces.push(piece);
      piece = [];
    }
    piece.push(attempt);
  }
  if (piece.length > 0) pieces.push(piece);
  return pieces;
}

/**
 * The detection floor and the blind stretches of one piece. An outage goes unseen when no
 * attempt's window lies inside it: after the start of an ok attempt it can last at most until
 * the earliest end among the later ones. Where that one failed, the outage was seen.
 */
function watch(
  byStart: readonly LaneAttempt[],
  blindGapNs: number,
  untilNs: number | null,
): { floorNs: number | null; blind: Stretch[] } {
  const decided = byStart.filter((attempt) => attempt.outcome !== 'unknown');
  let floorNs: number | null = null;
  let next: LaneAttempt | undefined;
  for (let index = decided.length - 1; index >= 0; index--) {
    const attempt = decided[index];
    if (attempt === undefined) continue;
    if (attempt.outcome === 'ok' && next?.outcome === 'ok')
      floorNs = Math.max(floorNs ?? 0, next.endNs - attempt.startNs);
    if (next === undefined || attempt.endNs <= next.endNs) next = attempt;
  }
  return { floorNs, blind: blindStretches(byStart, blindGapNs, untilNs) };
}

/** Also before the first decided poll and after the last, where ticks were due. */
function blindStretches(
  byStart: readonly LaneAttempt[],
  blindGapNs: number,
  untilNs: number | null,
): Stretch[] {
  const blind: Stretch[] = [];
  let beforeOk = true;
  let fromNs = byStart[0]?.startNs ?? 0;
  let seenUntilNs = fromNs;
  let lastNs = untilNs ?? seenUntilNs;
  for (const attempt of byStart) {
    lastNs = Math.max(lastNs, attempt.endNs);
    if (attempt.outcome === 'unknown') continue;
    const isOk = attempt.outcome === 'ok';
    if (beforeOk && isOk && attempt.startNs - seenUntilNs > blindGapNs)
      blind.push({ fromNs, toNs: attempt.endNs });
    seenUntilNs = Math.max(seenUntilNs, attempt.endNs);
    fromNs = attempt.startNs;
    beforeOk = isOk;
  }
  if (beforeOk && lastNs - seenUntilNs > blindGapNs) blind.push({ fromNs, toNs: lastNs });
  return blind;
}

/** All of them together. */
export function sumOf(outages: readonly Outage[]): Bounds {
  let upperNs: number | null = 0;
  let lowerNs = 0;
  let estimateNs = 0;
  for (const outage of outages) {
    lowerNs += outage.lowerNs;
    estimateNs += outage.estimateNs;
    upperNs = upperNs === null || outage.upperNs === null ? null : upperNs + outage.upperNs;
  }
  return { lowerNs, upperNs, estimateNs };
}

/** The longest that any of them was. */
export function longestOf(outages: readonly Outage[]): Bounds {
  let upperNs: number | null = 0;
  let lowerNs = 0;
  let estimateNs = 0;
  for (const outage of outages) {
    lowerNs = Math.max(lowerNs, outage.lowerNs);
    estimateNs = Math.max(estimateNs, outage.estimateNs);
    upperNs =
      upperNs === null || outage.upperNs === null ? null : Math.max(upperNs, outage.upperNs);
  }
  return { lowerNs, upperNs, estimateNs };
}
