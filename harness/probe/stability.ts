/**
 * Whether all lanes are well again after something was wrong. It is not enough that no poll has
 * ended badly of late: attempts that hang end late. Every tick that was due counts, from when it
 * was due: one that has not answered yet is not known to be ok.
 */
import type { EntryOf, LaneSpec } from '../history/entry.js';

type PollEntry = EntryOf<'poll'>;

/** Polls whose slowest answer is what is usual in a lane. */
const usualOf = 32;
/** An attempt that takes longer than this, and than a few usual answers, hangs or has hung. */
const hangsMsMin = 1_000;
const usualAnswersMax = 3;

export class Stability {
  readonly #lanes: ReadonlyMap<string, LaneState>;
  readonly #versions = new Map<string, string>();
  #troubleNs: number | null = null;

  /** @param lanes all lanes; those that poll nobody do not count */
  constructor(lanes: readonly LaneSpec[]) {
    const clients = lanes.filter(({ kind }) => kind !== 'observer' && kind !== 'served-by');
    this.#lanes = new Map(
      clients.map(({ name, intervalMs }) => [name, new LaneState(intervalMs * 1e6)]),
    );
  }

  take({ subject, data }: PollEntry): void {
    this.#lanes.get(subject.lane ?? '')?.take(data);
    if (data.outcome === 'fail') this.#trouble(data.endNs);
    if (data.server === null) return;
    // What one target runs says nothing of another.
    const target = subject.endpoint ?? '';
    const before = this.#versions.get(target);
    this.#versions.set(target, data.server.version);
    if (before !== undefined && before !== data.server.version) this.#trouble(data.endNs);
  }

  /**
   * For how long all lanes have been ok after an outage or another version, nanoseconds: in that
   * time every tick was answered, and ok. Null where there was nothing to be stable after, where
   * a lane has not been ok since, and where one may hang.
   */
  stableForNs(nowNs: number): number | null {
    if (this.#troubleNs === null) return null;
    let sinceNs = this.#troubleNs;
    let untilNs = nowNs;
    for (const lane of this.#lanes.values()) {
      if (!lane.isOk || lane.mayHang(nowNs)) return null;
      sinceNs = Math.max(sinceNs, lane.notOkNs);
      untilNs = Math.min(untilNs, lane.unansweredNs);
    }
    return Math.max(0, untilNs - sinceNs);
  }

  #trouble(ns: number): void {
    this.#troubleNs = Math.max(this.#troubleNs ?? ns, ns);
  }
}

/** One lane: what was answered, and what was not yet. */
class LaneState {
  readonly #intervalNs: number;
  /** When tick 0 was due; null before the first poll. */
  #originNs: number | null = null;
  /** The first tick without a poll, and those behind it that have one. */
  #next = 0;
  readonly #ahead = new Set<number>();
  readonly #tookNs: number[] = [];
  #okStartNs = Number.NEGATIVE_INFINITY;
  /** When the last attempt ended that was not ok, or hung before it was. */
  notOkNs = Number.NEGATIVE_INFINITY;

  constructor(intervalNs: number) {
    this.#intervalNs = intervalNs;
  }

  take({ tick, scheduledNs, startNs, endNs, outcome, finalCheck }: PollEntry['data']): void {
    if (outcome !== 'ok') this.notOkNs = Math.max(this.notOkNs, endNs);
    if (tick === null || finalCheck === true) return;
    this.#originNs ??= scheduledNs - tick * this.#intervalNs;
    this.#ahead.add(tick);
    while (this.#ahead.delete(this.#next)) this.#next++;
    if (outcome !== 'ok') return;
    const tookNs = endNs - scheduledNs;
    if (this.#tookNs.length > 0 && tookNs > this.#hangsNs)
      this.notOkNs = Math.max(this.notOkNs, endNs);
    this.#okStartNs = Math.max(this.#okStartNs, startNs);
    this.#tookNs.push(tookNs);
    if (this.#tookNs.length > usualOf) this.#tookNs.shift();
  }

  /** Whether an attempt that began after all that went wrong has succeeded. */
  get isOk(): boolean {
    return this.#okStartNs > this.notOkNs;
  }

  /** When the first tick without an answer was due, or will be. */
  get unansweredNs(): number {
    if (this.#originNs === null) return Number.NEGATIVE_INFINITY;
    return this.#originNs + this.#next * this.#intervalNs;
  }

  mayHang(nowNs: number): boolean {
    return nowNs - this.unansweredNs > this.#hangsNs;
  }

  get #hangsNs(): number {
    return Math.max(hangsMsMin * 1e6, usualAnswersMax * Math.max(0, ...this.#tookNs));
  }
}
