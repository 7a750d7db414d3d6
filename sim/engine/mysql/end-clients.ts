import { EngineError } from '../ask.js';
import type { MysqlAdmin } from './admin.js';

/** A connection that ended by itself in the meantime. */
const unknownThread = 1094;

/**
 * Ends every other client's connection, and what it was doing; followers stay.
 * @returns how many there still are: none, once the server has come to rest
 */
export async function endClients(admin: MysqlAdmin): Promise<number> {
  const rows = await admin.ask(
    'select id from information_schema.processlist where id <> connection_id() ' +
      "and user not in ('system user', 'event_scheduler') and command <> 'Daemon' " +
      "and command not like 'Binlog Dump%'",
  );
  for (const [id] of rows)
    await admin.ask(`kill ${Number(id)}`).catch((error: unknown) => {
      if (!(error instanceof EngineError) || error.number !== unknownThread) throw error;
    });
  return rows.length;
}
