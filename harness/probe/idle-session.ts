/**
 * The idle-session lane: a connection on which nothing is ever sent. A tick only looks whether it
 * is still there; a last query at the end tells a connection that lives from one that hangs.
 */
import type { Clock } from '../../sim/clock.js';
import type { Failure } from '../history/entry.js';
import { type AttemptEnd, type Attempts, failed } from './attempt.js';
import type { DatabaseConnection } from './connection.js';
import { dialectOf } from './dialect.js';
import { openConnection } from './open-connection.js';
import type { ConnectionTarget } from './target.js';

export class IdleSession implements Attempts {
  readonly #target: ConnectionTarget;
  readonly #clock: Clock;
  #connection: DatabaseConnection | null = null;
  #opening: Promise<Failure | null> | null = null;
  #everOpened = false;

  constructor(target: ConnectionTarget, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
  }

  async open(timeoutMs: number): Promise<Failure | null> {
    const opened = await openConnection({
      target: this.#target,
      clock: this.#clock,
      applicationName: 'rehearse/probe/idle-session',
      timeoutMs,
    });
    if (opened.connection === undefined) return opened.failure;
    this.#connection = opened.connection;
    this.#everOpened = true;
    return null;
  }

  async attempt(deadlineNs: number): Promise<AttemptEnd> {
    const connection = this.#connection;
    if (connection !== null) {
      if (connection.lost === null) return { outcome: 'ok', error: null, server: null };
      this.#connection = null;
      return failed(connection.lost);
    }
    const anew = this.#everOpened;
    this.#opening ??= this.open((deadlineNs - this.#clock.nowNs()) / 1e6);
    const failure = await this.#opening;
    this.#opening = null;
    if (failure !== null) return failed(failure);
    return { outcome: 'ok', error: null, server: null, ...(anew ? { reconnected: true } : {}) };
  }

  /** The held session's query: the published hang shows on the first one afterwards. */
  async finalCheck(timeoutMs: number): Promise<AttemptEnd | null> {
    const connection = this.#connection;
    if (connection === null) return null;
    const dialect = dialectOf(this.#target.engine);
    const answer = await connection.query(dialect.askHeld, timeoutMs);
    if (!answer.ok) return failed(answer.failure);
    return { outcome: 'ok', error: null, server: dialect.identityOf(answer.rows[0]) };
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }
}
