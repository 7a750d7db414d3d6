/**
 * One connection of `mysql2`, tamed: nothing it does is an unhandled error or a printed line,
 * every wait has a deadline that destroys the socket, and what goes wrong comes back as a value.
 */
import { Socket } from 'node:net';
import mysql from 'mysql2';
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
import { classify, classifyServerError } from './failure.js';
import { guardParser } from './sane-packets.js';
import { takeOwnTls } from './tls.js';

/** How long the server may take to close after our Quit. */
const closeTimeoutMs = 1_000;

export class MysqlConnection implements DatabaseConnection {
  readonly #driver: mysql.Connection;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #target: ConnectionTarget;
  #lost: Failure | null = null;
  #onLost: ((failure: Failure) => void) | null = null;
  #closing = false;

  private constructor(options: OpenOptions) {
    this.#clock = options.clock;
    this.#target = options.target;
    this.#socket = new Socket();
    this.#socket.setNoDelay(true);
    this.#driver = mysql.createConnection(driverOptions(options, this.#socket));
    // First of all: whatever happens from here on is a value.
    this.#driver.on('error', (error) => this.#lose(this.#classify(error).failure));
    this.#driver.on('end', () => this.#lose(ownFailure('closed', 'the connection was closed')));
    this.#socket.on('close', () => this.#lose(ownFailure('closed', 'the connection was closed')));
    guardParser(this.#driver, {
      onUnasked: (error) => this.#lose(classifyServerError(error, this.#target.password).failure),
      onMalformed: () =>
        this.#lose(ownFailure('other', 'the answer is no packet of the MySQL protocol')),
    });
    takeOwnTls(this.#driver, options.target, {
      onData: (chunk) => parserOf(this.#driver).execute(chunk),
      onError: (error) => this.#lose(this.#tlsFailure(error)),
      onClose: () => this.#lose(ownFailure('closed', 'the connection was closed')),
    });
  }

  /** Connects and authenticates. Never rejects. */
  static async open(options: OpenOptions): Promise<Opened> {
    const { target, timeoutMs } = options;
    const made = new MysqlConnection(options);
    const failure = await made.#until<Failure | null>(timeoutMs, 'no connection', (settle) => {
      if (made.#lost !== null) return settle(made.#lost);
      made.#onLost = settle;
      made.#driver.once('connect', () => settle(null));
      made.#socket.connect({ host: target.host, port: target.port });
    });
    return failure === null ? { connection: made } : { failure };
  }

  get lost(): Failure | null {
    return this.#lost;
  }

  async query(statement: Statement, timeoutMs: number): Promise<Answer> {
    if (this.#lost !== null)
      return { ok: false, failure: this.#lost, sent: false, definite: false };
    if (this.#onLost !== null) return { ok: false, failure: busy, sent: false, definite: false };
    return this.#until<Answer>(timeoutMs, 'no answer', (settle) => {
      this.#onLost = (failure) => settle({ ok: false, failure, sent: true, definite: false });
      this.#send(statement, (error, result) =>
        settle(error === null ? success(result) : this.#failed(this.#classify(error))),
      );
    });
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#lost === null && this.#onLost === null) {
      await this.#until<void>(closeTimeoutMs, 'no close', (settle) => {
        this.#onLost = () => settle();
        this.#driver.end();
      });
    }
    this.destroy();
  }

  destroy(): void {
    this.#closing = true;
    const stream: unknown = Reflect.get(this.#driver, 'stream');
    if (stream instanceof Socket) stream.destroy();
    this.#socket.destroy();
    this.#driver.destroy();
  }

  #send(statement: Statement, done: (error: unknown, result: unknown) => void): void {
    const { text, values, name } = statement;
    const callback = (error: unknown, result: unknown): void => done(error ?? null, result);
    const options = { sql: text, ...(values === undefined ? {} : { values: [...values] }) };
    try {
      if (name === undefined) this.#driver.query({ ...options, typeCast: false }, callback);
      else this.#driver.execute(options, callback);
    } catch (error) {
      done(error, undefined);
    }
  }

  /** A fatal answer may reach the query before the connection's own end is seen. */
  #failed({ failure, definite, fatal }: ClassifiedFailure): Answer {
    if (fatal) {
      this.#onLost = null;
      this.#lose(failure);
    }
    return { ok: false, failure, sent: true, definite };
  }

  #lose(failure: Failure): void {
    if (this.#lost !== null) return;
    this.#lost = failure;
    this.destroy();
    this.#onLost?.(failure);
  }

  #tlsFailure(error: Error): Failure {
    const { failure } = this.#classify(error);
    return failure.kind === 'other' ? { ...failure, kind: 'tls' } : failure;
  }

  #classify(error: unknown): ClassifiedFailure {
    return classify(error, this.#target.password);
  }

  /** One wait at a time; when it is late the connection is lost, which settles it. */
  #until<T>(timeoutMs: number, what: string, begin: (settle: (value: T) => void) => void) {
    return new Promise<T>((resolve) => {
      const timer = afterReading(this.#clock, timeoutMs, () =>
        this.#lose(ownFailure('timeout', `${what} within ${Math.round(timeoutMs)} ms`)),
      );
      begin((value) => {
        timer.cancel();
        this.#onLost = null;
        resolve(value);
      });
    });
  }
}

/** SERVER_STATUS_IN_TRANS of the protocol's status flags. */
const inTransactionFlag = 1;

const busy = ownFailure('not-sent', 'the connection is still at its last statement');

function driverOptions({ target, applicationName }: OpenOptions, socket: Socket) {
  const options: mysql.ConnectionOptions = {
    host: target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    stream: () => socket,
    // Deadlines are ours: the driver's own timers know nothing of a stall of this process.
    connectTimeout: 0,
    // Field names come from a server that may be anything: no code is made of them.
    disableEval: true,
    rowsAsArray: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    flags: ['-LOCAL_FILES'],
    connectAttributes: { program_name: applicationName },
    // IAM tokens of RDS go this way; over TLS alone.
    enableCleartextPlugin: target.tls.mode !== 'disable',
    ...(target.database === '' ? {} : { database: target.database }),
    // That there is TLS at all; how is decided by our own way to it.
    ...(target.tls.mode === 'disable' ? {} : { ssl: { rejectUnauthorized: true } }),
  };
  return options;
}

function parserOf(driver: object): { execute(chunk: Buffer): void } {
  return Reflect.get(driver, 'packetParser') as { execute(chunk: Buffer): void };
}

/** What came back: rows, or the OK of a statement that gives none. */
function success(result: unknown): Answer {
  if (Array.isArray(result))
    return { ok: true, command: '', rows: result.map((row) => asTexts(row)) };
  const status: unknown =
    typeof result === 'object' && result !== null ? Reflect.get(result, 'serverStatus') : undefined;
  if (typeof status !== 'number') return { ok: true, command: '', rows: [] };
  const insertId = String(Reflect.get(Object(result), 'insertId') ?? 0);
  return {
    ok: true,
    command: '',
    rows: [],
    inTransaction: (status & inTransactionFlag) !== 0,
    ...(insertId === '0' ? {} : { insertId }),
  };
}

function asTexts(row: unknown): Row {
  if (!Array.isArray(row)) return [];
  return row.map((value: unknown) => {
    if (value === null || value === undefined) return null;
    return Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
  });
}
