/** What is asked of Postgres and written to it. */
import type { Row } from '../connection.js';
import type { Dialect, ServerIdentity } from '../dialect.js';

/**
 * Version and start of the postmaster: a restart shows even where the version stays. A standby
 * says that its transactions are read-only.
 */
const identity =
  "SELECT current_setting('server_version'), to_char(pg_postmaster_start_time() " +
  `AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), ` +
  "current_setting('transaction_read_only'), host(inet_server_addr())";

export const postgresDialect: Dialect = {
  identity: { text: identity },
  /** With a parameter, because the published hang shows on those. */
  askHeld: {
    text: "SELECT current_setting('server_version') WHERE $1::int = 1",
    values: ['1'],
  },
  identityOf,
  beforeWrites: null,
  writeRow: (quotedTable, lane, number) => ({
    text:
      `INSERT INTO ${quotedTable} (lane, number) VALUES ($1, $2) ` +
      "RETURNING current_setting('server_version')",
    values: [lane, String(number)],
  }),
  createWriteTable: (quotedTable) =>
    `CREATE TABLE IF NOT EXISTS ${quotedTable} (lane text, number bigint, ` +
    'written_at timestamptz NOT NULL DEFAULT clock_timestamp())',
  writeHeartbeat: (quotedTable, lane, number) => ({
    text:
      `INSERT INTO ${quotedTable} AS shown (lane, number) VALUES ($1, $2) ON CONFLICT (lane) ` +
      'DO UPDATE SET number = greatest(shown.number, excluded.number)',
    values: [lane, String(number)],
  }),
  readHeartbeat: (quotedTable, lane) => ({
    text: `SELECT number FROM ${quotedTable} WHERE lane = $1`,
    values: [lane],
  }),
  createHeartbeatTable: (quotedTable) =>
    `CREATE TABLE IF NOT EXISTS ${quotedTable} (lane text PRIMARY KEY, number bigint NOT NULL)`,
  quoteName: (name) => `"${name.replaceAll('"', '""')}"`,
  quoteText: (text) => {
    const doubled = text.replaceAll("'", "''");
    return text.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
  },
};

/**
 * Reads a row of `version[, start[, read-only, address]]`; distributors append their name to the
 * version.
 */
function identityOf(row: Row | undefined): ServerIdentity | null {
  const version = row?.[0]?.split(' ')[0];
  if (version === undefined || version === '') return null;
  const [, startedAt, readOnly, host] = row ?? [];
  return {
    version,
    ...(typeof startedAt === 'string' ? { startedAt } : {}),
    ...(typeof readOnly === 'string' ? { readOnly: readOnly === 'on' } : {}),
    ...(typeof host === 'string' ? { host } : {}),
  };
}
