/** What a MySQL client's packets say of statements, for those who rule on them. */
import { serverStatus } from '../../wire/mysql/capabilities.js';
import { command } from '../../wire/mysql/commands.js';
import { errPacket, okPacket } from '../../wire/mysql/messages.js';
import { packet } from '../../wire/mysql/packets.js';
import { textResultSet } from '../../wire/mysql/result-set.js';
import type { HeldBytes } from '../held-bytes.js';
import type { Statements } from '../statement-gate.js';
import {
  isCommit,
  type NextStatement,
  type StatementAnswer,
  statementBytesMax,
} from '../statement-hook.js';

const headerBytes = 4;
const commitsMax = 100;

/** What it needs of its session's books. */
export interface StatementBooks {
  readonly outstanding: number;
  /** The client sends a file: what comes is no command. */
  readonly clientData: boolean;
  readonly inTransaction: boolean;
  readonly deprecateEof: boolean;
}

export class MysqlStatements implements Statements {
  readonly #books: () => StatementBooks;
  readonly #send: (bytes: Buffer) => void;
  /** Ids of prepared statements that are COMMIT, as the client knows them. */
  readonly #commits = new Set<number>();
  #preparesCommit = false;

  constructor(books: () => StatementBooks, send: (bytes: Buffer) => void) {
    this.#books = books;
    this.#send = send;
  }

  get answersDue(): boolean {
    return this.#books().outstanding > 0;
  }

  next(held: HeldBytes): NextStatement | 'other' | 'incomplete' {
    if (this.#books().clientData) return 'other';
    const head = held.joined(headerBytes + 1);
    if (head.length <= headerBytes) return 'incomplete';
    const commandByte = head[headerBytes] as number;
    const bytes = headerBytes + head.readUIntLE(0, 3);
    if (!told.includes(commandByte) || bytes > statementBytesMax) return 'other';
    const chunk = held.joined(bytes);
    if (chunk.length < bytes) return 'incomplete';
    return this.#read(commandByte, chunk.subarray(headerBytes + 1, bytes), bytes);
  }

  #read(commandByte: number, body: Buffer, bytes: number): NextStatement | 'other' {
    if (commandByte === command.stmtExecute) {
      const commits = body.length >= 4 && this.#commits.has(body.readUInt32LE(0));
      return commits ? { bytes, sql: 'COMMIT', stage: 'run' } : 'other';
    }
    const sql = body.toString('utf8');
    if (commandByte === command.query) return { bytes, sql, stage: 'run' };
    this.#preparesCommit = !this.answersDue && isCommit(sql);
    return { bytes, sql, stage: 'prepared' };
  }

  /** The server gave a statement this id, by which the client will know it. */
  prepared(id: number): void {
    if (this.#preparesCommit && this.#commits.size < commitsMax) this.#commits.add(id);
    else if (this.#commits.size > 0) this.#commits.delete(id);
    this.#preparesCommit = false;
  }

  answer(message: Buffer, answer: StatementAnswer): boolean {
    if (message[headerBytes] !== command.query) return false;
    const { inTransaction, deprecateEof } = this.#books();
    const sequence = (message[3] as number) + 1;
    if (answer === 'ok') this.#send(okPacket(sequence, statusOf(inTransaction)));
    else if ('columns' in answer)
      this.#send(textResultSet(sequence, answer, { inTransaction, deprecateEof }));
    else {
      const { number, code, text } = answer.error;
      this.#send(errPacket(sequence, { number, sqlState: code, text }));
    }
    return true;
  }

  withStatement(message: Buffer, sql: string): Buffer {
    return packet(message[3] as number, message.subarray(headerBytes, headerBytes + 1), sql);
  }
}

const told: readonly number[] = [command.query, command.stmtPrepare, command.stmtExecute];

function statusOf(inTransaction: boolean): { status: number } {
  return { status: serverStatus.autocommit | (inTransaction ? serverStatus.inTransaction : 0) };
}
