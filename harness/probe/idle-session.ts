/**
 * The idle-session lane: a connection on which nothing is ever sent. A tick only looks whether it
 * is still there; a last query at the end tells a connection that lives from one that hangs.
 */
import type { Failure } from '../history/entry.js';
import { type AttemptEnd, type Attempts, failed } from './attempt.js';
import type { Dialect } from './dialect.js';
import { DialledSession, type DialOptions } from './dialled-session.js';

export class IdleSession implements Attempts {
  readonly #session: DialledSession;
  readonly #dialect: Dialect;

  constructor(options: DialOptions, dialect: Dialect) {
    this.#session = new DialledSession(options);
    this.#dialect = dialect;
  }

  open(timeoutMs: number): Promise<Failure | null> {
    return this.#session.open(timeoutMs);
  }

  async attempt(deadlineNs: number): Promise<AttemptEnd> {
    const lost = this.#session.connection?.lost ?? null;
    if (lost !== null) {
      this.#session.drop();
      return failed(lost);
    }
    if (this.#session.connection === null) {
      const failure = await this.#session.join(deadlineNs);
      if (failure !== null) return failure;
    }
    const anew = this.#session.takeAnew();
    return { outcome: 'ok', error: null, server: null, ...(anew ? { reconnected: true } : {}) };
  }

  /** The held session's query: the published hang shows on the first one afterwards. */
  async finalCheck(timeoutMs: number): Promise<AttemptEnd | null> {
    const { connection } = this.#session;
    if (connection === null) return null;
    const answer = await connection.query(this.#dialect.askHeld, timeoutMs);
    if (!answer.ok) return failed(answer.failure);
    return { outcome: 'ok', error: null, server: this.#dialect.identityOf(answer.rows[0]) };
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
