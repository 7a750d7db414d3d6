/** What differs between the engines in the ledger: its tables, its INSERT, its read-back. */
import type { Failure } from '../history/entry.js';
import type { Answer, Statement } from '../probe/connection.js';
import type { WireEngine } from '../probe/target.js';
import type { FoundRuns } from './found-runs.js';
import { mysqlLedger } from './mysql/ledger.js';
import { postgresLedger } from './postgres/ledger.js';

/** Asks one statement of the connection that reads back. */
export type AskText = (text: string) => Promise<Answer>;

export interface LedgerEngine {
  insert(session: string, number: number): Statement;
  /**
   * Whether an INSERT inside a transaction may be committed without COMMIT: where a session can
   * outlive its transaction, as under Aurora MySQL's zero-downtime patch, the statement after it
   * stands for itself.
   */
  readonly mayCommitAlone: boolean;
  /** The statements that make the schema `rehearse` and its tables for the instruments' role. */
  schemaStatements(instrumentUser: string): readonly string[];
  /**
   * Reads every row of the ledger in one snapshot, in pages, into `found`.
   * @returns what stopped it, or null
   */
  readAll(ask: AskText, found: Record<string, FoundRuns>): Promise<Failure | null>;
  /** The number that the database gave the row of an INSERT of ours, or null. */
  rowIdOf(inserted: Answer): number | null;
  /**
   * The number that the database gives the next row, taken from its counter without leaving a
   * row. Null where it gives none.
   */
  nextRowId(ask: AskText): Promise<number | null>;
}

const engines: Readonly<Record<WireEngine, LedgerEngine>> = {
  postgres: postgresLedger,
  mysql: mysqlLedger,
};

export function ledgerEngineOf(engine: WireEngine): LedgerEngine {
  return engines[engine];
}
