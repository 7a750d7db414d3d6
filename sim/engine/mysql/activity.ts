/** What busy sessions do, asked of the server's own views by the superuser. */
import type { ServerVersion } from '../flavours.js';
import type { MysqlAdmin } from './admin.js';
import { type HeldLocks, heldLocks, lockViewsOf, noLocks } from './locks.js';
import { definesData } from './statement-kind.js';

export interface MysqlBusySession {
  readonly connectionId: number;
  /** How long its statement has run; null where none runs. */
  readonly queryMs: number | null;
  /** How long its transaction is open; null where it has none. */
  readonly transactionMs: number | null;
  readonly active: boolean;
  /** Runs a statement that defines data. */
  readonly definesData: boolean;
  /** Holds LOCK TABLES, a global read lock, or the locks of DDL. */
  readonly locksTable: boolean;
  /** Holds a lock of GET_LOCK. */
  readonly userLock: boolean;
  /** Reads the binary log: a replica or a consumer of changes. */
  readonly replicates: boolean;
}

interface Row {
  id: number;
  command: string;
  statement: string | null;
  query_ms: number | null;
  transaction_ms: number | null;
  last_events: string | null;
}

/**
 * Times in milliseconds from the event tables, in which a transaction is from START TRANSACTION
 * on. See `switchOnViews`.
 */
const eventMs = {
  query: `
    (select s.timer_wait / 1e9 from performance_schema.events_statements_current s
      where s.thread_id = t.thread_id and s.end_event_id is null
        and (s.nesting_event_id is null or s.nesting_event_type = 'TRANSACTION') limit 1)`,
  transaction: `
    (select x.timer_wait / 1e9 from performance_schema.events_transactions_current x
      where x.thread_id = t.thread_id and x.state = 'ACTIVE' limit 1)`,
};

/**
 * The latest statement and the latest transaction of a session, over or not: where both are the
 * same in two looks, it has begun nothing in between. Read before the transaction, left to right.
 */
const lastEvents = `
    concat_ws('/',
      (select max(s.event_id) from performance_schema.events_statements_current s
        where s.thread_id = t.thread_id),
      (select max(x.event_id) from performance_schema.events_transactions_current x
        where x.thread_id = t.thread_id)) as last_events`;

const mysqlSql = `
  select t.processlist_id as id, t.processlist_command as command,
    t.processlist_info as statement,${lastEvents},
    cast(coalesce(${eventMs.query}, t.processlist_time * 1000) as double) as query_ms,
    cast(${eventMs.transaction} as double) as transaction_ms
  from performance_schema.threads t
  where t.type = 'FOREGROUND' and t.processlist_id`;

/**
 * Without the event tables, InnoDB tells when a transaction began: in the server's own zone, in
 * whole seconds, once it has touched something, and as it was up to 100 ms ago.
 */
const mariadbSql = `
  set statement time_zone = 'SYSTEM' for
  select p.id as id, p.command as command, p.info as statement,${lastEvents},
    cast(p.time_ms as double) as query_ms,
    cast(coalesce(${eventMs.transaction},
      (select timestampdiff(microsecond, i.trx_started, now(6)) / 1000
        from information_schema.innodb_trx i
        where i.trx_mysql_thread_id = p.id limit 1)) as double) as transaction_ms
  from information_schema.processlist p
  left join performance_schema.threads t on t.processlist_id = p.id
  where p.user <> 'system user' and p.id`;

/**
 * Asks about these connections to the server.
 * @param connectionIds `others`: about all but the one that asks
 * @throws what `MysqlAdmin.query` throws
 */
export async function activityOf(
  admin: MysqlAdmin,
  { flavour }: Pick<ServerVersion, 'flavour'>,
  connectionIds: readonly number[] | 'others',
  timeoutMs: number,
): Promise<MysqlBusySession[]> {
  const ask = async (ids: readonly number[] | 'others'): Promise<Row[]> => {
    if (ids.length === 0) return [];
    const which = ids === 'others' ? '<> connection_id()' : `in (${ids.map(Number).join(', ')})`;
    const sql = `${flavour === 'mysql' ? mysqlSql : mariadbSql} ${which}`;
    return await admin.query<Row>(sql, [], timeoutMs);
  };
  if (connectionIds.length === 0) return [];
  const rows = await ask(connectionIds);
  const view = await lockViewsOf(admin, timeoutMs);
  const locks = view === null ? new Map() : await heldLocks(admin, view, timeoutMs);
  const heldBy = (row: Row): HeldLocks => locks.get(Number(row.id)) ?? noLocks;
  // Locks were read at a later instant than transactions: one may have begun in between.
  const unsure = rows.filter((row) => row.transaction_ms === null && heldBy(row).tableLocksIfIdle);
  const later = await ask(unsure.map(({ id }) => Number(id)));
  const idle = new Set(unsure.filter((row) => hasRested(row, later)));
  return rows
    .filter(({ command }) => command !== 'Daemon')
    .map((row) => busySession(row, heldBy(row), idle.has(row)));
}

/** It slept in both looks and has done nothing in between. */
function hasRested(before: Row, later: readonly Row[]): boolean {
  const after = later.find(({ id }) => Number(id) === Number(before.id));
  return (
    before.command === 'Sleep' &&
    after?.command === 'Sleep' &&
    after.transaction_ms === null &&
    after.last_events === before.last_events
  );
}

function busySession(row: Row, held: HeldLocks, idle: boolean): MysqlBusySession {
  const active = row.command !== 'Sleep';
  return {
    connectionId: Number(row.id),
    queryMs: active ? row.query_ms : null,
    transactionMs: row.transaction_ms,
    active,
    definesData: active && definesData(row.statement ?? ''),
    locksTable: held.tableLocks || (held.tableLocksIfIdle && idle),
    userLock: held.userLocks.length > 0,
    replicates: row.command.startsWith('Binlog Dump'),
  };
}
