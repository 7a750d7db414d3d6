/**
 * The heartbeats of a replica-lag lane: numbered rows written through the writer, one at a time, of
 * which it is remembered when each was sent and when it was acknowledged. What a reader shows is
 * held against them.
 */
import type { Clock } from '../../sim/clock.js';
import type { Heartbeat } from '../history/entry.js';

/** How one heartbeat is written; resolves to whether it was acknowledged. Never rejects. */
export type WriteHeartbeat = (
  number: number,
  onSent: () => void,
  deadlineNs: number,
) => Promise<boolean>;

interface Beat {
  readonly number: number;
  sentNs: number;
  acknowledgedNs: number | null;
}

/** Remembered; at 10 ms those of a quarter of an hour. */
const beatsMax = 100_000;

export class Heartbeats {
  readonly #clock: Clock;
  readonly #write: WriteHeartbeat;
  readonly #spacingNs: number;
  #beats: Beat[] = [];
  #number = 0;
  #lastNs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | null = null;

  /** @param spacingMs no heartbeat follows another sooner than this */
  constructor(clock: Clock, spacingMs: number, write: WriteHeartbeat) {
    this.#clock = clock;
    this.#write = write;
    this.#spacingNs = spacingMs * 1e6;
  }

  /** Sends the next one, unless one is under way or has only just been. */
  beat(deadlineNs: number): void {
    const nowNs = this.#clock.nowNs();
    if (this.#underWay !== null || nowNs - this.#lastNs < this.#spacingNs) return;
    this.#lastNs = nowNs;
    this.#number += 1;
    const beat: Beat = { number: this.#number, sentNs: nowNs, acknowledgedNs: null };
    this.#beats.push(beat);
    if (this.#beats.length > 2 * beatsMax) this.#beats = this.#beats.slice(-beatsMax);
    const onSent = (): void => {
      beat.sentNs = this.#clock.nowNs();
    };
    this.#underWay = this.#write(beat.number, onSent, deadlineNs).then((acknowledged) => {
      if (acknowledged) beat.acknowledgedNs = this.#clock.nowNs();
      this.#underWay = null;
    });
  }

  /** Waits for the one that is under way; it has its own deadline. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  /**
   * What it means that a reader showed this number, or none, to a question that was asked at
   * `askedNs`. A number that nobody remembers tells nothing of when it was sent.
   */
  shown(number: number | null, askedNs: number): Heartbeat {
    const shown = number ?? 0;
    const seen = this.#beats[this.#indexAfter(shown) - 1];
    let missedNs: number | null = null;
    let unansweredNs: number | null = null;
    for (let index = this.#indexAfter(shown); index < this.#beats.length; index++) {
      const beat = this.#beats[index];
      if (beat === undefined || beat.sentNs >= askedNs) break;
      const { acknowledgedNs, sentNs } = beat;
      if (acknowledgedNs === null || acknowledgedNs > askedNs) unansweredNs ??= sentNs;
      else missedNs ??= acknowledgedNs;
      if (missedNs !== null && unansweredNs !== null) break;
    }
    return { seenNs: seen?.number === number ? seen.sentNs : null, missedNs, unansweredNs };
  }

  /** The index of the first one behind that number; they are without gaps. */
  #indexAfter(number: number): number {
    const first = this.#beats[0]?.number ?? 1;
    return Math.min(this.#beats.length, Math.max(0, number - first + 1));
  }
}
