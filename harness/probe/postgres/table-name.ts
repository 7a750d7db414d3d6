/** Names of tables and roles in SQL text. */
import { UserError } from '../../../sim/user-error.js';

/** Where the writer lane of a rehearsal writes. */
export const probeWriteTable = 'rehearse.probe_write';

/** Quotes an identifier for SQL text. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a string for SQL text, whatever `standard_conforming_strings` says. */
export function quoteText(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return text.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}

/**
 * `schema.table` as quoted SQL; each part is taken as it is written, capitals included.
 * @throws UserError `WRITE_TABLE_INVALID`
 */
export function quoteTable(table: string): string {
  const parts = /^([^."\0]{1,63})\.([^."\0]{1,63})$/.exec(table);
  const [, schema, name] = parts ?? [];
  if (schema === undefined || name === undefined)
    throw new UserError(
      'WRITE_TABLE_INVALID',
      `"${table}" is not a table name with its schema.`,
      'Write it as schema.table, for example --write-table rehearse.probe_write.',
    );
  return `${quoteName(schema)}.${quoteName(name)}`;
}

/** The writer lane's table. */
export function createWriteTable(quotedTable: string): string {
  return (
    `CREATE TABLE IF NOT EXISTS ${quotedTable} (lane text, number bigint, ` +
    'written_at timestamptz NOT NULL DEFAULT clock_timestamp())'
  );
}
