/**
 * Physical streaming between two Postgres servers whose data began as a copy: the SQL of it. A
 * standby streams without a slot: nothing of it is left on a server that it followed before.
 * Source: PostgreSQL documentation, "Log-Shipping Standby Servers".
 */
import type { FollowedServer } from '../followed-server.js';
import type { Admin } from './admin.js';
import { connectionString } from './connection-string.js';
import { identifier, literal } from './examine.js';

/** Kept for standbys that are cut off for a while. */
export const walKept = '1GB';

/** Makes the role that standbys log in as, or gives it that password. */
export async function createFollower(
  admin: Admin,
  { user, password }: Pick<FollowedServer, 'user' | 'password'>,
): Promise<void> {
  const rows = await admin.query('select 1 from pg_catalog.pg_roles where rolname = $1', [user]);
  if (rows.length === 0) await admin.query(`create role ${identifier(user)}`);
  await admin.query(
    `alter role ${identifier(user)} login replication password ${literal(password)}`,
  );
}

/** Lets a server that keeps nothing for its standby keep its log for a while. */
export async function keepLog(admin: Admin): Promise<void> {
  const [row] = await admin.query<{ kept: boolean }>(
    "select current_setting('wal_keep_size') <> '0' as kept",
  );
  if (row?.kept !== true) await setSystem(admin, 'wal_keep_size', walKept);
}

/**
 * Ends the connections of those that stream from it. A server that goes down in order waits until
 * they have everything, however slow the way to them is.
 */
export async function endSenders(admin: Admin): Promise<void> {
  await admin.query('select pg_terminate_backend(pid) from pg_catalog.pg_stat_replication');
}

/** Lets a standby stream from there from now on, by that name. */
export async function streamFrom(
  admin: Admin,
  { host, port, user, password }: FollowedServer,
  name: string,
): Promise<void> {
  const parts = { host, port: String(port), user, password, application_name: name };
  await setSystem(admin, 'primary_conninfo', connectionString(parts));
}

/** The standby replays what it received so much later; zero: at once. */
export async function delayReplay(admin: Admin, delayMs: number): Promise<void> {
  await setSystem(admin, 'recovery_min_apply_delay', `${Math.round(delayMs)}ms`);
}

/** Where the log of a server that takes writes ends; undefined on a standby. */
export async function endOfLog(admin: Admin): Promise<string | undefined> {
  const [row] = await admin.query<{ at: string | null }>(
    'select case when pg_is_in_recovery() then null ' +
      'else pg_current_wal_flush_lsn() end::text as at',
  );
  return row?.at ?? undefined;
}

/** Whether a standby has replayed the log up to there; true on a server that takes writes. */
export async function hasReplayed(admin: Admin, lsn: string): Promise<boolean> {
  const [row] = await admin.query<{ done: boolean }>(
    'select coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false) as done',
    [lsn],
  );
  return row?.done === true;
}

/** Replays what was received and takes writes from then on. @throws Error where it did not */
export async function promote(admin: Admin, timeoutMs: number): Promise<void> {
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1_000));
  const sql = 'select pg_promote(true, $1) as done';
  const [row] = await admin.query<{ done: boolean }>(sql, [seconds], timeoutMs + 2_000);
  if (row?.done !== true) throw new Error(`it was not promoted within ${seconds} s`);
}

/** Whether it streams now. */
export async function isStreaming(admin: Admin): Promise<boolean> {
  const sql = "select 1 from pg_catalog.pg_stat_wal_receiver where status = 'streaming'";
  return (await admin.query(sql)).length > 0;
}

async function setSystem(admin: Admin, name: string, value: string): Promise<void> {
  await admin.query(`alter system set ${name} = ${literal(value)}`);
  await admin.query('select pg_reload_conf()');
}
