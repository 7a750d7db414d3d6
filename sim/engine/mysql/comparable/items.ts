/** What a MySQL or MariaDB server has besides rows, by name: its schema and its users. */
import type { TextRow } from '../../ask.js';
import type { Item } from '../../comparable.js';
import type { Flavour } from '../../flavours.js';
import type { MysqlAdmin } from '../admin.js';
import { literal } from '../quoting.js';

/** More things of a kind are not compared. */
const itemsMax = 20_000;
const answerMsMax = 30_000;

/** What is asked, and what is nobody's own there. */
export interface Asked {
  readonly flavour: Flavour;
  /** Databases that are left out besides the servers' own. */
  readonly databases: readonly string[];
  /** Users that are left out besides the servers' own. */
  readonly users: readonly string[];
}

/** A condition on a column that holds a database's name. */
export function usersOwn(column: string, { databases }: Pick<Asked, 'databases'>): string {
  const servers = ['mysql', 'information_schema', 'performance_schema', 'sys'];
  return `${column} not in (${[...servers, ...databases].map(literal).join(', ')})`;
}

/** A query of name and what it is like. */
interface Kind {
  readonly sql: (own: (column: string) => string) => string;
  readonly isHidden?: true;
  readonly byVersion?: true;
  /** Since servers before some version have no such view. */
  readonly mayBeUnknown?: true;
}

const kinds: readonly Kind[] = [
  {
    sql: (own) =>
      "select concat('database ', schema_name), " +
      "concat(default_character_set_name, ' ', default_collation_name) " +
      `from information_schema.schemata where ${own('schema_name')}`,
  },
  {
    sql: (own) =>
      "select concat(if(table_type = 'VIEW', 'view ', 'table '), table_schema, '.', table_name), " +
      "concat_ws(' ', engine, table_collation) from information_schema.tables " +
      `where table_type in ('BASE TABLE', 'VIEW') and ${own('table_schema')}`,
  },
  {
    sql: (own) =>
      "select concat('column ', table_schema, '.', table_name, '.', column_name), " +
      "concat_ws(' ', column_type, if(is_nullable = 'NO', 'not null', null), " +
      "collation_name, concat('default ', column_default), nullif(extra, '')) " +
      `from information_schema.columns where ${own('table_schema')}`,
  },
  {
    sql: (own) =>
      "select concat('index ', index_name, ' on ', table_schema, '.', table_name), " +
      "concat(if(non_unique = 0, 'unique ', ''), index_type, ' (', group_concat(" +
      "concat(coalesce(column_name, '(expression)'), coalesce(concat('(', sub_part, ')'), '')) " +
      "order by seq_in_index separator ', '), ')') from information_schema.statistics " +
      `where ${own('table_schema')} ` +
      'group by table_schema, table_name, index_name, non_unique, index_type',
  },
  {
    sql: (own) =>
      "select concat('foreign key ', r.constraint_name, ' on ', r.constraint_schema, '.', " +
      "r.table_name), concat(group_concat(k.column_name order by k.ordinal_position), ' to ', " +
      "max(k.referenced_table_name), '.', " +
      "group_concat(k.referenced_column_name order by k.ordinal_position), ' on update ', " +
      "r.update_rule, ' on delete ', r.delete_rule) " +
      'from information_schema.referential_constraints r ' +
      'join information_schema.key_column_usage k on k.constraint_schema = r.constraint_schema ' +
      'and k.constraint_name = r.constraint_name and k.table_name = r.table_name ' +
      `where ${own('r.constraint_schema')} group by r.constraint_schema, r.table_name, ` +
      'r.constraint_name, r.update_rule, r.delete_rule',
  },
  {
    sql: (own) =>
      "select concat('check ', constraint_schema, '.', constraint_name), check_clause " +
      `from information_schema.check_constraints where ${own('constraint_schema')}`,
    ...{ byVersion: true, mayBeUnknown: true },
  },
  {
    sql: (own) =>
      "select concat('definition of view ', table_schema, '.', table_name), " +
      'sha2(view_definition, 256) from information_schema.views where ' +
      own('table_schema'),
    ...{ isHidden: true, byVersion: true },
  },
  {
    sql: (own) =>
      "select concat('trigger ', trigger_schema, '.', trigger_name), sha2(concat_ws(' ', " +
      'action_timing, event_manipulation, event_object_table, action_statement), 256) ' +
      `from information_schema.triggers where ${own('trigger_schema')}`,
    isHidden: true,
  },
  {
    sql: (own) =>
      "select concat(lower(routine_type), ' ', routine_schema, '.', routine_name), " +
      "sha2(concat_ws(' ', dtd_identifier, routine_definition, sql_data_access, " +
      'security_type), 256) ' +
      `from information_schema.routines where ${own('routine_schema')}`,
    isHidden: true,
  },
  {
    // Whether it runs is another matter on a replica: there it does not.
    sql: (own) =>
      "select concat('event ', event_schema, '.', event_name), sha2(concat_ws(' ', event_type, " +
      'execute_at, interval_value, interval_field, event_definition), 256) ' +
      `from information_schema.events where ${own('event_schema')}`,
    isHidden: true,
  },
];

