/** What it takes to put an application session into a state and to examine it afterwards. */
import type { Failure } from '../history/entry.js';
import type { Answer, DatabaseConnection, Row, Statement } from '../probe/connection.js';
import type { CensusSession, LoadSessionKind } from './census.js';

/** One open session while it is put into its state or examined. */
export interface StateContext {
  readonly connection: DatabaseConnection;
  /** Numbers the sessions of a run from 1: makes names, keys and settings differ. */
  readonly number: number;
  /** What was noted when the state was entered, for the examination. */
  readonly memory: Map<string, string | null>;
  /** Runs one statement. */
  attempt(statement: Statement): Promise<Answer>;
  /** Runs one statement and gives its rows. Throws `StatementFailed`. */
  ask(statement: Statement): Promise<readonly Row[]>;
}

/** A statement on an application session that did not succeed. */
export class StatementFailed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** What one found of one piece of state: its name, and whether it is still as it was. */
export interface Finding {
  readonly what: string;
  readonly kept: boolean;
  /** What the client was told when it missed it, where the session went on after that. */
  readonly failure?: Failure;
}

export interface SessionState {
  /** Puts the session into the state. */
  enter(context: StateContext): Promise<void>;
  /** A statement that is left running; it must not end before the run does. */
  running?(context: StateContext): Statement;
  /** Looks what is left; not called for a session that still runs its statement. */
  examine(context: StateContext): Promise<readonly Finding[]>;
}

/** What differs between the engines in application sessions. All SQL runs on them themselves. */
export interface SessionEngine {
  /** What must be there before sessions of these kinds are opened. */
  prepare(kinds: readonly LoadSessionKind[]): readonly string[];
  /** Undefined where the engine has no such state. */
  stateOf(kind: LoadSessionKind): SessionState | undefined;
  /** The settings of an idle session whose census names none. */
  idleSettings(number: number): NonNullable<CensusSession['settings']>;
  setSetting(name: string, value: string): Statement;
  readSetting(name: string): Statement;
}

/** Long enough for any run, short enough not to stay on a server for ever. */
export const runningSeconds = 3_600;

export const nothingToEnter = async (): Promise<void> => {};
