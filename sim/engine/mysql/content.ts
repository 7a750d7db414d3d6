/** What a MySQL or MariaDB server holds, as a list that can be compared with another's. */
import type { Content } from '../postgres/content.js';
import type { MysqlAdmin } from './admin.js';
import { identifier } from './quoting.js';

/** Beyond so many, rows are not counted: it would take too long. */
const rowsMax = 20_000_000;
const countMsMax = 120_000;

const own = "('mysql', 'information_schema', 'performance_schema', 'sys')";

/** Accounts that the servers make for themselves differ by version. */
const accountsSql =
  'select user, host, plugin, sha2(authentication_string, 256) from mysql.user ' +
  "where user not like 'mysql.%' and user not like 'mariadb.%'";

/** @throws EngineError, or the driver's error where the server cannot be asked */
export async function mysqlContent(admin: MysqlAdmin): Promise<Content> {
  const content = new Map<string, string>();
  for (const [user, host, plugin, hash] of await admin.ask(accountsSql))
    content.set(`account ${user}@${host}`, `${plugin} ${hash}`);
  const tables = await admin.ask(
    'select table_schema, table_name, coalesce(table_rows, 0) from information_schema.tables ' +
      `where table_type = 'BASE TABLE' and table_schema not in ${own}`,
  );
  const countable = tables.reduce((sum, row) => sum + Number(row[2] ?? 0), 0) <= rowsMax;
  for (const [schema, table] of tables) {
    const name = `${identifier(String(schema))}.${identifier(String(table))}`;
    const [row] = countable ? await admin.ask(`select count(*) from ${name}`, countMsMax) : [];
    content.set(`table ${schema}.${table}`, String(row?.[0] ?? 'not counted'));
    const [shown] = await admin.ask(`show create table ${name}`);
    const next = /\bAUTO_INCREMENT=(\d+)/.exec(String(shown?.[1] ?? ''))?.[1];
    if (next !== undefined) content.set(`auto-increment ${schema}.${table}`, next);
  }
  return content;
}
