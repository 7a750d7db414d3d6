/**
 * Statements of clients that are not the server's affair alone: a fault breaks off at a COMMIT, a
 * cluster understands SQL that its server does not. With no hook nothing is looked at; with one,
 * each chunk is asked about once, and what may matter is taken statement by statement.
 */
import type { SessionOwner } from './session-birth.js';

/** What a hook may know of the session that a statement came from. */
export interface AskingSession {
  readonly id: string;
  readonly owner: SessionOwner;
}

/** An answer that no server gave. Values are texts; null is NULL. */
export type StatementAnswer =
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly (string | null)[])[] }
  /** Done, and there are no rows. */
  | 'ok'
  | { readonly error: { readonly code: string; readonly number: number; readonly text: string } };

/**
 * What becomes of a statement:
 * - `pass`: the server gets it
 * - `cut`: the client's connection is reset, and the server never gets it
 * - `cut-answer`: the server gets it, and the connection is reset before its answer passes
 * - `never-answered`: nobody gets it; what follows it waits for an end of the session
 * - `answer`: it is answered here, after all that was asked before
 * - `instead`: the server gets this one
 */
export type StatementRuling =
  | 'pass'
  | 'cut'
  | 'cut-answer'
  | 'never-answered'
  | { readonly answer: StatementAnswer }
  | { readonly instead: string };

/**
 * A statement is `prepared` for later, or is `run`: as a text, or, a COMMIT alone, as prepared.
 * What else was prepared is told when that is done, not each time that it is run.
 */
export type StatementStage = 'prepared' | 'run';

export interface StatementHook {
  /**
   * Whether the chunk may hold a statement of its kind, told from a few bytes: asked for every
   * chunk from a client. One that comes in several chunks may be missed if this says no.
   */
  mayMatter(chunk: Buffer): boolean;
  /** Called for every statement in a chunk that may matter. Must not throw. */
  onStatement(sql: string, stage: StatementStage, session: AskingSession): StatementRuling;
}

/** The first ruling of a chain that is not `pass`. */
export function ruleOn(
  hooks: readonly StatementHook[],
  sql: string,
  stage: StatementStage,
  session: AskingSession,
): StatementRuling {
  for (const hook of hooks) {
    const ruling = hook.onStatement(sql, stage, session);
    if (ruling !== 'pass') return ruling;
  }
  return 'pass';
}

/** Longer ones pass unseen. */
export const statementBytesMax = 64 * 1024;

/** What comes next from a client, at the beginning of a message. */
export interface NextStatement {
  /** Of the whole message. */
  readonly bytes: number;
  readonly sql: string;
  readonly stage: StatementStage;
}

/** Whether a text ends a transaction by committing it. Comments inside it are not understood. */
export function isCommit(sql: string): boolean {
  return commit.test(sql);
}

/** By itself, or as the last of several statements. */
const commit = new RegExp(
  [
    String.raw`(?:^|;)\s*(?:/\*[^*]*\*/\s*)?(?:commit|end)(?:\s+(?:work|transaction))?`,
    String.raw`(?:\s+and\s+(?:no\s+)?chain)?(?:\s+(?:no\s+)?release)?[\s;]*$`,
  ].join(''),
  'i',
);
