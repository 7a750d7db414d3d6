/** Waits for transactions that are open, or ends them, before or after a server is read-only. */
import type { Instance } from '../../cluster/instance.js';
import { identifier } from '../../engine/mysql/quoting.js';
import { adminOn } from './own-session.js';

/** Longer than that an application is hardly left waiting for. The server itself gives up. */
const waitSecondsMax = 60;
const answerMsMax = (waitSecondsMax + 5) * 1_000;

/**
 * Returns as soon as no transaction is open that has written, in that database; what begins to
 * write meanwhile waits. The real thing: a lock on all tables, let go at once.
 * @throws the server's own error where that takes longer than a minute
 */
export async function untilNoneWrites(instance: Instance, database: string): Promise<void> {
  const admin = adminOn(instance, database);
  try {
    if (instance.member.protocolName === 'postgres') {
      const tables = await names(
        admin.query(
          "select format('%I.%I', schemaname, tablename) as name from pg_catalog.pg_tables " +
            "where schemaname not in ('pg_catalog', 'information_schema')",
        ),
      );
      if (tables.length === 0) return;
      await admin.query(`set lock_timeout = '${waitSecondsMax}s'`);
      await admin.query('begin read write');
      await admin.query(`lock table ${tables.join(', ')} in share mode`, answerMsMax);
      await admin.query('rollback');
      return;
    }
    const rows = await admin.query(
      'select table_schema as `schema`, table_name as name from information_schema.tables ' +
        "where table_type = 'BASE TABLE' and table_schema not in " +
        "('mysql', 'sys', 'performance_schema', 'information_schema')",
    );
    const tables = rows.map((row) => {
      const { schema, name } = row as { schema: string; name: string };
      return `${identifier(schema)}.${identifier(name)} read`;
    });
    if (tables.length === 0) return;
    await admin.query(`set session lock_wait_timeout = ${waitSecondsMax}`);
    await admin.query(`lock tables ${tables.join(', ')}`, answerMsMax);
    await admin.query('unlock tables');
  } finally {
    await admin.end();
  }
}

/**
 * Ends sessions with a transaction that has written, on Postgres: read-only by default, it lets
 * them commit. MySQL and MariaDB refuse their COMMIT.
 */
export async function endOpenWriters(instance: Instance): Promise<void> {
  if (instance.member.protocolName !== 'postgres') return;
  await instance.member.admin.query(
    'select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity ' +
      "where backend_type = 'client backend' and backend_xid is not null " +
      'and pid <> pg_backend_pid()',
  );
}

async function names(asked: Promise<readonly object[]>): Promise<string[]> {
  return (await asked).map((row) => (row as { name: string }).name);
}
