/**
 * The replica-lag lane: at each tick a heartbeat is written through the writer, and a session that
 * is held at the reader is asked which is the newest that it shows. Its polls fail where the
 * reader does not answer; whether the writer takes the heartbeat only decides what they can tell.
 */
import type { Clock } from '../../sim/clock.js';
import type { Failure } from '../history/entry.js';
import { type AttemptEnd, type Attempts, failed } from './attempt.js';
import type { DatabaseConnection } from './connection.js';
import { type Dialect, dialectOf, quoteTable } from './dialect.js';
import type { DialOptions } from './dialled-session.js';
import { Heartbeats } from './heartbeats.js';
import { HeldSession } from './held-session.js';
import { dialOf } from './open-connection.js';
import { standingAlone } from './session-uses.js';
import { heartbeatTable, parseTable } from './table-name.js';
import type { ConnectionTarget } from './target.js';

export interface ReplicaLagOptions {
  readonly clock: Clock;
  /** The lane's name: its row among the heartbeats. */
  readonly lane: string;
  readonly writer: ConnectionTarget;
  readonly reader: ConnectionTarget;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** In a black hole the next heartbeat would wait for as long: the writer's name may lead away. */
const heartbeatTimeoutMs = 5_000;

/** Tables that have not come to the reader yet: it answers, and shows no heartbeat. */
const unknownTable: ReadonlySet<string | number | null | undefined> = new Set([
  '42P01',
  1049,
  1146,
]);

export class ReplicaLag implements Attempts {
  readonly #clock: Clock;
  readonly #dialect: Dialect;
  readonly #table: string;
  readonly #lane: string;
  readonly #reading: HeldSession;
  readonly #writing: HeldSession;
  readonly #heartbeats: Heartbeats;

  constructor({ clock, lane, writer, reader, intervalMs, timeoutMs }: ReplicaLagOptions) {
    this.#clock = clock;
    this.#lane = lane;
    this.#dialect = dialectOf(reader.engine);
    this.#table = quoteTable(this.#dialect, parseTable(heartbeatTable));
    const dialling = (target: ConnectionTarget, kind: string, limitMs: number): DialOptions => ({
      dial: dialOf({ target, applicationName: `rehearse/probe/${kind}`, clock }),
      clock,
      timeoutMs: limitMs,
    });
    this.#reading = new HeldSession(
      dialling(reader, 'replica-lag', timeoutMs),
      standingAlone(clock, this.#dialect, (connection, deadlineNs) =>
        this.#read(connection, deadlineNs),
      ),
    );
    let next: { readonly number: number; readonly onSent: () => void } | null = null;
    this.#writing = new HeldSession(
      dialling(writer, 'heartbeat', Math.min(timeoutMs, heartbeatTimeoutMs)),
      standingAlone(clock, this.#dialect, (connection, deadlineNs) => {
        next?.onSent();
        return this.#beat(connection, next?.number ?? 0, deadlineNs);
      }),
    );
    this.#heartbeats = new Heartbeats(clock, intervalMs / 2, async (number, onSent, deadlineNs) => {
      next = { number, onSent };
      return (await this.#writing.attempt(deadlineNs)).outcome === 'ok';
    });
  }

  async open(timeoutMs: number): Promise<Failure | null> {
    const [reading, writing] = await Promise.all([
      this.#reading.open(timeoutMs),
      this.#writing.open(timeoutMs),
    ]);
    return reading ?? writing;
  }

  attempt(deadlineNs: number): Promise<AttemptEnd> {
    const soonNs = this.#clock.nowNs() + heartbeatTimeoutMs * 1e6;
    this.#heartbeats.beat(Math.min(deadlineNs, soonNs));
    return this.#reading.attempt(deadlineNs);
  }

  async close(): Promise<void> {
    await Promise.all([this.#reading.close(), this.#writing.close()]);
    await this.#heartbeats.settled();
  }

  async #read(connection: DatabaseConnection, deadlineNs: number): Promise<AttemptEnd> {
    const askedNs = this.#clock.nowNs();
    const statement = this.#dialect.readHeartbeat(this.#table, this.#lane);
    const answer = await connection.query(statement, (deadlineNs - askedNs) / 1e6);
    if (!answer.ok && !isUnknownTable(answer.failure)) return failed(answer.failure);
    const text = answer.ok ? answer.rows[0]?.[0] : null;
    const number = typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : null;
    const heartbeat = this.#heartbeats.shown(number, askedNs);
    return { outcome: 'ok', error: null, server: null, heartbeat };
  }

  async #beat(
    connection: DatabaseConnection,
    number: number,
    deadlineNs: number,
  ): Promise<AttemptEnd> {
    const statement = this.#dialect.writeHeartbeat(this.#table, this.#lane, number);
    const answer = await connection.query(statement, (deadlineNs - this.#clock.nowNs()) / 1e6);
    return answer.ok ? { outcome: 'ok', error: null, server: null } : failed(answer.failure);
  }
}

function isUnknownTable({ sqlstate, errorNumber }: Failure): boolean {
  return unknownTable.has(sqlstate) || unknownTable.has(errorNumber);
}
