/** Takes a client's statements one by one where somebody wants to rule on them. */
import type { HeldBytes } from './held-bytes.js';
import {
  type AskingSession,
  type NextStatement,
  ruleOn,
  type StatementAnswer,
  type StatementHook,
  type StatementRuling,
} from './statement-hook.js';

/** What a protocol knows of its clients' statements. */
export interface Statements {
  /** Reads what comes next: a statement, something else, or what is not there whole yet. */
  next(held: HeldBytes): NextStatement | 'other' | 'incomplete';
  /** Something was sent whole to the server that it has not answered. */
  readonly answersDue: boolean;
  /**
   * Gives the client an answer of ours to that message, which no server gets.
   * @returns false where it cannot be answered here
   */
  answer(message: Buffer, answer: StatementAnswer): boolean;
  /** The same message with another statement in it. */
  withStatement(message: Buffer, sql: string): Buffer;
}

/** What is to be done with the message that comes next, and how long it is. */
export interface Ruled {
  readonly ruling: Exclude<StatementRuling, 'pass'>;
  readonly bytes: number;
}

export class StatementGate {
  readonly #hooks: readonly StatementHook[];
  readonly #session: AskingSession;
  /** Asked once for each statement, be it that what was asked before must be answered first. */
  #ruled: Ruled | undefined;

  constructor(hooks: readonly StatementHook[], session: AskingSession) {
    this.#hooks = hooks;
    this.#session = session;
  }

  get isOpen(): boolean {
    return this.#hooks.length === 0 && this.#ruled === undefined;
  }

  mayMatter(chunk: Buffer): boolean {
    return this.#hooks.some((hook) => hook.mayMatter(chunk));
  }

  /** @param last nothing more comes: what is not whole never will be */
  next(held: HeldBytes, statements: Statements, last: boolean): Ruled | 'pass' | 'wait' {
    if (this.#ruled !== undefined) return this.#due(statements);
    if (this.#hooks.length === 0) return 'pass';
    const statement = statements.next(held);
    if (statement === 'incomplete') return last ? 'pass' : 'wait';
    if (statement === 'other') return 'pass';
    const { sql, stage, bytes } = statement;
    const ruling = ruleOn(this.#hooks, sql, stage, this.#session);
    if (ruling === 'pass') return 'pass';
    this.#ruled = { ruling, bytes };
    return this.#due(statements);
  }

  /** What was asked before is answered first: the answers must not be mixed up. */
  #due({ answersDue }: Statements): Ruled | 'wait' {
    const ruled = this.#ruled;
    if (ruled === undefined) return 'wait';
    const inTurn = ruled.ruling !== 'cut' && ruled.ruling !== 'never-answered';
    return inTurn && answersDue ? 'wait' : ruled;
  }

  /**
   * Takes the message that was ruled upon off what is held, and does what can be done without the
   * session's own connections.
   * @param pass sends a message to the server
   */
  obey(held: HeldBytes, statements: Statements, pass: (message: Buffer) => void): void {
    if (this.#ruled === undefined) return;
    const { ruling, bytes } = this.#ruled;
    this.#ruled = undefined;
    const message = held.joined(bytes).subarray(0, bytes);
    if (typeof ruling === 'object') {
      if ('instead' in ruling) pass(statements.withStatement(message, ruling.instead));
      else if (!statements.answer(message, ruling.answer)) pass(message);
    } else if (ruling === 'cut-answer') pass(message);
    held.take(bytes);
  }
}
