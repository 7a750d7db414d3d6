/**
 * What clients that ask for a name are answered, where that is not what its record says: answers
 * that stay as they were for a while, and answers that go to and fro.
 */
import type { Clock, Timer } from '../clock.js';
import type { Endpoint } from './endpoint.js';

/** Faster changes would be nothing but a busy event loop. */
const flapMsMin = 10;

export interface NameDisturbance {
  end(): Promise<void>;
  /** It has made a difference. */
  readonly met: boolean;
}

export class NameAnswers {
  readonly #clock: Clock;
  readonly #answer: (endpoint: Endpoint) => Promise<void>;
  readonly #stale = new Map<object, number>();
  readonly #flapping = new Set<() => void>();
  readonly #late = new Set<Timer>();
  /** As the record says. */
  #record: Endpoint;
  /** As resolvers that behave would answer now, and as they did before the last change. */
  #now: Endpoint;
  #before: Endpoint | undefined;
  /** Counted, so that a disturbance knows whether it met a change. */
  #changes = 0;

  constructor(clock: Clock, first: Endpoint, answer: (endpoint: Endpoint) => Promise<void>) {
    this.#clock = clock;
    this.#answer = answer;
    this.#record = first;
    this.#now = first;
  }

  /** The record changes. Resolves when the answers are as they are to be for now. */
  async set(endpoint: Endpoint): Promise<void> {
    const changes = endpoint !== this.#record;
    this.#record = endpoint;
    if (changes) this.#changes++;
    const staleMs = Math.max(0, ...this.#stale.values());
    if (!changes || staleMs === 0) return await this.#turn(endpoint);
    const late = this.#clock.timer(staleMs, () => {
      this.#late.delete(late);
      void this.#turn(endpoint);
    });
    this.#late.add(late);
  }

  /** From now on a change shows so much later. */
  stale(staleMs: number): NameDisturbance {
    const key = {};
    const changesBefore = this.#changes;
    this.#stale.set(key, staleMs);
    const changed = (): boolean => this.#changes > changesBefore;
    return {
      get met() {
        return changed();
      },
      end: async () => {
        if (!this.#stale.delete(key) || this.#stale.size > 0) return;
        this.#forgetLate();
        await this.#turn(this.#record);
      },
    };
  }

  /** Answers with the one before the last change and with the one after it, in turns. */
  flap(everyMs: number): NameDisturbance {
    let timer: Timer | undefined;
    let met = false;
    let shows = false;
    const turn = (): void => {
      timer = this.#clock.timer(Math.max(flapMsMin, everyMs), turn);
      if (this.#before === undefined) return;
      met = true;
      shows = !shows;
      void this.#answer(shows ? this.#before : this.#now);
    };
    turn();
    const stop = (): void => timer?.cancel();
    this.#flapping.add(stop);
    return {
      get met() {
        return met;
      },
      end: async () => {
        stop();
        this.#flapping.delete(stop);
        await this.#answer(this.#now);
      },
    };
  }

  close(): void {
    this.#forgetLate();
    for (const stop of this.#flapping) stop();
  }

  async #turn(endpoint: Endpoint): Promise<void> {
    if (endpoint !== this.#now) this.#before = this.#now;
    this.#now = endpoint;
    await this.#answer(endpoint);
  }

  #forgetLate(): void {
    for (const timer of this.#late) timer.cancel();
    this.#late.clear();
  }
}
