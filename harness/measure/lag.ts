/**
 * How far a reader was behind, from the heartbeats that it showed. Pure.
 *
 * The argument. Lag at an instant t is the age of the oldest committed write that the reader did
 * not show at t, or nothing where it showed all. A poll that ran in [s, e] saw the reader at some
 * t in [s, e]. Writes are shown in the order of their commits.
 *
 * - Upper. The newest heartbeat that was shown was committed after it was about to be sent, at w.
 *   All that was committed by then was shown too, so that no missing write is older than t - w, nor
 *   than e - w.
 * - Lower. A heartbeat acknowledged at a, before s, and not shown is missing, and at least s - a
 *   old.
 * - Between polls a reader does not go back: until the next poll's end e' no missing write is
 *   older than e' - w. The maximum reaches as far.
 *
 * While the writer takes no heartbeats there is nothing to be behind of: where a reader shows all
 * that were acknowledged, and the next one has been without an answer for longer than a tick and a
 * half, the poll tells no lag. It is counted as `untold`, and bounds nothing.
 */
import type { Bounds, PollData } from './lane.js';
import { Numbers } from './numbers.js';

export interface LagMeasure {
  /** Ticks that told how far the reader was behind. */
  readonly told: number;
  /** Ticks that the reader answered while there was nothing to hold its answer against. */
  readonly untold: number;
  /** Null where no tick told it. */
  readonly max: Bounds | null;
  readonly p95: Bounds | null;
}

/** What one poll tells; an upper bound of null is no bound. */
export interface LagSample {
  readonly lowerNs: number;
  readonly upperNs: number | null;
  readonly estimateNs: number;
}

const unansweredTicksMax = 1.5;

/** Null where the poll tells none: it failed, or there was nothing to hold its answer against. */
export function lagOf(
  { outcome, heartbeat, startNs, endNs }: PollData,
  intervalMs: number,
): LagSample | null {
  if (outcome !== 'ok' || heartbeat === undefined) return null;
  const { seenNs, missedNs, unansweredNs } = heartbeat;
  const isQuiet =
    unansweredNs !== null && startNs - unansweredNs > unansweredTicksMax * intervalMs * 1e6;
  if (missedNs === null && (seenNs === null || isQuiet)) return null;
  const lowerNs = missedNs === null ? 0 : Math.max(0, startNs - missedNs);
  const upperNs = seenNs === null ? null : Math.max(lowerNs, endNs - seenNs);
  return { lowerNs, upperNs, estimateNs: upperNs === null ? lowerNs : (lowerNs + upperNs) / 2 };
}

/** The measurement of one lane, poll by poll, in the order in which they began or ended. */
export class LagBook {
  readonly #intervalMs: number;
  readonly #lowers = new Numbers();
  readonly #uppers = new Numbers();
  #told = 0;
  #untold = 0;
  #max: Bounds | null = null;
  /** When the newest heartbeat of the poll before was about to be sent; null where it told none. */
  #seenNs: number | null = null;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Edge polls are left out: they come in numbers where something fails. */
  take(poll: PollData): void {
    if (poll.tick === null || poll.outcome === 'unknown') return;
    const sample = lagOf(poll, this.#intervalMs);
    const seenNs = this.#seenNs;
    this.#seenNs = sample === null ? null : (poll.heartbeat?.seenNs ?? null);
    if (sample === null) {
      if (poll.outcome === 'fail' && seenNs !== null) this.#reach(poll.startNs - seenNs);
      else if (wasSent(poll)) this.#untold += 1;
      return;
    }
    this.#told += 1;
    this.#lowers.add(sample.lowerNs);
    this.#uppers.add(sample.upperNs ?? Number.POSITIVE_INFINITY);
    this.#max = this.#max === null ? sample : larger(this.#max, sample);
    if (seenNs !== null) this.#reach(poll.endNs - seenNs);
  }

  /** Null where the lane has no heartbeats. */
  measured(): LagMeasure | null {
    if (this.#told + this.#untold === 0) return null;
    const lowerNs = this.#lowers.quantile(0.95);
    const highNs = this.#uppers.quantile(0.95);
    const upperNs = highNs === null || !Number.isFinite(highNs) ? null : highNs;
    const p95 =
      lowerNs === null
        ? null
        : { lowerNs, upperNs, estimateNs: (lowerNs + (upperNs ?? lowerNs)) / 2 };
    return { told: this.#told, untold: this.#untold, max: this.#max, p95 };
  }

  #reach(upperNs: number): void {
    if (this.#max === null || this.#max.upperNs === null) return;
    this.#max = { ...this.#max, upperNs: Math.max(this.#max.upperNs, upperNs) };
  }
}

/** Whether there had been a heartbeat before the poll. */
function wasSent({ heartbeat }: PollData): boolean {
  return heartbeat !== undefined && (heartbeat.seenNs ?? heartbeat.unansweredNs) !== null;
}

/** The worse of two lanes or polls, bound by bound. */
export function larger(a: Bounds, b: Bounds): Bounds {
  return {
    lowerNs: Math.max(a.lowerNs, b.lowerNs),
    upperNs: a.upperNs === null || b.upperNs === null ? null : Math.max(a.upperNs, b.upperNs),
    estimateNs: Math.max(a.estimateNs, b.estimateNs),
  };
}
