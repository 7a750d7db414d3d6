/** What differs between the engines in what the lanes ask and write. */
import type { Row, Statement } from './connection.js';
import { mysqlDialect } from './mysql/dialect.js';
import { postgresDialect } from './postgres/dialect.js';
import type { TableName } from './table-name.js';
import type { WireEngine } from './target.js';

/** What answered. */
export type ServerIdentity = {
  readonly version: string;
  /** `MySQL` or `MariaDB`; absent for PostgreSQL. */
  readonly flavour?: string;
  /** When the server's main process started, where one row can tell. */
  readonly startedAt?: string;
  /** The machine's own name for itself, or its address, where the server tells it. */
  readonly host?: string;
  /** Whether it takes no writes. */
  readonly readOnly?: boolean;
};

export interface Dialect {
  /** Asks the server who it is; read by `identityOf`. */
  readonly identity: Statement;
  /** What the held session asks at each tick; read by `identityOf` as well. */
  readonly askHeld: Statement;
  identityOf(row: Row | undefined): ServerIdentity | null;
  /**
   * Sent once on a session that is to write for itself, or to see at each read what is there now;
   * null where nothing is needed.
   */
  readonly beforeWrites: Statement | null;
  /** One row for the writer lane; what it returns, if anything, is read by `identityOf`. */
  writeRow(quotedTable: string, lane: string, number: number): Statement;
  createWriteTable(quotedTable: string): string;
  /** One row a lane, whose number never goes back. */
  writeHeartbeat(quotedTable: string, lane: string, number: number): Statement;
  /** The number that is shown, or no row. */
  readHeartbeat(quotedTable: string, lane: string): Statement;
  createHeartbeatTable(quotedTable: string): string;
  /** Quotes an identifier for SQL text. */
  quoteName(name: string): string;
  /** Quotes a string for SQL text, whatever the session's settings say of backslashes. */
  quoteText(text: string): string;
}

const dialects: Readonly<Record<WireEngine, Dialect>> = {
  postgres: postgresDialect,
  mysql: mysqlDialect,
};

export function dialectOf(engine: WireEngine): Dialect {
  return dialects[engine];
}

/** A table's name as quoted SQL. */
export function quoteTable(dialect: Dialect, { schema, table }: TableName): string {
  return `${dialect.quoteName(schema)}.${dialect.quoteName(table)}`;
}
