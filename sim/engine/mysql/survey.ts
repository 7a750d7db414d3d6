/** One look by the superuser at what the server shows of sessions: all of them at once. */
import type { Flavour, ServerVersion } from '../flavours.js';
import type { MysqlAdmin } from './admin.js';
import { type HeldLocks, heldLocks, lockViewsOf } from './locks.js';
import { readVariables, variablesQuery } from './session-variables.js';

/** What MySQL shows of one session; MariaDB shows none of it to others. */
export interface SurveyedSession {
  readonly variables: readonly (readonly [name: string, value: string])[];
  readonly userVariableNames: readonly string[];
  readonly temporaryTables: number;
}

export interface Survey {
  readonly flavour: Flavour;
  /** A fresh session's variables. */
  readonly fresh: ReadonlyMap<string, string>;
  /** By server connection id; empty on MariaDB. */
  readonly sessions: ReadonlyMap<number, SurveyedSession>;
  readonly locks: ReadonlyMap<number, HeldLocks>;
  readonly preparedStatements: ReadonlyMap<number, number>;
  readonly unseen: readonly string[];
  /** MariaDB from 11.2 on: a session can be asked for its temporary tables. */
  readonly listsTemporaryTables: boolean;
}

/**
 * Surveys these sessions.
 * @throws what `MysqlAdmin.query` throws; Error where MySQL runs without its performance_schema
 */
export async function surveySessions(
  admin: MysqlAdmin,
  { flavour, version }: ServerVersion,
  connectionIds: readonly number[],
): Promise<Survey> {
  const view = await lockViewsOf(admin);
  const [shown] = await admin.ask('select @@performance_schema');
  const schema = shown?.[0] === '1';
  if (flavour === 'mysql' && !schema)
    throw new Error('performance_schema is off: the server does not show what sessions hold');
  const fresh = await freshVariables(admin, flavour);
  return {
    flavour,
    fresh,
    sessions: flavour === 'mysql' ? await mysqlSessions(admin, connectionIds) : new Map(),
    locks: view === null ? new Map() : await heldLocks(admin, view),
    preparedStatements: schema ? await preparedStatements(admin) : new Map(),
    unseen: [...(view === null ? ['locks'] : []), ...(schema ? [] : ['prepared statements'])],
    listsTemporaryTables: flavour === 'mariadb' && atLeast(version, 11, 2),
  };
}

/** The variables that a session has when it begins: the superuser's own, which sets nothing. */
export async function freshVariables(
  admin: MysqlAdmin,
  flavour: Flavour,
): Promise<ReadonlyMap<string, string>> {
  if (flavour === 'mariadb') return new Map(readVariables(await admin.ask(variablesQuery)));
  const rows = await admin.ask(`${threadVariables} where t.processlist_id = connection_id()`);
  return new Map(rows.map(([, name, value]) => [name ?? '', value ?? '']));
}

const threadVariables = `
  select t.processlist_id, v.variable_name, v.variable_value
  from performance_schema.threads t
  straight_join performance_schema.variables_by_thread v on v.thread_id = t.thread_id`;

async function mysqlSessions(
  admin: MysqlAdmin,
  connectionIds: readonly number[],
): Promise<ReadonlyMap<number, SurveyedSession>> {
  if (connectionIds.length === 0) return new Map();
  const where = `where t.processlist_id in (${connectionIds.map(Number).join(', ')})`;
  const variables = grouped(await admin.ask(`${threadVariables} ${where}`));
  const names = grouped(
    await admin.ask(
      `select t.processlist_id, v.variable_name, '' from performance_schema.threads t
      straight_join performance_schema.user_variables_by_thread v on v.thread_id = t.thread_id
      ${where}`,
    ),
  );
  const tables = await countOf(admin, temporaryTables);
  return new Map(
    [...variables].map(([id, pairs]) => [
      id,
      {
        variables: pairs,
        userVariableNames: (names.get(id) ?? []).map(([name]) => name),
        temporaryTables: tables.get(id) ?? 0,
      },
    ]),
  );
}

function grouped(
  rows: Awaited<ReturnType<MysqlAdmin['ask']>>,
): Map<number, [name: string, value: string][]> {
  const groups = new Map<number, [string, string][]>();
  for (const [id, name, value] of rows) {
    const group = groups.get(Number(id)) ?? [];
    groups.set(Number(id), group);
    group.push([name ?? '', value ?? '']);
  }
  return groups;
}

/** InnoDB's alone: no view shows those of other storage engines. */
const temporaryTables = `
  select s.id, count(*)
  from information_schema.innodb_session_temp_tablespaces s
  join information_schema.innodb_temp_table_info t on t.space = s.space
  where s.purpose = 'USER' group by s.id`;

function preparedStatements(admin: MysqlAdmin): Promise<ReadonlyMap<number, number>> {
  return countOf(
    admin,
    `select t.processlist_id, count(*)
    from performance_schema.prepared_statements_instances p
    join performance_schema.threads t on t.thread_id = p.owner_thread_id
    where t.processlist_id is not null group by t.processlist_id`,
  );
}

async function countOf(admin: MysqlAdmin, sql: string): Promise<ReadonlyMap<number, number>> {
  const rows = await admin.ask(sql);
  return new Map(rows.map(([id, count]) => [Number(id), Number(count)]));
}

function atLeast(version: string, major: number, minor: number): boolean {
  const [have = 0, havePart = 0] = version.split('.').map(Number);
  return have > major || (have === major && havePart >= minor);
}
