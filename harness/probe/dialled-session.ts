/**
 * The connection of a lane that holds one session, and the dial for a new one. One dial at a
 * time: what a server would have to bear when it comes back is one session a lane, not as many as
 * attempts failed. So attempts join the dial that is under way, and what they then know is what
 * the dial found out, which began before they did: their end says so.
 */
import type { Clock } from '../../sim/clock.js';
import type { Failure } from '../history/entry.js';
import { afterReading } from './after-reading.js';
import { type AttemptEnd, failed, notSent } from './attempt.js';
import type { DatabaseConnection, Opened } from './connection.js';
import { ownFailure } from './failure.js';

/** Opens one connection, within `timeoutMs`. Never rejects. */
export type Dial = (timeoutMs: number) => Promise<Opened>;

export interface DialOptions {
  readonly dial: Dial;
  readonly clock: Clock;
  /** For every dial, whoever began it: an edge poll's own time is too short for a slow login. */
  readonly timeoutMs: number;
}

interface Dialling {
  readonly startNs: number;
  readonly ended: Promise<Failure | null>;
}

const outOfTime = Symbol('out of time');

export class DialledSession {
  readonly #options: DialOptions;
  #connection: DatabaseConnection | null = null;
  #dialling: Dialling | null = null;
  #everOpened = false;
  #anew = false;
  #closed = false;

  constructor(options: DialOptions) {
    this.#options = options;
  }

  /** What is held; it may be lost already. */
  get connection(): DatabaseConnection | null {
    return this.#connection;
  }

  /** Opens the session ahead of the first attempt. */
  open(timeoutMs = this.#options.timeoutMs): Promise<Failure | null> {
    return this.#dial(timeoutMs).ended;
  }

  /**
   * Dials, or waits for the dial that is under way.
   * @returns null once there is a connection; else how the attempt ends
   */
  async join(deadlineNs: number): Promise<AttemptEnd | null> {
    const joined = this.#dialling;
    const { startNs, ended } = joined ?? this.#dial(this.#options.timeoutMs);
    const failure = await this.#until(deadlineNs, ended);
    if (failure === null) return null;
    if (failure !== outOfTime)
      return joined === null ? failed(failure) : { ...failed(failure), startNs };
    return joined === null
      ? failed(ownFailure('timeout', 'no connection when time was up'))
      : notSent('time was up before an earlier dial had ended');
  }

  /** Whether the connection is another than the first; true once for each. */
  takeAnew(): boolean {
    const anew = this.#anew;
    this.#anew = false;
    return anew;
  }

  /** Lets go of a connection that is of no use, closing it behind the attempt. */
  drop(): void {
    void this.#connection?.close();
    this.#connection = null;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  #dial(timeoutMs: number): Dialling {
    const startNs = this.#options.clock.nowNs();
    const dialling = { startNs, ended: this.#dialled(timeoutMs) };
    this.#dialling = dialling;
    return dialling;
  }

  async #dialled(timeoutMs: number): Promise<Failure | null> {
    const { connection, failure } = await this.#options.dial(timeoutMs);
    this.#dialling = null;
    if (connection === undefined) return failure;
    if (this.#closed) {
      connection.destroy();
      return ownFailure('closed', 'closed by us');
    }
    this.#connection = connection;
    this.#anew = this.#everOpened;
    this.#everOpened = true;
    return null;
  }

  #until<T>(deadlineNs: number, work: Promise<T>): Promise<T | typeof outOfTime> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const leftMs = (deadlineNs - clock.nowNs()) / 1e6;
      const timer = afterReading(clock, leftMs, () => resolve(outOfTime));
      void work.then((value) => {
        timer.cancel();
        resolve(value);
      });
    });
  }
}
