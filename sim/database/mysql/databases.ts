/** The databases of a server that are not its own. */
import type { MysqlAdmin } from '../../engine/mysql/admin.js';
import { text } from '../../engine/mysql/quoting.js';
import { systemDatabases } from './dump-statement.js';

/** All databases but the server's own and the instruments'. */
export async function loadedDatabases(admin: MysqlAdmin): Promise<string[]> {
  const own = [...systemDatabases, 'rehearse'].map(text).join(', ');
  const rows = await admin.ask(
    `select schema_name from information_schema.schemata
    where lower(schema_name) not in (${own}) order by schema_name`,
  );
  return rows.flatMap(([name]) => name ?? []);
}
