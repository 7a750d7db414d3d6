/** Server parameters of a running Postgres: what can change without a restart, and changing it. */
import type { Admin } from './admin.js';
import { literal } from './examine.js';

export type ParameterKind = 'dynamic' | 'static' | 'unknown';

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

export async function reload(admin: Admin): Promise<void> {
  await admin.query('select pg_reload_conf()');
}

/** What is in force for a new session. */
export async function parameterValue(admin: Admin, name: string): Promise<string | undefined> {
  const sql = 'select current_setting($1, true) as value';
  const [row] = await admin.query<{ value: string | null }>(sql, [name.toLowerCase()]);
  return row?.value ?? undefined;
}
