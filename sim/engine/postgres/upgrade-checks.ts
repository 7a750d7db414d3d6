/**
 * What keeps a Postgres instance from a major upgrade, as AWS documents it and as a server can be
 * asked (AmazonRDS UserGuide/USER_UpgradeDBInstance.PostgreSQL.MajorVersion.Process.html).
 */
import type { Admin } from './admin.js';

export interface UpgradeFinding {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'blocked';
  readonly detail: string;
}

/** Of the whole server; each row is one reason. */
const ofServer: readonly (readonly [name: string, sql: string, fine: string, what: string])[] = [
  [
    'prepared-transactions',
    'select gid as found from pg_catalog.pg_prepared_xacts order by gid limit 5',
    'no transaction is prepared',
    'prepared transactions that are neither committed nor rolled back',
  ],
  [
    'logical-slots',
    "select slot_name as found from pg_catalog.pg_replication_slots where slot_type = 'logical' " +
      'order by slot_name limit 5',
    'there is no logical replication slot',
    'logical replication slots',
  ],
  [
    'invalid-databases',
    'select datname as found from pg_catalog.pg_database where datconnlimit = -2 limit 5',
    'every database can be used',
    'databases that are invalid, since dropping them was interrupted',
  ],
];

/** All but regclass and regtype: they name what has another number on the new server. */
const regTypes = ['regproc', 'regprocedure', 'regoper', 'regoperator', 'regconfig', 'regdictionary']
  .map((name) => `'pg_catalog.${name}'::pg_catalog.regtype`)
  .join(', ');

const columnsOf = (types: string): string =>
  "select format('%I.%I.%I', n.nspname, c.relname, a.attname) as found " +
  'from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace ' +
  'join pg_catalog.pg_attribute a on a.attrelid = c.oid ' +
  "where c.relkind in ('r', 'm', 'i') and not a.attisdropped and a.atttypid in " +
  `(${types}) and n.nspname not in ('pg_catalog', 'information_schema') order by 1 limit 5`;

const ofDatabase: readonly (readonly [name: string, sql: string, fine: string, what: string])[] = [
  [
    'reg-types',
    columnsOf(regTypes),
    'no column is of a reg* type but regclass and regtype',
    'columns of reg* types, which are not carried over',
  ],
  [
    'unknown-types',
    columnsOf("'pg_catalog.unknown'::pg_catalog.regtype"),
    'no column is of the type unknown',
    'columns of the type unknown',
  ],
];

/** A way to ask one database; `null` asks the admin's own. */
export type AskDatabase = <T>(database: string, work: (admin: Admin) => Promise<T>) => Promise<T>;

/** @throws the driver's error where the server cannot be asked */
export async function postgresUpgradeFindings(
  admin: Admin,
  inDatabase: AskDatabase,
): Promise<UpgradeFinding[]> {
  const findings: UpgradeFinding[] = [];
  for (const [name, sql, fine, what] of ofServer)
    findings.push(finding(name, await found(admin, sql), fine, what));
  const databases = await admin.query<{ found: string }>(
    'select datname as found from pg_catalog.pg_database where datallowconn ' +
      "and datconnlimit <> -2 and datname not in ('template0', 'template1') order by datname",
  );
  for (const [name, sql, fine, what] of ofDatabase) {
    const all: string[] = [];
    for (const { found: database } of databases) {
      const here = await inDatabase(database, (one) => found(one, sql));
      all.push(...here.map((column) => `${database}: ${column}`));
    }
    findings.push(finding(name, all, fine, what));
  }
  return findings;
}

async function found(admin: Admin, sql: string): Promise<string[]> {
  return (await admin.query<{ found: string }>(sql)).map((row) => row.found);
}

function finding(name: string, all: readonly string[], fine: string, what: string): UpgradeFinding {
  if (all.length === 0) return { name, state: 'ok', detail: fine };
  return { name, state: 'blocked', detail: `${what}: ${all.join(', ')}` };
}
