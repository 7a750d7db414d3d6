/**
 * Measures a lane as its polls come, for hours in bounded memory: whenever the polls so far can
 * be cut in two without changing any bound, the earlier part is measured and let go.
 *
 * The cut is an ok tick A that no other attempt overlaps: all before it ended by its start, all
 * after it began after its end. A stays in both parts. An outage on either side finds in A an edge
 * at least as near as any beyond it, and no group of failures reaches across it, so that the sums
 * over the parts are those of the whole (see outages.ts).
 */
import type { LaneSpec } from '../history/entry.js';
import { type Bounds, type LaneMeasure, measureLane, type PollData } from './lane.js';

export interface RunningLaneOptions {
  readonly spec: LaneSpec;
  /** An ok poll that took longer is slow. */
  readonly slowNs: number;
  /** No attempt takes longer, our own lateness included. */
  readonly attemptNsMax: number;
  /** Polls kept while no cut offers itself, as in an outage of many hours. */
  readonly waitingMax?: number;
  /** Polls after which a cut is looked for. */
  readonly batch?: number;
  /** Each part as it is measured, its ticks included; the last one at every `totals`. */
  readonly onPart?: (part: LaneMeasure) => void;
}

/** Failed polls are kept with their outages up to this many, then outages are only counted. */
const failsKeptMax = 20_000;
const outagesKeptMax = 1_000;

export class RunningLane {
  readonly #options: RunningLaneOptions;
  readonly #waitingMax: number;
  readonly #batch: number;
  #waiting: PollData[] = [];
  #lookAt: number;
  #newestNs = Number.NEGATIVE_INFINITY;
  #settledNs = Number.NEGATIVE_INFINITY;
  #failsKept = 0;
  #sum: LaneMeasure;

  constructor(options: RunningLaneOptions) {
    this.#options = options;
    this.#waitingMax = options.waitingMax ?? 200_000;
    this.#batch = options.batch ?? 4_096;
    this.#lookAt = this.#batch;
    this.#sum = this.#measure([]);
  }

  /** Takes a poll; they come in about the order in which they ended. */
  take(poll: PollData): void {
    // Later than any attempt may take: its part of the lane is measured already.
    if (poll.startNs < this.#settledNs) this.#sum = unbounded(this.#sum);
    this.#waiting.push(poll);
    this.#newestNs = Math.max(this.#newestNs, poll.endNs);
    if (this.#waiting.length >= this.#lookAt) this.#settle();
  }

  /** The totals; ticks, edge polls and quantiles are not kept. */
  totals(): LaneMeasure {
    const last = this.#measure(this.#waiting);
    this.#options.onPart?.(last);
    return this.#add(this.#sum, last, 0);
  }

  #settle(): void {
    const byStart = this.#waiting.sort((a, b) => a.startNs - b.startNs || a.endNs - b.endNs);
    const certainNs = this.#newestNs - this.#options.attemptNsMax;
    const at = lastCut(byStart, certainNs, this.#options.slowNs);
    if (at > 0) this.#take(byStart.slice(0, at + 1), byStart.slice(at), 1);
    else if (byStart.length >= this.#waitingMax) this.#tear(byStart, certainNs);
    this.#lookAt = Math.min(this.#waitingMax, this.#waiting.length * 2) + this.#batch;
  }

  #take(part: readonly PollData[], rest: PollData[], shared: number): void {
    const measured = this.#measure(part);
    this.#options.onPart?.(measured);
    this.#sum = this.#add(this.#sum, measured, shared);
    this.#waiting = rest;
    this.#settledNs = part.at(-1)?.startNs ?? this.#settledNs;
  }

  /** Cuts where it may go through an outage: what is seen still bounds from below. */
  #tear(byStart: readonly PollData[], certainNs: number): void {
    const rest = byStart.filter((poll) => poll.startNs > certainNs);
    const part = byStart.filter((poll) => poll.startNs <= certainNs);
    if (part.length === 0) return;
    const atNs = part.at(-1)?.startNs ?? certainNs;
    this.#take(part, rest, 0);
    const { outageCount, blind } = this.#sum;
    this.#sum = {
      ...unbounded(this.#sum),
      outageCount: Math.max(0, outageCount - 1),
      blind: [...blind, { fromNs: atNs, toNs: atNs }],
    };
  }

  #measure(polls: readonly PollData[]): LaneMeasure {
    const { spec, slowNs } = this.#options;
    return measureLane(spec, polls, { slowNs, unobserved: [] });
  }

  /** @param shared ticks of `part`, all ok, that are in the next part as well */
  #add(sum: LaneMeasure, part: LaneMeasure, shared: number): LaneMeasure {
    const room = outagesKeptMax - sum.outages.length;
    const outages = part.outages.slice(0, Math.max(0, room)).filter((outage) => {
      this.#failsKept += outage.fails.length;
      return this.#failsKept <= failsKeptMax;
    });
    return {
      spec: sum.spec,
      ticks: [],
      edgePolls: [],
      polls: sum.polls + part.polls - shared,
      ok: sum.ok + part.ok - shared,
      failed: sum.failed + part.failed,
      unknown: sum.unknown + part.unknown,
      missing: sum.missing + part.missing,
      slow: sum.slow + part.slow,
      brownouts: sum.brownouts + part.brownouts,
      p50Ns: null,
      p95Ns: null,
      outages: [...sum.outages, ...outages],
      outageCount: sum.outageCount + part.outageCount,
      downtime: joined(sum.downtime, part.downtime, (a, b) => a + b),
      longest: joined(sum.longest, part.longest, Math.max),
      detectionFloorNs: largest(sum.detectionFloorNs, part.detectionFloorNs),
      blind: [...sum.blind, ...part.blind],
      perhapsFailed: sum.perhapsFailed + part.perhapsFailed,
    };
  }
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
