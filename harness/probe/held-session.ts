/**
 * One session that is held and used again and again, as a connection pool does. Attempts wait
 * their turn behind one another, each with its own deadline; what loses the session fails all
 * that wait for it, and the next attempt after that opens a new one.
 */
import type { Timer } from '../../sim/clock.js';
import type { Failure } from '../history/entry.js';
import { afterReading } from './after-reading.js';
import { type AttemptEnd, type Attempts, failed, notSent } from './attempt.js';
import type { DatabaseConnection } from './connection.js';
import { DialledSession, type DialOptions } from './dialled-session.js';

/** What is done with the session at each attempt. */
export type UseSession = (
  connection: DatabaseConnection,
  deadlineNs: number,
) => Promise<AttemptEnd>;

const noTimeLeft = 'its turn came when time was up';

interface Waiting {
  readonly timer: Timer;
  /** Null: its turn has come. */
  readonly resolve: (end: AttemptEnd | null) => void;
}

export class HeldSession implements Attempts {
  readonly #options: DialOptions;
  readonly #use: UseSession;
  readonly #session: DialledSession;
  #underWay = 0;
  #inUse = false;
  #waiting: Waiting[] = [];

  constructor(options: DialOptions, use: UseSession) {
    this.#options = options;
    this.#use = use;
    this.#session = new DialledSession(options);
  }

  /** Opens the session ahead of the first attempt. */
  open(timeoutMs: number): Promise<Failure | null> {
    return this.#session.open(timeoutMs);
  }

  get isOpen(): boolean {
    return this.#session.connection?.lost === null;
  }

  /** Whether an attempt is under way or waits. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  async attempt(deadlineNs: number): Promise<AttemptEnd> {
    this.#underWay++;
    try {
      for (;;) {
        const end = await this.#tryOnce(deadlineNs);
        if (end !== null) return end;
      }
    } finally {
      this.#underWay--;
    }
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  /** Null where the session was given up while this attempt waited for it. */
  async #tryOnce(deadlineNs: number): Promise<AttemptEnd | null> {
    if (this.#session.connection === null) {
      const failure = await this.#session.join(deadlineNs);
      if (failure !== null) return failure;
    }
    const late = await this.#turn(deadlineNs);
    if (late !== null) return late;
    try {
      return await this.#take(deadlineNs);
    } finally {
      this.#pass();
    }
  }

  async #take(deadlineNs: number): Promise<AttemptEnd | null> {
    const { connection } = this.#session;
    if (connection === null) return null;
    if (connection.lost !== null) {
      const lostWhileIdle = connection.lost;
      this.#loseAll(lostWhileIdle);
      return failed(lostWhileIdle);
    }
    // Its own turn came too late: nothing was asked, and nobody was silent.
    if (this.#options.clock.nowNs() >= deadlineNs) return notSent(noTimeLeft);
    const anew = this.#session.takeAnew();
    const end = await this.#use(connection, deadlineNs);
    // Lost right behind a good answer: the next attempt is the one to tell of it.
    if (connection.lost !== null && end.outcome !== 'ok') this.#loseAll(connection.lost);
    // A node that turned read-only may be the wrong one: dial again, as a good client does.
    if (end.error?.kind === 'read-only') this.#session.drop();
    return anew ? { ...end, reconnected: true } : end;
  }

  /** Waits until nobody else uses the session. */
  #turn(deadlineNs: number): Promise<AttemptEnd | null> {
    if (!this.#inUse) {
      this.#inUse = true;
      return Promise.resolve(null);
    }
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const leftMs = (deadlineNs - clock.nowNs()) / 1e6;
      const timer = afterReading(clock, leftMs, () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        // It never asked: whether it would have been answered is not known.
        resolve(notSent('still waiting for the session when time was up'));
      });
      const waiting: Waiting = { timer, resolve };
      this.#waiting.push(waiting);
    });
  }

  #pass(): void {
    const next = this.#waiting.shift();
    this.#inUse = next !== undefined;
    next?.timer.cancel();
    next?.resolve(null);
  }

  #loseAll(failure: Failure): void {
    this.#session.drop();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      one.timer.cancel();
      one.resolve(failed({ ...failure, message: `lost while waiting: ${failure.message}` }));
    }
  }
}
