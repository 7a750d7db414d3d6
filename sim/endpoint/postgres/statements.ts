/** What a Postgres client's messages say of statements, for those who rule on them. */
import {
  errorMessage,
  frontend,
  message,
  readyForQueryMessage,
  textAnswer,
} from '../../wire/postgres/messages.js';
import type { HeldBytes } from '../held-bytes.js';
import type { Statements } from '../statement-gate.js';
import {
  isCommit,
  type NextStatement,
  type StatementAnswer,
  statementBytesMax,
} from '../statement-hook.js';
import type { Traffic } from './traffic.js';

const headerBytes = 5;
const portalsMax = 1_000;

export class PostgresStatements implements Statements {
  readonly #traffic: () => Traffic;
  readonly #send: (bytes: Buffer) => void;
  /** Portals that run a COMMIT. */
  readonly #commits = new Set<string>();
  #unnamedCommits = false;

  constructor(traffic: () => Traffic, send: (bytes: Buffer) => void) {
    this.#traffic = traffic;
    this.#send = send;
  }

  get answersDue(): boolean {
    return this.#traffic().answersDue;
  }

  next(held: HeldBytes): NextStatement | 'other' | 'incomplete' {
    const head = held.joined(headerBytes);
    if (head.length < headerBytes) return 'incomplete';
    const type = head[0] as number;
    const bytes = head.readInt32BE(1) + 1;
    if (!told.includes(type) || bytes < headerBytes || bytes > statementBytesMax) return 'other';
    const chunk = held.joined(bytes);
    if (chunk.length < bytes) return 'incomplete';
    return this.#read(type, chunk.subarray(headerBytes, bytes), bytes);
  }

  #read(type: number, body: Buffer, bytes: number): NextStatement | 'other' {
    const [first = '', second = ''] = twoStrings(body);
    switch (type) {
      case frontend.query:
        return { bytes, sql: first, stage: 'run' };
      case frontend.parse:
        if (first === '') this.#unnamedCommits = isCommit(second);
        return { bytes, sql: second, stage: 'prepared' };
      case frontend.bind:
        this.#bind(first, second);
        return 'other';
      default:
        return this.#commits.has(first) ? { bytes, sql: 'COMMIT', stage: 'run' } : 'other';
    }
  }

  /** A statement may have been prepared before anybody ruled: the books know which commit. */
  #bind(portal: string, statement: string): void {
    const commits =
      statement === '' ? this.#unnamedCommits : this.#traffic().commits.has(statement);
    if (!commits) this.#commits.delete(portal);
    else if (this.#commits.size < portalsMax) this.#commits.add(portal);
  }

  /** Not in the extended protocol: half of the talk has been the server's by then. */
  answer(query: Buffer, answer: StatementAnswer): boolean {
    if (query[0] !== frontend.query) return false;
    const ready = readyForQueryMessage(this.#traffic().status);
    this.#send(Buffer.concat([answerBytes(answer), ready]));
    return true;
  }

  withStatement(before: Buffer, sql: string): Buffer {
    if (before[0] === frontend.query) return message(frontend.query, `${sql}\0`);
    const body = before.subarray(headerBytes);
    const nameEnd = body.indexOf(0) + 1;
    const rest = body.indexOf(0, nameEnd) + 1;
    return message(frontend.parse, body.subarray(0, nameEnd), `${sql}\0`, body.subarray(rest));
  }
}

const told: readonly number[] = [frontend.query, frontend.parse, frontend.bind, frontend.execute];

function answerBytes(answer: StatementAnswer): Buffer {
  if (answer === 'ok') return textAnswer([], []);
  if ('columns' in answer) return textAnswer(answer.columns, answer.rows);
  const { code, text } = answer.error;
  return errorMessage({ severity: 'ERROR', code, message: text });
}

/** The strings at the beginning of a body; fewer where it has none. */
function twoStrings(body: Buffer): [string?, string?] {
  const firstEnd = body.indexOf(0);
  if (firstEnd === -1) return [];
  const first = body.toString('utf8', 0, firstEnd);
  const secondEnd = body.indexOf(0, firstEnd + 1);
  return secondEnd === -1 ? [first] : [first, body.toString('utf8', firstEnd + 1, secondEnd)];
}
