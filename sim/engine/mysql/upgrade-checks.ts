/**
 * What keeps a MySQL or MariaDB instance from a major upgrade, as far as a server can be asked: of
 * what AWS lists for MySQL (AmazonRDS UserGuide/USER_UpgradeDBInstance.MySQL.Major.html,
 * prechecks), the part that a server of today can hold at all; and what the manuals name. AWS
 * lists nothing for MariaDB.
 */
import type { Flavour } from '../flavours.js';
import type { UpgradeFinding } from '../postgres/upgrade-checks.js';
import type { MysqlAdmin } from './admin.js';
import { literal } from './quoting.js';

/** System databases, which the upgrade itself sees to. */
const own = "('mysql', 'information_schema', 'performance_schema', 'sys')";

/** SQL modes that went with 8.0; programs stored before then may still have them. */
const goneModes = [
  'DB2',
  'MAXDB',
  'MSSQL',
  'MYSQL323',
  'MYSQL40',
  'ORACLE',
  'POSTGRESQL',
  'NO_FIELD_OPTIONS',
  'NO_KEY_OPTIONS',
  'NO_TABLE_OPTIONS',
  'NO_AUTO_CREATE_USER',
].join('|');

/** Words that became reserved (MySQL Reference Manual, "Keywords and Reserved Words"). */
const reservedSince: readonly (readonly [since: string, words: readonly string[]])[] = [
  ['8.4', ['MANUAL', 'PARALLEL', 'QUALIFY', 'TABLESAMPLE']],
];

interface Check {
  readonly name: string;
  readonly state: 'warning' | 'blocked';
  readonly sql: string;
  readonly fine: string;
  readonly what: string;
}

/** @param to series that the upgrade goes to, such as `8.4` */
export async function mysqlUpgradeFindings(
  admin: MysqlAdmin,
  flavour: Flavour,
  to: string,
): Promise<UpgradeFinding[]> {
  const findings = [await preparedTransactions(admin, flavour)];
  for (const { name, state, sql, fine, what } of flavour === 'mysql' ? mysqlChecks(to) : []) {
    const found = (await admin.ask(sql)).map((row) => String(row[0] ?? ''));
    findings.push(
      found.length === 0
        ? { name, state: 'ok', detail: fine }
        : { name, state, detail: `${what}: ${found.join(', ')}` },
    );
  }
  return findings;
}

/** The manuals of both want them ended; AWS's list for MySQL does not name them. */
async function preparedTransactions(admin: MysqlAdmin, flavour: Flavour): Promise<UpgradeFinding> {
  const name = 'prepared-transactions';
  const count = (await admin.ask('xa recover')).length;
  if (count === 0) return { name, state: 'ok', detail: 'no XA transaction is prepared' };
  const state = flavour === 'mysql' ? 'blocked' : 'warning';
  return { name, state, detail: `XA transactions that are prepared and not ended: ${count}` };
}

function mysqlChecks(to: string): Check[] {
  const [major = 0, minor = 0] = to.split('.').map(Number);
  const isAtLeast = (since: string): boolean => {
    const [wanted = 0, second = 0] = since.split('.').map(Number);
    return major > wanted || (major === wanted && minor >= second);
  };
  const words = reservedSince.flatMap(([since, all]) => (isAtLeast(since) ? all : []));
  return [
    triggerDefiners,
    sqlModes,
    enumElements,
    ...(words.length === 0 ? [] : [reservedNames(words)]),
    ...(isAtLeast('8.4') ? [nativePasswords(isAtLeast('9.0') ? 'blocked' : 'warning')] : []),
  ];
}

const triggerDefiners: Check = {
  name: 'trigger-definers',
  state: 'blocked',
  sql:
    "select concat(trigger_schema, '.', trigger_name) from information_schema.triggers " +
    `where coalesce(definer, '') in ('', '@') and trigger_schema not in ${own} limit 5`,
  fine: 'every trigger has a definer',
  what: 'triggers without a definer',
};

const sqlModes: Check = {
  name: 'sql-modes',
  state: 'blocked',
  sql:
    `select 'the server''s own' from dual where @@global.sql_mode regexp '${goneModes}' ` +
    "union all select concat(routine_schema, '.', routine_name) from information_schema.routines " +
    `where sql_mode regexp '${goneModes}' and routine_schema not in ${own} ` +
    "union all select concat(trigger_schema, '.', trigger_name) from information_schema.triggers " +
    `where sql_mode regexp '${goneModes}' and trigger_schema not in ${own} limit 5`,
  fine: 'no SQL mode is obsolete',
  what: 'obsolete SQL modes in',
};

const enumElements: Check = {
  name: 'enum-elements',
  state: 'blocked',
  sql:
    "select concat(table_schema, '.', table_name, '.', column_name) " +
    "from information_schema.columns where data_type in ('enum', 'set') " +
    `and column_type regexp '[^'']{256}' and table_schema not in ${own} limit 5`,
  fine: 'no element of an ENUM or SET is longer than 255 characters',
  what: 'ENUM or SET elements longer than 255 characters in',
};

/** A name in backquotes works on, which is why this warns. */
function reservedNames(words: readonly string[]): Check {
  const list = words.map(literal).join(', ');
  return {
    name: 'reserved-words',
    state: 'warning',
    sql:
      "select concat(table_schema, '.', table_name) from information_schema.tables " +
      `where upper(table_name) in (${list}) and table_schema not in ${own} ` +
      "union all select concat(table_schema, '.', table_name, '.', column_name) " +
      `from information_schema.columns where upper(column_name) in (${list}) ` +
      `and table_schema not in ${own} limit 5`,
    fine: 'nothing is named by a word that becomes reserved',
    what: 'names that become reserved words, to be written in backquotes',
  };
}

function nativePasswords(state: 'warning' | 'blocked'): Check {
  return {
    name: 'native-passwords',
    state,
    sql:
      "select concat(user, '@', host) from mysql.user " +
      "where plugin = 'mysql_native_password' order by 1 limit 5",
    fine: 'no account uses mysql_native_password',
    what:
      state === 'blocked'
        ? 'accounts whose plugin mysql_native_password is no more'
        : 'accounts with mysql_native_password, which a server of 8.4 has switched off by default',
  };
}
