/**
 * The views that tell what sessions hold and do. MariaDB has most of them off by default, and
 * forgets at every restart what was switched on while it ran.
 */
import type { MysqlAdmin } from './admin.js';
import { lockViewsOf } from './locks.js';

/** What this server shows now. */
export interface ShownViews {
  readonly locks: boolean;
  /** Transactions from their first statement on, in milliseconds. */
  readonly transactions: boolean;
}

const instruments = ['wait/lock/metadata/sql/mdl', 'transaction', 'statement/%'];
const consumers = ['events_transactions_current', 'events_statements_current'];

/**
 * Switches on what is off. What began before is not seen: hence after each start of a server,
 * before its first client.
 * @throws what `MysqlAdmin.query` throws
 */
export async function switchOnViews(admin: MysqlAdmin): Promise<ShownViews> {
  const [row] = await admin.ask("select @@performance_schema, version() like '%MariaDB%'");
  const shown = row?.[0] === '1';
  if (shown) {
    for (const name of instruments)
      await admin.query(
        "update performance_schema.setup_instruments set enabled = 'YES', timed = 'YES' " +
          `where name like '${name}' and enabled = 'NO'`,
      );
    for (const name of consumers)
      await admin.query(
        `update performance_schema.setup_consumers set enabled = 'YES' where name = '${name}'`,
      );
  }
  // It tells more of locks on MariaDB; where it is not installed, the rest has to do.
  if (row?.[1] === '1' && (await lockViewsOf(admin))?.plugin !== true)
    await admin.query("install soname 'metadata_lock_info'").catch(() => undefined);
  return { locks: (await lockViewsOf(admin)) !== null, transactions: shown };
}
