/** What a pooled Postgres session's bytes say: which answers are due, and what pins it. */
import { Outstanding } from '../../endpoint/postgres/outstanding.js';
import {
  backend,
  cStrings,
  errorMessage,
  frontend,
  parseErrorFields,
} from '../../wire/postgres/messages.js';
import { type MessageSink, Walker } from '../../wire/postgres/walker.js';
import { type PinReason, pinningTextBytes, postgresPin } from '../pinning.js';
import type { Books } from '../pooled-session.js';
import { lostText, timedOutText } from '../words.js';

/** Severity, code and text of an error; nobody needs more of it. */
const errorBytesMax = 1024;

export class PostgresBooks implements Books {
  readonly #client: Walker;
  #server: Walker;
  #outstanding = new Outstanding();
  #status: 'I' | 'T' | 'E' = 'I';
  #pin: PinReason | undefined;
  /** The server has said why it ends the connection. */
  #saidWhy = false;
  /** Of the extended messages since the last Sync: an unnamed Parse came, and was executed. */
  #parsed = false;
  #executed = false;

  constructor() {
    this.#client = new Walker(this.#clientSink());
    this.#server = new Walker(this.#serverSink());
  }

  get isQuiet(): boolean {
    return this.#outstanding.none && this.#client.atBoundary && this.#server.atBoundary;
  }

  get inTransaction(): boolean {
    return this.#status !== 'I';
  }

  get pin(): PinReason | undefined {
    return this.#pin;
  }

  get violation(): string | undefined {
    return this.#client.violation ?? this.#server.violation;
  }

  fromClient(chunk: Buffer): { toServer: Buffer; leaves: boolean } {
    let at = 0;
    while (at < chunk.length && this.#client.violation === undefined) {
      if (this.#client.atBoundary && chunk[at] === frontend.terminate)
        return { toServer: chunk.subarray(0, at), leaves: true };
      at = this.#client.walk(chunk, at, true);
    }
    return { toServer: chunk, leaves: false };
  }

  fromServer(chunk: Buffer): void {
    this.#server.walk(chunk);
  }

  saysGoodbye(chunk: Buffer): boolean {
    return this.#client.atBoundary && chunk[0] === frontend.terminate;
  }

  attached(): void {
    this.#server = new Walker(this.#serverSink());
    this.#outstanding = new Outstanding();
    this.#status = 'I';
    this.#saidWhy = false;
  }

  get timedOut(): Buffer {
    return errorMessage({ severity: 'FATAL', code: '08000', message: timedOutText });
  }

  /** Nothing where the server's own words, or half of a message, went before. */
  get lost(): Buffer {
    if (this.#saidWhy || !this.#server.atBoundary) return Buffer.alloc(0);
    return errorMessage({ severity: 'FATAL', code: '57P01', message: lostText });
  }

  violationNotice(text: string): Buffer {
    return errorMessage({ severity: 'FATAL', code: '08P01', message: text });
  }

  #clientSink(): MessageSink {
    return {
      wants: (type, bodyBytes) => {
        const isText = type === frontend.query || type === frontend.parse;
        return isText && bodyBytes <= pinningTextBytes ? bodyBytes : 0;
      },
      message: (type, bodyBytes, bytes, from, to) =>
        this.#fromClientMessage(type, bodyBytes, from < to ? bytes.subarray(from, to) : null),
    };
  }

  #fromClientMessage(type: number, bodyBytes: number, body: Buffer | null): void {
    switch (type) {
      case frontend.query:
        this.#outstanding.query();
        this.#endBatch();
        this.#look(body === null ? null : (cStrings(body)[0] ?? ''), bodyBytes);
        break;
      case frontend.functionCall:
        this.#outstanding.query();
        break;
      case frontend.parse:
        this.#outstanding.extended();
        this.#parse(body, bodyBytes);
        break;
      case frontend.execute:
        this.#outstanding.extended();
        this.#executed = true;
        break;
      case frontend.bind:
      case frontend.describe:
      case frontend.close:
        this.#outstanding.extended();
        break;
      case frontend.sync:
        this.#outstanding.sync();
        this.#endBatch();
        break;
      case frontend.copyDone:
      case frontend.copyFail:
        this.#outstanding.copyEnd();
        break;
      default:
        break;
    }
  }

  #parse(body: Buffer | null, bodyBytes: number): void {
    const [name = '', sql = ''] = body === null ? [] : cStrings(body);
    if (name !== '') this.#pin ??= 'prepared statement';
    else this.#parsed = true;
    this.#look(body === null ? null : sql, bodyBytes);
  }

  /** A statement that was prepared and not executed yet must be there when it is. */
  #endBatch(): void {
    if (this.#parsed && !this.#executed) this.#pin ??= 'prepared statement';
    this.#parsed = false;
    this.#executed = false;
  }

  #look(sql: string | null, bodyBytes: number): void {
    if (sql === null || bodyBytes > pinningTextBytes) this.#pin ??= 'statement over 16 KB';
    else this.#pin ??= postgresPin(sql);
  }

  #serverSink(): MessageSink {
    return {
      wants: (type, bodyBytes) => {
        if (type === backend.errorResponse) return Math.min(bodyBytes, errorBytesMax);
        return type === backend.readyForQuery ? 1 : 0;
      },
      message: (type, _bodyBytes, bytes, from, to) => {
        if (type === backend.readyForQuery) {
          this.#outstanding.ready();
          const status = String.fromCharCode(bytes[from] ?? 0x49);
          this.#status = status === 'T' || status === 'E' ? status : 'I';
        } else if (type === backend.copyInResponse || type === backend.copyBothResponse)
          this.#outstanding.copy();
        else if (type === backend.errorResponse) {
          this.#outstanding.error();
          const severity = parseErrorFields(bytes.subarray(from, to)).get('V');
          if (severity === 'FATAL' || severity === 'PANIC') this.#saidWhy = true;
        }
      },
    };
  }
}
