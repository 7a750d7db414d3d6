/** Locks of sessions that outlive a statement, asked of the server for all sessions at once. */
import type { MysqlAdmin } from './admin.js';

/** What one session has locked. */
export interface HeldLocks {
  /** Names given to GET_LOCK. */
  readonly userLocks: readonly string[];
  /** LOCK TABLES, FLUSH TABLES WITH READ LOCK, LOCK INSTANCE FOR BACKUP, or DDL under way. */
  readonly tableLocks: boolean;
  /** Tables opened by HANDLER. */
  readonly openHandlers: number;
}

export const noLocks: HeldLocks = { userLocks: [], tableLocks: false, openHandlers: 0 };

interface Row {
  id: number;
  kind: 'user' | 'table' | 'handler';
  name: string | null;
}

/**
 * The modes that LOCK TABLES takes are never a mere transaction's. FLUSH TABLES WITH READ LOCK
 * shows as a shared GLOBAL lock on MySQL and as one of BACKUP_FTWRL on MariaDB.
 */
const fromPerformanceSchema = `
  select t.processlist_id as id, l.object_name as name,
    case
      when l.object_type = 'USER LEVEL LOCK' then 'user'
      when l.object_type = 'TABLE' and l.lock_duration = 'EXPLICIT'
        and l.lock_type in ('SHARED', 'SHARED_READ') then 'handler'
      else 'table'
    end as kind
  from performance_schema.metadata_locks l
  join performance_schema.threads t on t.thread_id = l.owner_thread_id
  where l.lock_status = 'GRANTED' and t.processlist_id is not null and (
    l.object_type = 'USER LEVEL LOCK'
    or (l.object_type in ('TABLE', 'SCHEMA') and l.lock_type in
      ('SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE'))
    or (l.object_type = 'TABLE' and l.lock_duration = 'EXPLICIT'
      and l.lock_type in ('SHARED', 'SHARED_READ'))
    or (l.object_type in ('GLOBAL', 'COMMIT', 'BACKUP LOCK') and l.lock_type = 'SHARED')
    or (l.object_type = 'BACKUP' and l.lock_type like 'BACKUP\\_FTWRL%'))`;

/** MariaDB's plugin of that name. It tells no durations: an open HANDLER is not to be seen. */
const fromPlugin = `
  select thread_id as id, table_schema as name, if(lock_type = 'User lock', 'user', 'table') as kind
  from information_schema.metadata_lock_info
  where lock_type = 'User lock'
    or (lock_type in ('Table metadata lock', 'Schema metadata lock') and lock_mode in
      ('MDL_SHARED_READ_ONLY', 'MDL_SHARED_NO_WRITE', 'MDL_SHARED_NO_READ_WRITE', 'MDL_EXCLUSIVE'))
    or lock_mode like 'MDL\\_BACKUP\\_FTWRL%'`;

/** Where the server shows its locks; null = nowhere. */
export type LockView = 'performance-schema' | 'plugin' | null;

/** Looks for a view that is switched on. */
export async function lockViewOf(admin: MysqlAdmin): Promise<LockView> {
  const [on] = await admin.ask('select @@performance_schema');
  if (on?.[0] === '1') {
    const [enabled] = await admin.ask(
      'select enabled from performance_schema.setup_instruments ' +
        "where name = 'wait/lock/metadata/sql/mdl'",
    );
    if (enabled?.[0] === 'YES') return 'performance-schema';
  }
  const plugin = await admin.ask(
    'select 1 from information_schema.plugins ' +
      "where plugin_name = 'METADATA_LOCK_INFO' and plugin_status = 'ACTIVE'",
  );
  return plugin.length > 0 ? 'plugin' : null;
}

/**
 * Switches on what shows locks, where it is off: MariaDB has it off by default. Locks taken
 * before are not seen; hence at the start of a server, before its first client.
 * @returns false where this server cannot show them
 */
export async function showLocks(admin: MysqlAdmin): Promise<boolean> {
  const [on] = await admin.ask('select @@performance_schema');
  if (on?.[0] === '1') {
    await admin.query(
      "update performance_schema.setup_instruments set enabled = 'YES' " +
        "where name = 'wait/lock/metadata/sql/mdl'",
    );
    return true;
  }
  if ((await lockViewOf(admin)) !== null) return true;
  return admin.query("install soname 'metadata_lock_info'").then(
    () => true,
    () => false,
  );
}

/** Locks by server connection id. @throws what `MysqlAdmin.query` throws */
export async function heldLocks(
  admin: MysqlAdmin,
  view: Exclude<LockView, null>,
  timeoutMs?: number,
): Promise<ReadonlyMap<number, HeldLocks>> {
  const sql = view === 'plugin' ? fromPlugin : fromPerformanceSchema;
  const held = new Map<number, HeldLocks>();
  for (const { id, kind, name } of await admin.query<Row>(sql, [], timeoutMs)) {
    const { userLocks, tableLocks, openHandlers } = held.get(Number(id)) ?? noLocks;
    held.set(Number(id), {
      userLocks: kind === 'user' ? [...userLocks, name ?? ''] : userLocks,
      tableLocks: tableLocks || kind === 'table',
      openHandlers: openHandlers + (kind === 'handler' ? 1 : 0),
    });
  }
  return held;
}
