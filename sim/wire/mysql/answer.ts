/**
 * Follows a server's packets and knows where the answer to each command ends, from the first
 * bytes of each: of a row nothing but its length is looked at. Pure.
 */
import { has, serverStatus } from './capabilities.js';
import type { AnswerKind } from './commands.js';
import {
  type OkHead,
  type PreparedStatement,
  parseErr,
  parseOk,
  parsePrepared,
  type ServerError,
} from './messages.js';
import { type PacketSink, packetBytesMax } from './walker.js';

/** What a packet of the server is. */
export type PacketRole =
  | 'ok'
  | 'error'
  /** How many columns follow. */
  | 'column-count'
  | 'definition'
  /** EOF behind definitions: more follows unless a cursor was opened. */
  | 'definitions-end'
  | 'row'
  /** EOF, or OK in its place, behind rows. */
  | 'rows-end'
  /** The statement id, in bytes 1 to 4. */
  | 'prepared'
  /** The server wants a file of the client. */
  | 'local-infile'
  | 'text'
  | 'dump'
  | 'authentication'
  | 'progress'
  /** Nobody asked: an error before the server closes, or nonsense. */
  | 'unsolicited';

export interface AnswerOptions {
  /** Client and server agreed on CLIENT_DEPRECATE_EOF. */
  readonly deprecateEof: boolean;
  /** How much of an OK is wanted: 23 bytes hold its numbers, more what it tells of the session. */
  readonly okBytesMax?: number;
}

/** Server errors are 512 bytes at most. */
const errBytesMax = 1024;
/** Header, two 8-byte integers with their marks, status and warnings. */
const okNumbersBytes = 23;
/** The longest EOF; a row that begins with 0xfe is longer than 16 MiB. */
const eofBytesMax = 8;
/** Clients are held back long before. */
const outstandingMax = 100_000;

type Expected = 'first' | 'definitions' | 'definitions-end' | 'rows';

export class AnswerReader implements PacketSink {
  readonly #deprecateEof: boolean;
  readonly #okBytesMax: number;
  #queue: AnswerKind[] = [];
  #expected: Expected = 'first';
  /** Definitions still to come, and those of the statement's columns behind its parameters'. */
  #definitions = 0;
  #columnsBehind = 0;
  #rowsFollow = false;
  #clientData = false;
  #answered = 0;
  #status = serverStatus.autocommit as number;
  #ok: OkHead | undefined;
  #error: ServerError | undefined;
  #prepared: PreparedStatement | undefined;
  #violation: string | undefined;

  constructor(options: AnswerOptions) {
    this.#deprecateEof = options.deprecateEof;
    this.#okBytesMax = Math.max(okNumbersBytes, options.okBytesMax ?? okNumbersBytes);
  }

