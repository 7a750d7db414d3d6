/** What is asked of a MySQL or MariaDB server that takes part in a blue/green deployment. */
import type { Flavour } from '../flavours.js';
import type { MysqlAdmin } from './admin.js';
import { threadStates } from './replication.js';

/** A client's connection that is at work. */
export interface BusyConnection {
  readonly who: string;
  readonly forMs: number;
  readonly statement: string;
}

const ddl = '^[[:space:]]*(create|alter|drop|truncate|rename|optimize)[[:space:]]';

/**
 * InnoDB tells when a transaction began in the server's own zone, to the second.
 * @param forMs open for longer than that, with something written
 */
export async function writersSince(
  admin: MysqlAdmin,
  flavour: Flavour,
  forMs: number,
): Promise<BusyConnection[]> {
  const [prefix, hint] =
    flavour === 'mysql'
      ? ['', "/*+ SET_VAR(time_zone = 'SYSTEM') */ "]
      : ["set statement time_zone = 'SYSTEM' for ", ''];
  const rows = await admin.ask(
    `${prefix}select ${hint}p.user, p.id, coalesce(p.info, ''), ` +
      'timestampdiff(microsecond, i.trx_started, now(6)) / 1000 ' +
      'from information_schema.innodb_trx i ' +
      'join information_schema.processlist p on p.id = i.trx_mysql_thread_id ' +
      "where i.trx_rows_modified > 0 and p.user <> 'system user' and p.id <> connection_id()",
  );
  return rows.flatMap(busy).filter((one) => one.forMs >= forMs);
}

/** @param forMs running for longer than that; told by its text */
export async function definersSince(admin: MysqlAdmin, forMs: number): Promise<BusyConnection[]> {
  const rows = await admin.ask(
    "select user, id, coalesce(info, ''), time * 1000 from information_schema.processlist " +
      `where command <> 'Sleep' and user <> 'system user' and info regexp '${ddl}'`,
  );
  return rows.flatMap(busy).filter((one) => one.forMs >= forMs);
}

/** Whether it follows another server itself. */
export async function otherReplication(admin: MysqlAdmin, flavour: Flavour): Promise<string[]> {
  const { receiving, applying } = await threadStates(admin, flavour);
  return receiving !== 'No' || applying ? ['it follows another server'] : [];
}

/** Where its binary log ends: what external replicas are told to go on from. */
export async function binaryLogEnd(
  admin: MysqlAdmin,
  flavour: Flavour,
): Promise<{ readonly file: string; readonly position: number } | null> {
  // SHOW MASTER STATUS is gone from MySQL 8.4 on, and the new words are not there before 8.2.
  const words = flavour === 'mysql' ? ['binary log status', 'master status'] : ['master status'];
  for (const word of words) {
    const rows = await admin.ask(`show ${word}`).catch(() => undefined);
    const [file, position] = rows?.[0] ?? [];
    if (typeof file === 'string') return { file, position: Number(position) };
  }
  return null;
}

/** Tables whose counter would give a number that is used, or behind one. */
export async function countersBehind(admin: MysqlAdmin): Promise<string[]> {
  const columns = await admin.ask(
    'select table_schema, table_name, column_name from information_schema.columns ' +
      "where extra like '%auto_increment%' " +
      "and table_schema not in ('mysql', 'information_schema', 'performance_schema', 'sys')",
  );
  const behind: string[] = [];
  for (const [schema, table, column] of columns) {
    const quoted = [schema, table].map((name) => `\`${String(name).replaceAll('`', '``')}\``);
    const name = quoted.join('.');
    // The value first: meanwhile both may grow.
    const [row] = await admin.ask(
      `select max(\`${String(column).replaceAll('`', '``')}\`) from ${name}`,
    );
    const used = row?.[0] ?? null;
    const [created] = await admin.ask(`show create table ${name}`);
    const next = /\bAUTO_INCREMENT=(\d+)/.exec(String(created?.[1] ?? ''))?.[1] ?? '1';
    if (used !== null && BigInt(used.split('.')[0] ?? '0') >= BigInt(next))
      behind.push(`${schema}.${table} goes on at ${next}, and has ${used}`);
  }
  return behind;
}

function busy(row: readonly (string | null)[]): BusyConnection[] {
  const [user, id, statement, ms] = row;
  const said = (statement ?? '').replaceAll(/\s+/g, ' ').trim().slice(0, 80);
  return [{ who: `${user} (connection ${id})`, statement: said, forMs: Number(ms ?? 0) }];
}
