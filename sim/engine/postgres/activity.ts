/** What busy sessions do, asked of the server's own views by the superuser. */
import type { Admin } from './admin.js';

export interface BusySession {
  readonly processId: number;
  readonly queryMs: number | null;
  readonly transactionMs: number | null;
  readonly active: boolean;
  /** Runs a statement that defines data. */
  readonly definesData: boolean;
  /** Holds a lock on a user table that keeps others from writing or reading it. */
  readonly locksTable: boolean;
  /** Streams WAL: a replica or a consumer of changes. */
  readonly replicates: boolean;
}

interface Row {
  pid: number;
  query_ms: number | null;
  transaction_ms: number | null;
  active: boolean;
  ddl: boolean;
  locks: boolean;
  replicates: boolean;
}

/**
 * DDL is told by the statement's text, as AWS's own advice on the subject does with
 * pg_stat_activity (repost.aws article "aurora-postgresql-zdp-cluster-upgrade"). OIDs from 16384
 * on are the users' own tables.
 */
const sql = `
  select a.pid,
    (extract(epoch from clock_timestamp() - a.query_start) * 1000)::float8 as query_ms,
    (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::float8 as transaction_ms,
    coalesce(a.state = 'active', false) as active,
    coalesce(a.state = 'active' and a.query ~*
      '^\\s*(create|alter|drop|truncate|reindex|cluster|refresh)\\M', false) as ddl,
    exists (
      select from pg_locks l
      where l.pid = a.pid and l.granted and l.locktype = 'relation' and l.relation >= 16384
        and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    ) as locks,
    (a.backend_type = 'walsender') as replicates
  from pg_stat_activity a
  where a.pid = any ($1::int[])`;

/** Asks about these server processes. */
export async function activityOf(
  admin: Admin,
  processIds: readonly number[],
  timeoutMs: number,
): Promise<BusySession[]> {
  const rows = await admin.query<Row>(sql, [processIds], timeoutMs);
  return rows.map((row) => ({
    processId: row.pid,
    queryMs: row.query_ms,
    transactionMs: row.transaction_ms,
    active: row.active,
    definesData: row.ddl,
    locksTable: row.locks,
    replicates: row.replicates,
  }));
}
