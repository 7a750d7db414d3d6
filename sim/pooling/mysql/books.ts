/** What a pooled MySQL session's bytes say: which answers are due, what pins it, what it set. */
import { type Passage, Traffic } from '../../endpoint/mysql/traffic.js';
import { command } from '../../wire/mysql/commands.js';
import { errPacket } from '../../wire/mysql/messages.js';
import { mysqlEffect, type PinReason, pinningTextBytes } from '../pinning.js';
import type { Books } from '../pooled-session.js';
import { timedOutText } from '../words.js';

/** A header and the command byte: enough to tell a goodbye. */
const headBytes = 5;
/** Settings that are repeated on each server connection; a session with more is pinned. */
const trackedMax = 50;

/** What a session set that goes with it from one server connection to the next. */
export interface Tracked {
  readonly database: string | undefined;
  readonly statements: readonly string[];
}

export class MysqlBooks implements Books, Passage {
  readonly #deprecateEof: boolean;
  #traffic: Traffic;
  #pin: PinReason | undefined;
  #violation: string | undefined;
  #database: string | undefined;
  readonly #settings = new Map<string, string>();
  /** The beginning of a header, kept until it can be told from a goodbye. */
  #kept: Buffer = Buffer.alloc(0);

  /** @param deprecateEof client and servers agree on CLIENT_DEPRECATE_EOF */
  constructor(deprecateEof: boolean) {
    this.#deprecateEof = deprecateEof;
    this.#traffic = new Traffic({ deprecateEof }, this);
  }

  get tracked(): Tracked {
    return { database: this.#database, statements: [...this.#settings.values()] };
  }

  get isQuiet(): boolean {
    return this.#traffic.quiet && this.#kept.length === 0;
  }

  get inTransaction(): boolean {
    return this.#traffic.answers.inTransaction;
  }

  get pin(): PinReason | undefined {
    return this.#pin;
  }

  get violation(): string | undefined {
    return this.#violation ?? this.#traffic.violation;
  }

  fromClient(chunk: Buffer): { toServer: Buffer; leaves: boolean } {
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    this.#kept = Buffer.alloc(0);
    const { fromClient, answers } = this.#traffic;
    let at = 0;
    while (at < bytes.length && this.violation === undefined) {
      if (fromClient.atBoundary && !answers.wantsClientData) {
        if (bytes.length - at < headBytes) {
          this.#kept = Buffer.from(bytes.subarray(at));
          break;
        }
        if (isQuit(bytes, at)) return { toServer: bytes.subarray(0, at), leaves: true };
      }
      at = fromClient.walk(bytes, at, true);
    }
    return { toServer: bytes.subarray(0, at), leaves: false };
  }

  fromServer(chunk: Buffer): void {
    this.#traffic.fromServer.walk(chunk);
  }

  saysGoodbye(chunk: Buffer): boolean {
    return chunk.length >= headBytes && isQuit(chunk, 0);
  }

  /** Between two transactions nothing is under way: the client's books begin anew, too. */
  attached(): void {
    this.#traffic = new Traffic({ deprecateEof: this.#deprecateEof }, this);
  }

  get timedOut(): Buffer {
    return errPacket(1, { number: 9501, sqlState: 'HY000', text: timedOutText });
  }

  /** In this protocol a server connection that is gone is a client's that is gone. */
  get lost(): Buffer {
    return Buffer.alloc(0);
  }

  violationNotice(text: string): Buffer {
    return errPacket(this.#traffic.nextSequence, { number: 1835, sqlState: 'HY000', text });
  }

  wantsRequest(commandByte: number, payloadBytes: number): number {
    return commandByte === command.initDb ? payloadBytes : 0;
  }

  /** Texts of statements come whole as long as they are short enough to be looked at. */
  request(commandByte: number, head: Buffer | null): boolean {
    switch (commandByte) {
      case command.query:
        this.#statement(head ?? Buffer.alloc(0));
        break;
      case command.stmtPrepare:
        this.#pin ??= 'prepared statement';
        break;
      case command.initDb:
        this.#database = head?.toString('utf8', 1);
        break;
      case command.resetConnection:
        this.#settings.clear();
        break;
      case command.changeUser:
        this.#violation = 'COM_CHANGE_USER is not modelled by this pooling endpoint';
        break;
      case command.setOption:
      case command.binlogDump:
      case command.binlogDumpGtid:
        this.#pin ??= 'state of the protocol';
        break;
      default:
        break;
    }
    return true;
  }

  answer(): void {}

  #statement(head: Buffer): void {
    if (head.length - 1 > pinningTextBytes) {
      this.#pin ??= 'statement over 16 KB';
      return;
    }
    const { pin, tracked, database } = mysqlEffect(head.toString('utf8', 1));
    this.#pin ??= pin;
    this.#database = database ?? this.#database;
    for (const { names, sql } of tracked) {
      // The later one counts: it goes behind those that were set before it.
      this.#settings.delete(names);
      this.#settings.set(names, sql);
    }
    if (this.#settings.size > trackedMax) this.#pin ??= 'system variable';
  }
}

function isQuit(bytes: Buffer, at: number): boolean {
  return bytes.readUIntLE(at, 3) === 1 && bytes[at + 4] === command.quit;
}
