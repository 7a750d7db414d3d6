/** Names of tables as people give them. */
import { UserError } from '../../sim/user-error.js';

/** Where the writer lane of a rehearsal writes. */
export const probeWriteTable = 'rehearse.probe_write';

/** Where the lanes that measure replica lag write their heartbeats. */
export const heartbeatTable = 'rehearse.heartbeat';

/** A table with its schema, which on MySQL is a database. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/**
 * Reads `schema.table`; each part is taken as it is written, capitals included.
 * @throws UserError `WRITE_TABLE_INVALID`
 */
export function parseTable(name: string): TableName {
  const [, schema, table] = /^([^."\0]{1,63})\.([^."\0]{1,63})$/.exec(name) ?? [];
  if (schema === undefined || table === undefined)
    throw new UserError(
      'WRITE_TABLE_INVALID',
      `"${name}" is not a table name with its schema.`,
      'Write it as schema.table, for example --write-table rehearse.probe_write.',
    );
  return { schema, table };
}
