/** How much there is in a filled database, asked of its server. */
import type { MysqlAdmin } from '../engine/mysql/admin.js';
import { identifier as mysqlIdentifier, text } from '../engine/mysql/quoting.js';
import { identifier } from '../engine/postgres/examine.js';
import type { AdminLogin, ServerAddress } from '../server/server.js';
import { loadedDatabases } from './mysql/databases.js';

/** Counting more rows than can be counted in this time would keep a run from beginning. */
const countMsMax = 5_000;

export interface DatabaseCensus {
  readonly tables: number;
  /** Null where they could not be counted in time. */
  readonly rows: number | null;
}

/** Tables of the application's database on Postgres. */
export async function postgresCensus(
  address: ServerAddress,
  admin: AdminLogin,
  database: string,
): Promise<DatabaseCensus> {
  const { Admin } = await import('../engine/postgres/admin.js');
  const asked = new Admin(address, { ...admin, database });
  try {
    const tables = await asked.query<{ schema: string; name: string }>(
      `select nspname as schema, relname as name
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
      and nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'rehearse')`,
    );
    const names = tables.map(({ schema, name }) => `${identifier(schema)}.${identifier(name)}`);
    return await counted(names, async (sql) => {
      const [row] = await asked.query<{ total: string }>(sql, [], countMsMax);
      return row?.total;
    });
  } finally {
    await asked.disconnect();
  }
}

/**
 * Tables of all databases on MySQL and MariaDB but the server's own.
 * @returns with the one that an application opens first: its own, or where that is empty the only
 *   other one that is not
 */
export async function mysqlCensus(
  admin: MysqlAdmin,
  application: string,
): Promise<DatabaseCensus & { readonly database: string }> {
  const databases = await loadedDatabases(admin);
  const tables = await admin.ask(
    `select table_schema, table_name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema in (${databases.map(text).join(', ')})`,
    60_000,
  );
  const names = tables.map(
    ([schema, name]) => `${mysqlIdentifier(schema ?? '')}.${mysqlIdentifier(name ?? '')}`,
  );
  const count = async (sql: string): Promise<string | undefined> =>
    (await admin.ask(sql, countMsMax))[0]?.[0] ?? undefined;
  const [only, another] = [...new Set(tables.map(([schema]) => schema ?? ''))];
  const database = only !== undefined && another === undefined ? only : application;
  return { ...(await counted(names, count)), database };
}

async function counted(
  names: readonly string[],
  ask: (sql: string) => Promise<string | undefined>,
): Promise<DatabaseCensus> {
  const tables = names.length;
  if (tables === 0) return { tables, rows: 0 };
  const counts = names.map((name) => `select count(*) as n from ${name}`).join(' union all ');
  try {
    const rows = await ask(`select cast(sum(n) as char(20)) as total from (${counts}) as counts`);
    return { tables, rows: rows === undefined ? null : Number(rows) };
  } catch {
    return { tables, rows: null };
  }
}
