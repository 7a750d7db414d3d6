/** What is told of a lane beside its bounds, as its polls come: latencies, first and last tick. */
import type { LaneSpec } from '../history/entry.js';
import type { WatchedLane } from './history-gaps.js';
import { LagBook, type LagMeasure } from './lag.js';
import type { LaneMeasure, PollData, Stretch } from './lane.js';
import { Numbers } from './numbers.js';
import { measureObserver, type ObserverMeasure } from './observer.js';
import { RunningLane } from './running-lane.js';
import { union } from './stretches.js';

/** How late our own stalls may make an attempt's end, beyond its time-out. */
const lateMsMax = 60_000;
/** Stalls are told one by one up to this many. */
const stallsMax = 10_000;

export interface RunningLaneMeasureOptions {
  /** An ok poll that took longer is slow. */
  readonly slowNs: number;
  /** The interval of the fastest lane: an observer that is later than that stalled. */
  readonly tickMs: number;
}

export class RunningLaneMeasure {
  readonly spec: LaneSpec;
  readonly #lane: RunningLane;
  /** How long ok ticks took; of the observer, how late it was. */
  readonly #took = new Numbers();
  readonly #lag: LagBook | null;
  #stalls: readonly Stretch[] = [];
  #observed = 0;
  #firstTickNs: number | null = null;
  #lastTickNs: number | null = null;

  constructor(spec: LaneSpec, { slowNs, tickMs }: RunningLaneMeasureOptions) {
    this.spec = spec;
    this.#lag = spec.kind === 'replica-lag' ? new LagBook(spec.intervalMs) : null;
    const onPart = (part: LaneMeasure): void => {
      if (this.#stalls.length >= stallsMax) return;
      const { stalls } = measureObserver(part, tickMs * 1e6);
      this.#stalls = union([...this.#stalls, ...stalls]);
    };
    this.#lane = new RunningLane({
      spec,
      slowNs,
      attemptNsMax: (spec.timeoutMs + lateMsMax) * 1e6,
      ...(spec.kind === 'observer' ? { onPart } : {}),
    });
  }

  take(poll: PollData): void {
    const { tick, scheduledNs, startNs, endNs, outcome, finalCheck } = poll;
    this.#lane.take(poll);
    this.#lag?.take(poll);
    if (tick === null) return;
    this.#observed += 1;
    if (this.spec.kind === 'observer') this.#took.add(Math.max(0, startNs - scheduledNs));
    else if (outcome === 'ok') this.#took.add(Math.max(0, endNs - startNs));
    this.#firstTickNs = Math.min(this.#firstTickNs ?? scheduledNs, scheduledNs);
    if (finalCheck !== true)
      this.#lastTickNs = Math.max(this.#lastTickNs ?? scheduledNs, scheduledNs);
  }

  /** Nobody watched just before this instant. */
  interrupt(atNs: number): void {
    this.#lane.interrupt(atNs);
  }

  /** @param untilNs until when the lane was due to poll, where that is known */
  totals(untilNs: number | null): LaneMeasure {
    const totals = this.#lane.totals(untilNs);
    if (this.spec.kind === 'observer') return totals;
    return { ...totals, p50Ns: this.#took.quantile(0.5), p95Ns: this.#took.quantile(0.95) };
  }

  /** How far the reader was behind; null of a lane that does not measure it. */
  get lag(): LagMeasure | null {
    return this.#lag?.measured() ?? null;
  }

  get watched(): WatchedLane {
    return {
      spec: this.spec,
      firstTickNs: this.#firstTickNs,
      lastTickNs: this.#lastTickNs,
      p95Ns: this.spec.kind === 'observer' ? null : this.#took.quantile(0.95),
    };
  }

  /** As an observer's; stalls of the polls that wait are in it after `totals`. */
  lateness(): ObserverMeasure {
    return {
      polls: this.#observed,
      medianNs: this.#took.quantile(0.5),
      p99Ns: this.#took.quantile(0.99),
      worstNs: this.#took.quantile(1),
      stalls: this.#stalls,
    };
  }
}
