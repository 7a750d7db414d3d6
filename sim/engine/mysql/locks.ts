/** Locks of sessions that outlive a statement, asked of the server for all sessions at once. */
import type { MysqlAdmin } from './admin.js';

/** What one session has locked. */
export interface HeldLocks {
  /** Names given to GET_LOCK. */
  readonly userLocks: readonly string[];
  /** LOCK TABLES, FLUSH TABLES WITH READ LOCK, LOCK INSTANCE FOR BACKUP, or DDL under way. */
  readonly tableLocks: boolean;
  /** It locks tables, unless it has a transaction open: all that MariaDB's first view tells. */
  readonly tableLocksIfIdle: boolean;
  /** Tables opened by HANDLER; MariaDB does not tell them from LOCK TABLES. */
  readonly openHandlers: number;
}

export const noLocks: HeldLocks = {
  userLocks: [],
  tableLocks: false,
  tableLocksIfIdle: false,
  openHandlers: 0,
};

interface Row {
  id: number;
  kind: 'user' | 'table' | 'idle' | 'handler';
  name: string | null;
}

/** Modes that LOCK TABLES and DDL take, and a mere transaction never. */
const tableModes = ['SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE'];
const quoted = (prefix: string): string =>
  tableModes.map((mode) => `'${prefix}${mode}'`).join(', ');

const granted = `
  from performance_schema.metadata_locks l
  join performance_schema.threads t on t.thread_id = l.owner_thread_id
  where l.lock_status = 'GRANTED' and t.processlist_id is not null and (
    l.object_type = 'USER LEVEL LOCK'
    or (l.object_type in ('TABLE', 'SCHEMA') and l.lock_type in (${quoted('')}))`;

const handler = `l.object_type = 'TABLE' and l.lock_duration = 'EXPLICIT'
  and l.lock_type in ('SHARED', 'SHARED_READ')`;

/** FLUSH TABLES WITH READ LOCK and LOCK INSTANCE FOR BACKUP take shared locks on everything. */
const mysqlSql = `
  select t.processlist_id as id, l.object_name as name,
    case when l.object_type = 'USER LEVEL LOCK' then 'user'
      when ${handler} then 'handler' else 'table' end as kind
  ${granted}
    or (${handler})
    or (l.object_type in ('GLOBAL', 'COMMIT', 'BACKUP LOCK') and l.lock_type = 'SHARED'))`;

/**
 * MariaDB's performance_schema tells the mode that was asked for first: for LOCK TABLES READ that
 * of any SELECT. But a session that sleeps outside a transaction has no other lock on a table.
 */
const mariadbSql = `
  select t.processlist_id as id, l.object_name as name,
    case when l.object_type = 'USER LEVEL LOCK' then 'user'
      when l.object_type = 'TABLE' and l.lock_type not in (${quoted('')}) then 'idle'
      else 'table' end as kind
  ${granted}
    or (l.object_type = 'BACKUP' and l.lock_type like 'BACKUP\\_FTWRL%')
    or (l.object_type = 'TABLE' and t.processlist_command = 'Sleep'))`;

/** MariaDB's plugin METADATA_LOCK_INFO tells the mode that is held. */
const pluginSql = `
  select thread_id as id, table_schema as name, if(lock_type = 'User lock', 'user', 'table') as kind
  from information_schema.metadata_lock_info
  where lock_type = 'User lock'
    or (lock_type in ('Table metadata lock', 'Schema metadata lock')
      and lock_mode in (${quoted('MDL_')}))
    or lock_mode like 'MDL\\_BACKUP\\_FTWRL%'`;

/** Where the server shows its locks. */
export interface LockViews {
  readonly performanceSchema: 'mysql' | 'mariadb' | null;
  readonly plugin: boolean;
}

/** Looks for the views that are switched on; null = there are none. */
export async function lockViewsOf(
  admin: MysqlAdmin,
  timeoutMs?: number,
): Promise<LockViews | null> {
  const [row] = await admin.ask(
    `select @@performance_schema, version() like '%MariaDB%',
      (select enabled from performance_schema.setup_instruments
        where name = 'wait/lock/metadata/sql/mdl'),
      (select count(*) from information_schema.plugins
        where plugin_name = 'METADATA_LOCK_INFO' and plugin_status = 'ACTIVE')`,
    timeoutMs,
  );
  const [on, mariadb, enabled, plugins] = row ?? [];
  const schema = on === '1' && enabled === 'YES';
  const flavour = mariadb === '1' ? 'mariadb' : 'mysql';
  const views = { performanceSchema: schema ? flavour : null, plugin: plugins === '1' } as const;
  return views.performanceSchema === null && !views.plugin ? null : views;
}

/** Locks by server connection id. @throws what `MysqlAdmin.query` throws */
export async function heldLocks(
  admin: MysqlAdmin,
  { performanceSchema, plugin }: LockViews,
  timeoutMs?: number,
): Promise<ReadonlyMap<number, HeldLocks>> {
  const shown =
    performanceSchema === null
      ? []
      : await admin.query<Row>(
          performanceSchema === 'mysql' ? mysqlSql : mariadbSql,
          [],
          timeoutMs,
        );
  const more = plugin ? await admin.query<Row>(pluginSql, [], timeoutMs) : [];
  const held = new Map<number, HeldLocks>();
  for (const { id, kind, name } of [...shown, ...more]) {
    const before = held.get(Number(id)) ?? noLocks;
    const isNew = kind === 'user' && name !== null && !before.userLocks.includes(name);
    held.set(Number(id), {
      userLocks: isNew ? [...before.userLocks, name] : before.userLocks,
      tableLocks: before.tableLocks || kind === 'table',
      tableLocksIfIdle: before.tableLocksIfIdle || kind === 'idle',
      openHandlers: before.openHandlers + (kind === 'handler' ? 1 : 0),
    });
  }
  return held;
}