/** ER_UNKNOWN_TABLE, as information_schema answers. */
const unknownTable = 1109;

/**
 * Its schema. Triggers, routines and events by what they do, not by who may do it.
 * @throws EngineError or the driver's error, or Error where there are too many things
 */
export async function schemaItems(admin: MysqlAdmin, asked: Asked): Promise<Item[]> {
  const found: Item[] = [];
  await admin.ask('set session group_concat_max_len = 65535');
  for (const { sql, isHidden, byVersion, mayBeUnknown } of kinds) {
    const rows = await bounded(
      admin,
      sql((column) => usersOwn(column, asked)),
    ).catch((error: unknown) => {
      const { number } = error as { readonly number?: unknown };
      if (mayBeUnknown === true && number === unknownTable) return [];
      throw error;
    });
    for (const [name, said] of rows)
      found.push({
        ...{ aspect: 'schema', name: name ?? '', said: evenly(said ?? '', asked.flavour) },
        ...(isHidden === undefined ? {} : { isHidden }),
        ...(byVersion === undefined ? {} : { byVersion }),
      });
  }
  return found;
}

/**
 * MySQL 8.0.19 ceased to tell how wide integers are shown, and 8.0.30 to call three-byte
 * characters `utf8`; neither changes what a column takes. Exported for its test.
 */
export function evenly(said: string, flavour: Flavour): string {
  if (flavour === 'mariadb') return said;
  return said
    .replace(/\b(smallint|mediumint|bigint|int)\(\d+\)/g, '$1')
    .replace(/\btinyint\((?!1\))\d+\)/g, 'tinyint')
    .replaceAll(/\butf8_/g, 'utf8mb3_')
    .replaceAll(/\butf8\b/g, 'utf8mb3');
}

/** Its users with what they may do. Throws as `schemaItems` does. */
export async function userItems(admin: MysqlAdmin, asked: Asked): Promise<Item[]> {
  const role = asked.flavour === 'mariadb' ? "is_role = 'Y'" : '0';
  const rows = await bounded(
    admin,
    `select user, host, ${role}, plugin, sha2(authentication_string, 256) from mysql.user ` +
      "where user not like 'mysql.%' and user not like 'mariadb.%' " +
      `and user not in (${["''", ...asked.users.map(literal)].join(', ')})`,
  );
  const found: Item[] = [];
  const users = (name: string, said: string): number => found.push({ aspect: 'users', name, said });
  for (const row of rows) {
    const { name, account, isRole } = accountOf(row);
    users(name, isRole ? '' : (row[3] ?? ''));
    if (!isRole)
      found.push({
        ...{ aspect: 'users', name: `password of ${name}`, said: row[4] ?? '', isHidden: true },
      });
    for (const grant of await grantsOf(admin, account)) users(`${name}: ${grantText(grant)}`, '');
  }
  return found;
}

/** ER_NONEXISTING_GRANT. */
const noSuchGrant = 1141;

/**
 * A server that resolves no names (skip_name_resolve, as in MariaDB's image) passes over accounts
 * of hosts that have names: they are listed in mysql.user, and SHOW GRANTS knows none of them.
 */
async function grantsOf(admin: MysqlAdmin, account: string): Promise<string[]> {
  const rows = await admin.ask(`show grants for ${account}`).catch((error: unknown) => {
    const { number } = error as { readonly number?: unknown };
    if (number !== noSuchGrant) throw error;
    return [['no grant is in force: the server passes over this account']];
  });
  return rows.map(([grant]) => grant ?? '');
}

function accountOf([user, host, role]: TextRow): {
  readonly name: string;
  readonly account: string;
  readonly isRole: boolean;
} {
  const isRole = role === '1';
  const quoted = literal(user ?? '');
  if (isRole) return { name: `role ${user}`, account: quoted, isRole };
  const account = `${quoted}@${literal(host ?? '')}`;
  return { name: `user ${user}@${host}`, account, isRole };
}

/** Without what proves who it is: MariaDB shows it with the first grant. Exported for its test. */
export function grantText(grant: string): string {
  return grant
    .replace(/ IDENTIFIED (BY|VIA|WITH) .*?(?= REQUIRE | WITH (?:GRANT|MAX_)|$)/, '')
    .trim();
}

async function bounded(admin: MysqlAdmin, sql: string): Promise<TextRow[]> {
  const rows = await admin.ask(`${sql} limit ${itemsMax + 1}`, answerMsMax);
  if (rows.length > itemsMax)
    throw new Error(`there are more than ${itemsMax} things like ${rows[0]?.[0] ?? 'these'}`);
  return rows;
}