  /** The client sent a command that wants an answer; several may be outstanding. */
  begin(kind: AnswerKind): void {
    if (kind === 'none') return;
    if (this.#queue.length === outstandingMax) this.#violation = 'too many unanswered commands';
    else this.#queue.push(kind);
  }

  /** How many commands wait for the end of their answer. */
  get outstanding(): number {
    return this.#queue.length;
  }

  /** The kind of answer that is awaited or under way. */
  get current(): AnswerKind | undefined {
    return this.#queue[0];
  }

  /**
   * Nothing is awaited, and no file is half sent. Told at the head of the last packet: together
   * with `atBoundary` of the walker its last byte was seen, too.
   */
  get complete(): boolean {
    return this.#queue.length === 0 && !this.#clientData;
  }

  /** How many answers have ended so far. */
  get answered(): number {
    return this.#answered;
  }

  /** The client's next payloads are a file's content and no commands, until the empty one. */
  get wantsClientData(): boolean {
    return this.#clientData;
  }

  /** The client sent a payload while `wantsClientData`. */
  clientData(payloadBytes: number): void {
    if (payloadBytes === 0) this.#clientData = false;
  }

  /** Status bits last told. An error tells none: what it rolled back shows at the next OK. */
  get status(): number {
    return this.#status;
  }

  get inTransaction(): boolean {
    return has(this.#status, serverStatus.inTransaction);
  }

  get autocommit(): boolean {
    return has(this.#status, serverStatus.autocommit);
  }

  get sessionStateChanged(): boolean {
    return has(this.#status, serverStatus.sessionStateChanged);
  }

  /** Of the last OK, be it in the place of an EOF. */
  get affectedRows(): number {
    return this.#ok?.affectedRows ?? 0;
  }

  get lastInsertId(): bigint {
    return this.#ok?.lastInsertId ?? 0n;
  }

  /** The last answer's error; undefined if it ended well. */
  get error(): ServerError | undefined {
    return this.#error;
  }

  /** What the last COM_STMT_PREPARE gave. */
  get prepared(): PreparedStatement | undefined {
    return this.#prepared;
  }

  /** Set once the server sent what is no answer; nothing after it can be understood. */
  get violation(): string | undefined {
    return this.#violation;
  }

  wants(first: number, payloadBytes: number): number {
    if (first === 0xff) return errBytesMax;
    switch (this.#expected) {
      case 'rows':
        return this.#endsRows(first, payloadBytes) ? this.#okBytesMax : 0;
      case 'definitions':
        return 0;
      case 'definitions-end':
        return eofBytesMax;
      default:
        return this.#queue[0] === 'text' || this.#queue[0] === 'dump' ? 0 : this.#okBytesMax;
    }
  }

  /** Takes a payload's head. @returns what it is */
  packet(first: number, payloadBytes: number, head: Buffer | null): PacketRole {
    if (this.#expected === 'rows' && first !== 0xff && !this.#endsRows(first, payloadBytes))
      return 'row';
    if (first === 0xff) return this.#err(head);
    const kind = this.#queue[0];
    if (kind === undefined) {
      this.#violation ??= 'a packet that nobody asked for';
      return 'unsolicited';
    }
    switch (this.#expected) {
      case 'rows':
        return this.#rowsEnd(head);
      case 'definitions':
        return this.#definition();
      case 'definitions-end':
        return this.#definitionsEnd(head);
      default:
        return this.#first(kind, first, payloadBytes, head);
    }
  }

  #endsRows(first: number, payloadBytes: number): boolean {
    if (first !== 0xfe) return false;
    return payloadBytes <= eofBytesMax || (this.#deprecateEof && payloadBytes < packetBytesMax);
  }

  #first(kind: AnswerKind, first: number, payloadBytes: number, head: Buffer | null): PacketRole {
    this.#error = undefined;
    switch (kind) {
      case 'text':
        this.#end();
        return 'text';
      case 'dump':
        if (first !== 0xfe || payloadBytes > eofBytesMax) return 'dump';
        this.#end();
        return 'rows-end';
      case 'authentication':
        return first === 0 ? this.#okPacket(head) : 'authentication';
      case 'prepared':
        return this.#preparedPacket(head);
      case 'fields':
      case 'fetched':
        this.#expected = 'rows';
        return this.#endsRows(first, payloadBytes) ? this.#rowsEnd(head) : 'row';
      default:
        if (first === 0 || first === 0xfe) return this.#okPacket(head);
        return kind === 'rows' ? this.#resultSet(first, head) : this.#nonsense();
    }
  }

  #resultSet(first: number, head: Buffer | null): PacketRole {
    if (first === 0xfb) {
      this.#clientData = true;
      return 'local-infile';
    }
    const columns = first < 0xfb ? first : first === 0xfc && head !== null ? wide(head) : -1;
    if (columns <= 0) return this.#nonsense();
    this.#rowsFollow = true;
    this.#columnsBehind = 0;
    this.#definitions = columns;
    this.#expected = 'definitions';
    return 'column-count';
  }

  #preparedPacket(head: Buffer | null): PacketRole {
    const prepared = head === null ? undefined : parsePrepared(head);
    if (prepared === undefined) return this.#nonsense();
    this.#prepared = prepared;
    this.#rowsFollow = false;
    this.#definitions = prepared.parameters;
    this.#columnsBehind = prepared.columns;
    if (prepared.parameters > 0) this.#expected = 'definitions';
    else this.#definitionsDone();
    return 'prepared';
  }

  #definition(): PacketRole {
    if (--this.#definitions === 0) {
      if (this.#deprecateEof) this.#definitionsDone();
      else this.#expected = 'definitions-end';
    }
    return 'definition';
  }

  #definitionsEnd(head: Buffer | null): PacketRole {
    const eof = head === null ? undefined : parseOk(head);
    if (eof === undefined) return this.#nonsense();
    this.#status = eof.status;
    if (this.#rowsFollow && has(eof.status, serverStatus.cursorExists)) this.#end();
    else this.#definitionsDone();
    return 'definitions-end';
  }

  #definitionsDone(): void {
    if (this.#rowsFollow) this.#expected = 'rows';
    else if (this.#columnsBehind > 0) {
      this.#definitions = this.#columnsBehind;
      this.#columnsBehind = 0;
      this.#expected = 'definitions';
    } else this.#end();
  }

  #rowsEnd(head: Buffer | null): PacketRole {
    return this.#numbers(head) ? 'rows-end' : this.#nonsense();
  }

  #okPacket(head: Buffer | null): PacketRole {
    return this.#numbers(head) ? 'ok' : this.#nonsense();
  }

  /** OK and EOF say how the session stands now, and whether another result follows. */
  #numbers(head: Buffer | null): boolean {
    const ok = head === null ? undefined : parseOk(head);
    if (ok === undefined) return false;
    this.#ok = ok;
    this.#status = ok.status;
    if (has(ok.status, serverStatus.moreResultsExist)) this.#expected = 'first';
    else this.#end();
    return true;
  }

  #err(head: Buffer | null): PacketRole {
    const error = head === null ? undefined : parseErr(head);
    if (error === undefined) return this.#nonsense();
    // MariaDB tells of progress so, to clients that asked for it; the answer goes on.
    if (error.number === 0xffff && this.#queue.length > 0) return 'progress';
    this.#error = error;
    if (this.#queue.length === 0) return 'unsolicited';
    this.#end();
    return 'error';
  }

  #nonsense(): PacketRole {
    this.#violation ??= 'a packet that is no answer to the command';
    return 'unsolicited';
  }

  #end(): void {
    this.#queue.shift();
    this.#expected = 'first';
    this.#answered++;
  }
}

/** A length-encoded column count above 250. */
function wide(head: Buffer): number {
  return head.length >= 3 ? head.readUInt16LE(1) : -1;
}
