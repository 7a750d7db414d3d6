/** Server parameters of a running Postgres: what can change without a restart, and changing it. */
import type { ParameterKind } from '../parameter-kind.js';
import type { Admin } from './admin.js';
import { literal } from './examine.js';

/** @returns `unknown` also for what nobody can set */
export async function parameterKind(admin: Admin, name: string): Promise<ParameterKind> {
  const sql = 'select context from pg_catalog.pg_settings where name = $1';
  const [row] = await admin.query<{ context: string }>(sql, [name.toLowerCase()]);
  if (row === undefined || row.context === 'internal') return 'unknown';
  return row.context === 'postmaster' ? 'static' : 'dynamic';
}

/** Stores a value for the next start; a reload lets a dynamic one take effect. */
export async function storeParameter(admin: Admin, name: string, value: string): Promise<void> {
  const safe = name.toLowerCase().replaceAll(/[^a-z0-9_.]/g, '');
  await admin.query(`alter system set ${safe} = ${literal(value)}`);
}

/**
 * Lets stored values take effect; resolves when a session has read them, as others then do.
 * @throws Error where none has within 5 s
 */
export async function reload(admin: Admin): Promise<void> {
  const loaded = async (): Promise<string | undefined> => {
    const sql = 'select pg_conf_load_time()::text as at, pg_sleep(0.01)';
    return (await admin.query<{ at: string }>(sql))[0]?.at;
  };
  const before = await loaded();
  await admin.query('select pg_reload_conf()');
  for (let tries = 500; (await loaded()) === before; tries--)
    if (tries === 0) throw new Error('the server did not read its parameters again within 5 s');
}

/** What is in force for a new session. */
export async function parameterValue(admin: Admin, name: string): Promise<string | undefined> {
  const sql = 'select current_setting($1, true) as value';
  const [row] = await admin.query<{ value: string | null }>(sql, [name.toLowerCase()]);
  return row?.value ?? undefined;
}
