/**
 * One statement as bytes, sent through the driver's connection: the driver would take it for
 * UTF-8, which a dump need not be. Also the rows of `COPY ... FROM stdin`.
 */
import type { Client, Connection } from 'pg';
import { frontend, int32, message } from '../../wire/postgres/messages.js';

/** What the server said no with. */
export interface ServerRefusal {
  readonly code: string | undefined;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  /** Such as `COPY orders, line 7, column id`. */
  readonly where: string | undefined;
}

interface ErrorLike {
  readonly code?: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
}

const zero = Buffer.from([0]);

/** The driver calls these methods by their names. */
export class RawStatement {
  readonly #sql: Buffer;
  readonly #settle: {
    readonly resolve: (refused: ServerRefusal | null) => void;
    readonly reject: (error: Error) => void;
  };
  readonly ended: Promise<ServerRefusal | null>;
  /** Settles once the server wants rows, or has said no to the statement. */
  readonly wantsRows: Promise<boolean>;
  #answerRows: (wants: boolean) => void = () => undefined;
  #refused: ServerRefusal | null = null;
  #connection: Connection | undefined;

  private constructor(sql: Buffer) {
    this.#sql = sql;
    const { promise, resolve, reject } = withResolvers<ServerRefusal | null>();
    this.ended = promise;
    this.#settle = { resolve, reject };
    // Whoever waits for rows first hears of a lost connection there.
    promise.catch(() => undefined);
    this.wantsRows = new Promise((settle) => {
      this.#answerRows = settle;
    });
  }

  /** Sends it. `ended` gives what the server refused it with, or null; rejects if it is lost. */
  static send(client: Client, sql: Buffer): RawStatement {
    return client.query(new RawStatement(sql));
  }

  /** Sends rows and waits until the connection takes more. */
  async rows(bytes: Buffer): Promise<void> {
    const stream = this.#connection?.stream;
    if (stream === undefined || this.#refused !== null) return;
    const head = message(frontend.copyData).fill(int32(bytes.length + 4), 1);
    stream.write(head);
    if (stream.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        stream.off('drain', go);
        stream.off('close', go);
        resolve();
      };
      stream.on('drain', go);
      stream.on('close', go);
    });
  }

  endOfRows(): void {
    this.#connection?.stream.write(message(frontend.copyDone));
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    connection.stream.write(message(frontend.query, this.#sql, zero));
  }

  handleError(error: ErrorLike): void {
    const { code, message: said, detail, hint, where } = error;
    if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) {
      this.#answerRows(false);
      this.#settle.reject(new Error(said));
      return;
    }
    this.#refused = { code, message: said, detail, hint, where };
    this.#answerRows(false);
    // The driver takes an error for the end and forgets us; what follows it is of no interest.
    this.#settle.resolve(this.#refused);
  }

  handleReadyForQuery(): void {
    this.#answerRows(false);
    this.#settle.resolve(this.#refused);
  }

  handleCopyInResponse(): void {
    this.#answerRows(true);
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyData(): void {}
}

function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((good, bad) => {
    resolve = good;
    reject = bad;
  });
  return { promise, resolve, reject };
}
