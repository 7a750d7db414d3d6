/**
 * Global variables that somebody set while the server ran: a restart forgets them. Source of the
 * rule: AuroraUserGuide/AuroraMySQL.Updates.ZDP.html (session variables are restored, global ones
 * and status variables are not).
 */
import type { Flavour } from '../flavours.js';
import type { MysqlAdmin } from './admin.js';

export interface LostGlobal {
  readonly name: string;
  readonly before: string;
  /** Null where the server has no such variable any more. */
  readonly after: string | null;
}

/**
 * MySQL remembers by what a variable was set last, and counts SET SESSION too: what is listed
 * here may have its configured value, and shows it after a restart. SET PERSIST outlives one.
 */
const mysqlSql = `
  select g.variable_name, g.variable_value
  from performance_schema.variables_info i
  join performance_schema.global_variables g on g.variable_name = i.variable_name
  left join performance_schema.persisted_variables p on p.variable_name = i.variable_name
  where i.variable_source = 'DYNAMIC'
    and (p.variable_value is null or p.variable_value <> g.variable_value)`;

const mariadbSql = `
  select lower(variable_name), global_value from information_schema.system_variables
  where global_value_origin = 'SQL'`;

/** Global variables that were set at run time, with their values now. */
export async function globalsSetAtRunTime(
  admin: MysqlAdmin,
  flavour: Flavour,
): Promise<ReadonlyMap<string, string>> {
  return pairs(await admin.ask(flavour === 'mysql' ? mysqlSql : mariadbSql));
}

/** All global variables, by lower-case name. */
export async function globalValues(admin: MysqlAdmin): Promise<ReadonlyMap<string, string>> {
  return pairs(await admin.ask('show global variables'));
}

/** A status counter, such as `Uptime` in seconds or `Questions`: a restart begins it again. */
export async function statusCounter(
  admin: MysqlAdmin,
  name: 'Uptime' | 'Questions',
): Promise<number> {
  const [row] = await admin.ask(`show global status like '${name}'`);
  return Number(row?.[1] ?? 0);
}

function pairs(rows: Awaited<ReturnType<MysqlAdmin['ask']>>): ReadonlyMap<string, string> {
  return new Map(rows.map(([name, value]) => [(name ?? '').toLowerCase(), value ?? '']));
}

/** Which of those set at run time have another value after the restart. Pure. */
export function lostGlobals(
  setBefore: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): LostGlobal[] {
  return [...setBefore].flatMap(([name, before]) => {
    const now = after.get(name) ?? null;
    return now === before ? [] : [{ name, before, after: now }];
  });
}
