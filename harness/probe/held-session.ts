/**
 * One session that is held and used again and again, as a connection pool does. Attempts wait
 * their turn behind one another, each with its own deadline; what loses the session fails all
 * that wait for it, and the next attempt after that opens a new one.
 */
import type { Clock, Timer } from '../../sim/clock.js';
import type { Failure } from '../history/entry.js';
import { afterReading } from './after-reading.js';
import { type AttemptEnd, type Attempts, failed } from './attempt.js';
import type { DatabaseConnection } from './connection.js';
import { ownFailure } from './failure.js';
import { openConnection } from './open-connection.js';
import type { ConnectionTarget } from './target.js';

/** What is done with the session at each attempt. */
export type UseSession = (
  connection: DatabaseConnection,
  deadlineNs: number,
) => Promise<AttemptEnd>;

export interface HeldSessionOptions {
  readonly target: ConnectionTarget;
  readonly applicationName: string;
  readonly clock: Clock;
  readonly use: UseSession;
}

interface Waiting {
  readonly deadlineNs: number;
  readonly timer: Timer;
  readonly resolve: (end: AttemptEnd) => void;
}

export class HeldSession implements Attempts {
  readonly #options: HeldSessionOptions;
  #connection: DatabaseConnection | null = null;
  #everOpened = false;
  #busy = false;
  #waiting: Waiting[] = [];

  constructor(options: HeldSessionOptions) {
    this.#options = options;
  }

  /** Opens the session ahead of the first attempt. */
  async open(timeoutMs: number): Promise<Failure | null> {
    return this.#connect(timeoutMs);
  }

  get isOpen(): boolean {
    return this.#connection !== null && this.#connection.lost === null;
  }

  /** Whether an attempt is under way or waits. */
  get isBusy(): boolean {
    return this.#busy || this.#waiting.length > 0;
  }

  attempt(deadlineNs: number): Promise<AttemptEnd> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        deadlineNs,
        resolve,
        timer: afterReading(this.#options.clock, this.#leftMs(deadlineNs), () => {
          this.#waiting = this.#waiting.filter((other) => other !== waiting);
          resolve(failed(ownFailure('timeout', 'still waiting for the session when time was up')));
        }),
      };
      this.#waiting.push(waiting);
      void this.#pump();
    });
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next.timer.cancel();
      try {
        next.resolve(await this.#take(next.deadlineNs));
      } catch (error) {
        next.resolve({
          outcome: 'unknown',
          error: ownFailure('not-sent', String(error)),
          server: null,
        });
      }
    }
    this.#busy = false;
  }

  async #take(deadlineNs: number): Promise<AttemptEnd> {
    const lostWhileIdle = this.#connection?.lost ?? null;
    if (lostWhileIdle !== null) {
      this.#connection = null;
      return failed(lostWhileIdle);
    }
    const anew = this.#connection === null && this.#everOpened;
    if (this.#connection === null) {
      const failure = await this.#connect(this.#leftMs(deadlineNs));
      if (failure !== null) return failed(failure);
    }
    const connection = this.#connection;
    if (connection === null) return failed(ownFailure('closed', 'closed by us'));
    const end = await this.#options.use(connection, deadlineNs);
    if (connection.lost !== null) this.#loseAll(connection.lost);
    // A node that turned read-only may be the wrong one: dial again, as a good client does.
    if (end.error?.kind === 'read-only') void this.close();
    return anew ? { ...end, reconnected: true } : end;
  }

  #loseAll(failure: Failure): void {
    this.#connection = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      one.timer.cancel();
      one.resolve(failed({ ...failure, message: `lost while waiting: ${failure.message}` }));
    }
  }

  async #connect(timeoutMs: number): Promise<Failure | null> {
    const { target, applicationName, clock } = this.#options;
    const opened = await openConnection({ target, applicationName, clock, timeoutMs });
    if (opened.connection === undefined) return opened.failure;
    this.#connection = opened.connection;
    this.#everOpened = true;
    return null;
  }

  #leftMs(deadlineNs: number): number {
    return Math.max(0, (deadlineNs - this.#options.clock.nowNs()) / 1e6);
  }
}
