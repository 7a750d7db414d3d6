/**
 * One connection of `pg`, tamed: nothing it does is an unhandled error, every wait has a
 * deadline that destroys the socket, and what goes wrong comes back as a value.
 */
import { Socket } from 'node:net';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import pg from 'pg';
import type { Clock } from '../../../sim/clock.js';
import type { Failure } from '../../history/entry.js';
import { afterReading } from '../after-reading.js';
import type {
  Answer,
  DatabaseConnection,
  Opened,
  OpenOptions,
  Row,
  Statement,
} from '../connection.js';
import { type ClassifiedFailure, ownFailure } from '../failure.js';
import type { ConnectionTarget } from '../target.js';
import { classify } from './failure.js';
import { type ByteSource, guarded } from './sane-messages.js';

/** How long the server may take to close after our Terminate. */
const closeTimeoutMs = 1_000;

const rawTypes = { getTypeParser: () => (value: unknown) => value };

export class PostgresConnection implements DatabaseConnection {
  readonly #client: pg.Client;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #target: ConnectionTarget;
  #lost: Failure | null = null;
  #warned: Failure | null = null;
  #closing = false;

  private constructor(options: OpenOptions) {
    this.#clock = options.clock;
    this.#target = options.target;
    this.#socket = new Socket();
    this.#client = new pg.Client({
      host: options.target.host,
      port: options.target.port,
      user: options.target.user,
      database: options.target.database,
      // A function, because an empty string sends `pg` to the environment and to ~/.pgpass.
      password: () => options.target.password,
      application_name: options.applicationName,
      ssl: tlsOptions(options.target),
      stream: () => this.#socket,
      types: rawTypes as pg.CustomTypesConfig,
    });
    guardParser(this.#client.connection);
    this.#client.on('error', (error) => this.#lose(this.#classify(error).failure));
    this.#client.on('end', () => this.#lose(ownFailure('closed', 'the connection was closed')));
    this.#client.on('notice', (notice) => {
      const { failure } = this.#classify(notice);
      if (failure.kind === 'terminated') this.#warned = failure;
    });
  }

  /** Connects and authenticates. Never rejects. */
  static async open(options: OpenOptions): Promise<Opened> {
    const made = new PostgresConnection(options);
    const connected = made.#client.connect().then(
      () => null,
      (error: unknown) => made.#classify(error).failure,
    );
    const failure = await made.#before(options.timeoutMs, connected, () =>
      ownFailure('timeout', `no connection within ${Math.round(options.timeoutMs)} ms`),
    );
    if (failure === null && made.#lost === null) return { connection: made };
    made.destroy();
    return { failure: failure ?? made.#lost ?? ownFailure('closed', 'closed while connecting') };
  }

  get lost(): Failure | null {
    return this.#lost;
  }

  async query(statement: Statement, timeoutMs: number): Promise<Answer> {
    if (this.#lost !== null)
      return { ok: false, failure: this.#lost, sent: false, definite: false };
    const answered = this.#client
      .query<(string | null)[]>({
        text: statement.text,
        rowMode: 'array',
        ...(statement.values === undefined ? {} : { values: [...statement.values] }),
        ...(statement.name === undefined ? {} : { name: statement.name }),
      })
      .then(
        (end): Answer => ({ ok: true, ...lastOf(end) }),
        (error: unknown): Answer => this.#failed(this.#classify(error)),
      );
    return this.#before(timeoutMs, answered, () => {
      const failure = ownFailure('timeout', `no answer within ${Math.round(timeoutMs)} ms`);
      this.#lose(failure);
      this.destroy();
      return { ok: false, failure, sent: true, definite: false };
    });
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#lost === null) {
      const ended = this.#client.end().then(
        () => undefined,
        () => undefined,
      );
      await this.#before(closeTimeoutMs, ended, () => undefined);
    }
    this.destroy();
  }

  destroy(): void {
    this.#closing = true;
    this.#client.connection.stream.destroy();
    this.#socket.destroy();
  }

  /** A fatal answer may reach the query before the connection's own end is seen. */
  #failed(classified: ClassifiedFailure): Answer {
    const { failure, definite, fatal } = classified;
    if (fatal) this.#lose(failure);
    const told = failure.kind === 'closed' && this.#warned !== null ? this.#warned : failure;
    return { ok: false, failure: told, sent: true, definite };
  }

  #lose(failure: Failure): void {
    if (this.#lost !== null) return;
    this.#lost = failure.sqlstate === null && this.#warned !== null ? this.#warned : failure;
    this.destroy();
  }

  #classify(error: unknown): ClassifiedFailure {
    return classify(error, this.#target.password);
  }

  #before<T>(timeoutMs: number, work: Promise<T>, late: () => T): Promise<T> {
    return new Promise((resolve) => {
      const timer = afterReading(this.#clock, timeoutMs, () => resolve(late()));
      void work.then((value) => {
        timer.cancel();
        resolve(value);
      });
    });
  }
}

/** `pg` hands the stream to its parser here, after TLS where there is TLS; it has no option. */
function guardParser(connection: object): void {
  const attach: unknown = Reflect.get(connection, 'attachListeners');
  if (typeof attach !== 'function') throw new Error('this version of pg cannot be guarded');
  Reflect.set(connection, 'attachListeners', (stream: ByteSource) =>
    Reflect.apply(attach, connection, [guarded(stream)]),
  );
}

/** A simple query of several statements gives several ends; the last one counts. */
function lastOf(end: pg.QueryArrayResult<(string | null)[]>): { command: string; rows: Row[] } {
  const last = Array.isArray(end) ? (end as (typeof end)[]).at(-1) : end;
  return { command: last?.command ?? '', rows: last?.rows ?? [] };
}

const tlsByTarget = new WeakMap<ConnectionTarget, ConnectionOptions | false>();

/** Made once per target: parsing a bundle of authorities for every poll would take longer. */
function tlsOptions(target: ConnectionTarget): ConnectionOptions | false {
  const known = tlsByTarget.get(target);
  if (known !== undefined) return known;
  const made = makeTlsOptions(target);
  tlsByTarget.set(target, made);
  return made;
}

function makeTlsOptions(target: ConnectionTarget): ConnectionOptions | false {
  const { mode, caPem } = target.tls;
  if (mode === 'disable') return false;
  if (mode === 'require') return { rejectUnauthorized: false };
  return {
    rejectUnauthorized: true,
    secureContext: createSecureContext(caPem === null ? {} : { ca: caPem }),
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}
