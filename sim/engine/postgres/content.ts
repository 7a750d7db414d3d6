/** What a Postgres server holds, as a list that can be compared with another's. */
import type { Admin } from './admin.js';
import type { AskDatabase } from './upgrade-checks.js';

/** By what it is about: a table's rows, a sequence's value, a role. */
export type Content = ReadonlyMap<string, string>;

/** Beyond so many, rows are not counted: it would take too long. */
const rowsMax = 20_000_000;
const countMsMax = 120_000;

const own = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";
const named =
  "format('%I.%I', n.nspname, c.relname) as name from pg_catalog.pg_class c " +
  'join pg_catalog.pg_namespace n on n.oid = c.relnamespace';

/** @throws the driver's error where the server cannot be asked */
export async function postgresContent(admin: Admin, inDatabase: AskDatabase): Promise<Content> {
  const content = new Map<string, string>();
  const roles = await admin.query<{ name: string; said: string }>(
    "select rolname as name, concat_ws(' ', rolcanlogin, md5(rolpassword)) as said " +
      "from pg_catalog.pg_authid where oid <> 10 and rolname !~ '^pg_'",
  );
  for (const { name, said } of roles) content.set(`role ${name}`, said);
  const databases = await admin.query<{ name: string }>(
    'select datname as name from pg_catalog.pg_database where datallowconn ' +
      "and datname not in ('template0', 'template1')",
  );
  for (const { name } of databases)
    await inDatabase(name, (one) => addDatabase(content, name, one));
  return content;
}

async function addDatabase(
  content: Map<string, string>,
  database: string,
  admin: Admin,
): Promise<void> {
  const tables = await admin.query<{ name: string; rows: number }>(
    `select c.reltuples::float8 as rows, ${named} where c.relkind = 'r' ` +
      `and c.relpersistence <> 't' and ${own}`,
  );
  const countable = tables.reduce((sum, { rows }) => sum + Math.max(0, rows), 0) <= rowsMax;
  for (const { name } of tables) {
    const [row] = countable
      ? await admin.query<{ count: string }>(`select count(*) from ${name}`, [], countMsMax)
      : [];
    content.set(`table ${database} ${name}`, row === undefined ? 'not counted' : row.count);
  }
  const sequences = await admin.query<{ name: string }>(
    `select ${named} where c.relkind = 'S' and c.relpersistence <> 't' and ${own}`,
  );
  for (const { name } of sequences) {
    const [row] = await admin.query<{ said: string }>(
      `select concat_ws(' ', last_value, is_called) as said from ${name}`,
    );
    content.set(`sequence ${database} ${name}`, row?.said ?? '');
  }
}
