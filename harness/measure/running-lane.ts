/**
 * Measures a lane as its polls come, for hours in bounded memory: whenever the polls so far can
 * be cut in two without changing any bound, the earlier part is measured and let go.
 *
 * The cut is an ok tick A that no other attempt overlaps: all before it ended by its start, all
 * after it began after its end. A stays in both parts. An outage on either side finds in A an edge
 * at least as near as any beyond it, and no group of failures reaches across it, so that the sums
 * over the parts are those of the whole (see outages.ts). In a long outage there is no such tick;
 * then it is cut at a failed one, and joined again (see outage-parts.ts).
 */
import type { LaneSpec } from '../history/entry.js';
import { SharedParts } from '../history/shared-parts.js';
import {
  type Bounds,
  type LaneAttempt,
  type LaneMeasure,
  longestOf,
  measureLane,
  type PollData,
  type Stretch,
  sumOf,
} from './lane.js';
import { joinParts, lastCutInOutage } from './outage-parts.js';
import type { Outage } from './outages.js';
import { StandIns } from './stand-ins.js';

export interface RunningLaneOptions {
  readonly spec: LaneSpec;
  /** An ok poll that took longer is slow. */
  readonly slowNs: number;
  /** No attempt takes longer, our own lateness included. */
  readonly attemptNsMax: number;
  /** Polls kept while no cut offers itself, as where attempts hang for hours; 200 B each. */
  readonly waitingMax?: number;
  /** Polls after which a cut is looked for. */
  readonly batch?: number;
  /** Each part as it is measured, its ticks included; the last one at every `totals`. */
  readonly onPart?: (part: LaneMeasure) => void;
}

/** Failed polls stay with their outages up to this many, 8 B each; then these are only counted. */
const failsKeptMax = 2_000_000;
const outagesKeptMax = 1_000;
/** Blind stretches beyond this many are joined with their neighbours. */
const blindKeptMax = 1_000;

/** What is in both of two neighbouring parts. */
type Shared = 'ok' | 'failed' | null;

export class RunningLane {
  readonly #options: RunningLaneOptions;
  readonly #waitingMax: number;
  readonly #batch: number;
  readonly #parts = new SharedParts();
  readonly #standIns = new StandIns();
  #waiting: PollData[] = [];
  #lookAt: number;
  #newestNs = Number.NEGATIVE_INFINITY;
  #settledNs = Number.NEGATIVE_INFINITY;
  #failsKept = 0;
  /** The outage that was cut last; its last failure is the first poll that waits. */
  #open: Outage<LaneAttempt> | null = null;
  /** The last tick of the part before, where it is not in the next one as well. */
  #lastTick: number | null = null;
  #sum: LaneMeasure;

  constructor(options: RunningLaneOptions) {
    this.#options = options;
    this.#waitingMax = options.waitingMax ?? 60_000;
    this.#batch = options.batch ?? 4_096;
    this.#lookAt = this.#batch;
    this.#sum = this.#measure([], null);
  }

  /** Takes a poll; they come in about the order in which they ended. */
  take(poll: PollData): void {
    // Later than any attempt may take: its part of the lane is measured already.
    if (poll.startNs < this.#settledNs) this.#sum = unbounded(this.#sum);
    this.#waiting.push(this.#parts.shareOf(poll));
    this.#newestNs = Math.max(this.#newestNs, poll.endNs);
    if (this.#waiting.length >= this.#lookAt) this.#settle();
  }

  /** Nobody watched just before `atNs`: what began earlier and what begins later is apart. */
  interrupt(atNs: number): void {
    const byStart = this.#inOrder();
    const part = byStart.filter((poll) => poll.startNs < atNs);
    if (part.length === 0) return;
    this.#take(
      part,
      byStart.filter((poll) => poll.startNs >= atNs),
      null,
    );
  }

  /**
   * The totals; ticks, edge polls and quantiles are not kept.
   * @param untilNs until when the lane was due to poll, where that is known
   */
  totals(untilNs: number | null = null): LaneMeasure {
    const last = this.#measure(this.#waiting, untilNs);
    this.#options.onPart?.(last);
    return this.#add(this.#sum, withOutages(last, this.#joined(last.outages)), null);
  }

  #settle(): void {
    const byStart = this.#inOrder();
    const { attemptNsMax, slowNs, spec } = this.#options;
    const certainNs = this.#newestNs - attemptNsMax;
    const at = lastCut(byStart, certainNs, slowNs);
    if (at > 0) this.#take(byStart.slice(0, at + 1), byStart.slice(at), 'ok');
    else if (byStart.length >= Math.min(4 * this.#batch, this.#waitingMax)) {
      const inOutage = lastCutInOutage(byStart, certainNs, 2 * spec.intervalMs * 1e6);
      if (inOutage > 0)
        this.#take(byStart.slice(0, inOutage + 1), byStart.slice(inOutage), 'failed');
      else if (byStart.length >= this.#waitingMax) this.#tear(byStart, certainNs);
    }
    this.#lookAt = Math.min(this.#waitingMax, this.#waiting.length * 2) + this.#batch;
  }

  #inOrder(): PollData[] {
    return this.#waiting.sort((a, b) => a.startNs - b.startNs || a.endNs - b.endNs);
  }

  #take(part: readonly PollData[], rest: PollData[], shared: Shared): void {
    const measured = this.#measure(part, null);
    this.#options.onPart?.(measured);
    const outages = this.#joined(measured.outages);
    this.#open = shared === 'failed' ? (outages.pop() ?? null) : null;
    this.#sum = this.#add(this.#sum, withOutages(measured, outages), shared);
    this.#lastTick = shared === null ? (measured.ticks.at(-1)?.tick ?? this.#lastTick) : null;
    this.#failsKept = this.#sum.outages.reduce((sum, { fails }) => sum + fails.length, 0);
    this.#waiting = rest;
    this.#settledNs = part.at(-1)?.startNs ?? this.#settledNs;
  }

