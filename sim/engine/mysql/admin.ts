/**
 * The tool's own superuser connection to a server: opened when needed, again after a restart,
 * never left to throw by itself. It sets nothing: its session is what a fresh session is.
 */
import { connect, type Socket } from 'node:net';
import type { Connection, RowDataPacket } from 'mysql2';
import type { AdminLogin, ServerAddress } from '../../server/server.js';
import { EngineError, type TextRow } from '../ask.js';

const connectMsMax = 5_000;
const answerMsMax = 10_000;
/** Statements that the driver keeps prepared. */
const preparedMax = 20;

/** A value that a parameter can take. */
export type AdminParameter = string | number | bigint | null;

/** A connection and the socket below it, which the driver never lets go by force. */
interface Open {
  readonly connection: Connection;
  readonly socket: Socket;
}

export class MysqlAdmin {
  readonly #address: ServerAddress;
  readonly #login: AdminLogin;
  #open: Promise<Open> | undefined;
  /** Statements go one behind the other, so that each has its whole time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(address: ServerAddress, login: AdminLogin) {
    this.#address = address;
    this.#login = login;
  }

  /**
   * Runs one statement; its rows as objects. Integers beyond 2^53, decimals and dates are texts.
   * @param parameters go for `?`; with any, the statement is prepared
   * @throws EngineError with the server's own words; the driver's error when the server is away
   *   or does not answer in time
   */
  query<R extends object>(
    sql: string,
    parameters: readonly AdminParameter[] = [],
    timeoutMs = answerMsMax,
  ): Promise<R[]> {
    return this.#inTurn((connection) => send<R>(connection, sql, parameters, timeoutMs));
  }

  /** Runs one statement; its rows as texts. Throws as `query` does. */
  ask(sql: string, timeoutMs = answerMsMax): Promise<TextRow[]> {
    return this.#inTurn((connection) => sendForText(connection, sql, timeoutMs));
  }

  /** Lets the connection go; the next statement opens another. */
  async disconnect(): Promise<void> {
    const opening = this.#open;
    this.#open = undefined;
    const open = await opening?.catch(() => undefined);
    if (open === undefined || open.socket.destroyed) return;
    await new Promise<void>((resolve) => open.connection.end(() => resolve()));
    open.socket.destroySoon();
  }

  #inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const answer = this.#last.then(async () => {
      this.#open ??= this.#connect();
      const { connection, socket } = await this.#open;
      return work(connection).catch((error: unknown) => {
        // The server did not say no: nobody knows what the connection is still busy with.
        if (!(error instanceof EngineError)) {
          this.#open = undefined;
          socket.destroy();
        }
        throw error;
      });
    });
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #connect(): Promise<Open> {
    const { createConnection } = await import('mysql2');
    const socket = connect({ ...this.#address, noDelay: true });
    // The driver stops listening before it is done with it.
    socket.on('error', () => {});
    const connection = createConnection({
      stream: () => socket,
      user: this.#login.user,
      password: this.#login.password,
      database: this.#login.database,
      connectTimeout: connectMsMax,
      // The driver would ask for this sql_mode; a fresh session has none but the server's.
      flags: ['-IGNORE_SPACE'],
      supportBigNumbers: true,
      dateStrings: true,
      maxPreparedStatements: preparedMax,
      connectAttributes: { program_name: 'rehearse/admin' },
    });
    const opened = { connection, socket };
    const forget = (): void => {
      this.#open = undefined;
      socket.destroy();
    };
    connection.on('error', forget);
    connection.on('end', forget);
    try {
      await new Promise<void>((resolve, reject) => {
        connection.connect((error) => (error ? reject(error) : resolve()));
      });
    } catch (error) {
      forget();
      throw asEngineError(error);
    }
    return opened;
  }
}

function send<R extends object>(
  connection: Connection,
  sql: string,
  parameters: readonly AdminParameter[],
  timeoutMs: number,
): Promise<R[]> {
  return new Promise((resolve, reject) => {
    const options = { sql, timeout: timeoutMs };
    const done = (error: unknown, rows: RowDataPacket[]): void => {
      if (error) reject(asEngineError(error));
      else resolve((Array.isArray(rows) ? rows : []) as unknown as R[]);
    };
    if (parameters.length === 0) connection.query<RowDataPacket[]>(options, done);
    else connection.execute<RowDataPacket[]>(options, [...parameters], done);
  });
}

function sendForText(connection: Connection, sql: string, timeoutMs: number): Promise<TextRow[]> {
  return new Promise((resolve, reject) => {
    const options = {
      sql,
      timeout: timeoutMs,
      rowsAsArray: true,
      typeCast: (field: { string(): string | null }) => field.string(),
    };
    connection.query<RowDataPacket[]>(options, (error, rows) => {
      if (error) reject(asEngineError(error));
      else resolve((Array.isArray(rows) ? rows : []) as unknown as TextRow[]);
    });
  });
}

/** Only what the server itself said has a SQLSTATE. */
function asEngineError(error: unknown): unknown {
  const { errno, sqlState, message } = error as Partial<{
    errno: number;
    sqlState: string;
    message: string;
  }>;
  if (typeof sqlState !== 'string' || sqlState === '') return error;
  return new EngineError(errno ?? null, sqlState, message ?? 'unknown error');
}