  /** The first one goes on from the part before, where an outage was cut there. */
  #joined(outages: LaneMeasure['outages']): Outage<LaneAttempt>[] {
    const [first, ...rest] = outages.map((outage) => this.#standIns.lean(outage));
    if (first === undefined) return [];
    if (this.#open === null) return [first, ...rest];
    return [joinParts(this.#open, first, failsKeptMax), ...rest];
  }

  /** Cuts where it may go through an outage: what is seen still bounds from below. */
  #tear(byStart: readonly PollData[], certainNs: number): void {
    const rest = byStart.filter((poll) => poll.startNs > certainNs);
    const part = byStart.filter((poll) => poll.startNs <= certainNs);
    if (part.length === 0) return;
    const atNs = part.at(-1)?.startNs ?? certainNs;
    this.#take(part, rest, null);
    const { outageCount, blind } = this.#sum;
    this.#sum = {
      ...unbounded(this.#sum),
      outageCount: Math.max(0, outageCount - 1),
      blind: [...blind, { fromNs: atNs, toNs: atNs }],
    };
  }

  /** Tick numbers between the part before and this one of which nothing was recorded. */
  #missingBefore(part: LaneMeasure): number {
    const first = part.ticks[0]?.tick ?? null;
    if (this.#lastTick === null || first === null) return 0;
    return Math.max(0, first - this.#lastTick - 1);
  }

  #measure(polls: readonly PollData[], untilNs: number | null): LaneMeasure {
    const { spec, slowNs } = this.#options;
    return measureLane(spec, polls, { slowNs, unobserved: [], untilNs });
  }

  /** @param shared what one tick of `part`, which is in the next part as well, counts as */
  #add(sum: LaneMeasure, part: LaneMeasure, shared: Shared): LaneMeasure {
    const room = Math.max(0, outagesKeptMax - sum.outages.length);
    let failsKept = this.#failsKept;
    const outages = part.outages.slice(0, room).filter((outage) => {
      failsKept += outage.fails.length;
      return failsKept <= failsKeptMax;
    });
    return {
      spec: sum.spec,
      ticks: [],
      edgePolls: [],
      polls: sum.polls + part.polls - (shared === null ? 0 : 1),
      ok: sum.ok + part.ok - (shared === 'ok' ? 1 : 0),
      failed: sum.failed + part.failed - (shared === 'failed' ? 1 : 0),
      unknown: sum.unknown + part.unknown,
      missing: sum.missing + part.missing + this.#missingBefore(part),
      slow: sum.slow + part.slow,
      brownouts: sum.brownouts + part.brownouts,
      p50Ns: null,
      p95Ns: null,
      outages: [...sum.outages, ...outages],
      outageCount: sum.outageCount + part.outageCount,
      downtime: joined(sum.downtime, part.downtime, (a, b) => a + b),
      longest: joined(sum.longest, part.longest, Math.max),
      detectionFloorNs: largest(sum.detectionFloorNs, part.detectionFloorNs),
      blind: fewer([...sum.blind, ...part.blind]),
      perhapsFailed: sum.perhapsFailed + part.perhapsFailed,
    };
  }
}

function withOutages(lane: LaneMeasure, outages: readonly Outage<LaneAttempt>[]): LaneMeasure {
  return {
    ...lane,
    outages,
    outageCount: outages.length,
    downtime: sumOf(outages),
    longest: longestOf(outages),
  };
}

/** The index of the last attempt at which the list can be cut, else -1. */
function lastCut(byStart: readonly PollData[], certainNs: number, slowNs: number): number {
  let found = -1;
  let endedNs = Number.NEGATIVE_INFINITY;
  for (const [index, { tick, outcome, startNs, endNs }] of byStart.entries()) {
    const after = byStart[index + 1];
    if (after === undefined || endNs > certainNs) break;
    const isAlone = endedNs <= startNs && endNs <= after.startNs;
    if (isAlone && tick !== null && outcome === 'ok' && endNs - startNs <= slowNs) found = index;
    endedNs = Math.max(endedNs, endNs);
  }
  return found;
}

/** Half of them where they are too many: two neighbours, and all between them, become one. */
function fewer(blind: readonly Stretch[]): readonly Stretch[] {
  if (blind.length <= blindKeptMax) return blind;
  const pairs: Stretch[] = [];
  for (let index = 0; index < blind.length; index += 2) {
    const first = blind[index];
    const second = blind[index + 1] ?? first;
    if (first === undefined || second === undefined) continue;
    const toNs = Math.max(first.toNs, second.toNs);
    pairs.push({ fromNs: Math.min(first.fromNs, second.fromNs), toNs });
  }
  return fewer(pairs);
}

function unbounded(lane: LaneMeasure): LaneMeasure {
  const { downtime, longest } = lane;
  const open = (bounds: Bounds): Bounds => ({ ...bounds, upperNs: null });
  return { ...lane, downtime: open(downtime), longest: open(longest) };
}

function joined(a: Bounds, b: Bounds, join: (a: number, b: number) => number): Bounds {
  return {
    lowerNs: join(a.lowerNs, b.lowerNs),
    upperNs: a.upperNs === null || b.upperNs === null ? null : join(a.upperNs, b.upperNs),
    estimateNs: join(a.estimateNs, b.estimateNs),
  };
}

function largest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
