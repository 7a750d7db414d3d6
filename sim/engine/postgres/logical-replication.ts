/**
 * Logical replication of all tables of some databases, from one Postgres server to another whose
 * data began as a copy: the SQL of it. Sources: PostgreSQL documentation, "Logical Replication",
 * and "pg_createsubscriber", which begins from a copy as well.
 */
import type { FollowedServer } from '../followed-server.js';
import type { Admin } from './admin.js';
import { connectionString } from './connection-string.js';
import { identifier, literal } from './examine.js';

/** What a server must be started with for others to follow it so. */
export const logicalSourceParameters: Readonly<Record<string, string>> = {
  wal_level: 'logical',
  max_replication_slots: '20',
  max_wal_senders: '20',
  // A follower is a copy, and has these too.
  max_logical_replication_workers: '8',
  max_worker_processes: '16',
};

/** One database that is followed; slot, publication and subscription have the same name. */
export interface Channel {
  readonly database: string;
  readonly name: string;
}

/** Databases that clients may open, without the servers' own. */
export async function databasesToFollow(admin: Admin): Promise<string[]> {
  const rows = await admin.query<{ name: string }>(
    'select datname as name from pg_catalog.pg_database where datallowconn ' +
      "and datname not in ('template0', 'template1', 'postgres') order by datname",
  );
  return rows.map(({ name }) => name);
}

/** Whether its log is made for this. */
export async function logsLogically(admin: Admin): Promise<boolean> {
  const sql = "select current_setting('wal_level') = 'logical' as yes";
  const [row] = await admin.query<{ yes: boolean }>(sql);
  return row?.yes === true;
}

/**
 * On the source, in the channel's database: publishes all of its tables, and keeps the log from
 * here on. Waits for transactions that are open.
 */
export async function publish(inDatabase: Admin, { name }: Channel, waitMs: number): Promise<void> {
  await inDatabase.query(`create publication ${identifier(name)} for all tables`);
  const sql = "select pg_catalog.pg_create_logical_replication_slot($1, 'pgoutput')";
  await inDatabase.query(sql, [name], waitMs);
}

/** On the source: where all that was written so far ends. */
export async function endOfWrites(admin: Admin): Promise<string> {
  const [row] = await admin.query<{ at: string }>('select pg_current_wal_flush_lsn()::text as at');
  if (row === undefined) throw new Error('the source does not know where its log ends');
  return row.at;
}

/**
 * On the source, in that database: keeps nothing for the follower any more.
 * @returns whether that is so; false while the slot is still held by whoever followed by it
 */
export async function unpublish(inDatabase: Admin, { name }: Channel): Promise<boolean> {
  // The walsender of a follower that is cut off holds it for a while.
  const sql = 'select pg_catalog.pg_terminate_backend(active_pid) from pg_replication_slots';
  await inDatabase.query(`${sql} where slot_name = $1 and active_pid is not null`, [name]);
  await inDatabase.query(
    'select pg_catalog.pg_drop_replication_slot(slot_name) from pg_replication_slots ' +
      'where slot_name = $1 and not active',
    [name],
  );
  await inDatabase.query(`drop publication if exists ${identifier(name)}`);
  const held = 'select from pg_replication_slots where slot_name = $1';
  return (await inDatabase.query(held, [name])).length === 0;
}

/** On a copy that was promoted: what it has of its source ends here in the source's log. */
export async function endOfCopiedLog(admin: Admin): Promise<string> {
  const [row] = await admin.query<{ history: string }>(
    "select pg_read_file('pg_wal/' || name) as history from pg_ls_waldir() " +
      "where name like '%.history' order by name desc limit 1",
  );
  const last = row?.history.trim().split('\n').at(-1);
  const end = last?.split('\t')[1];
  if (end === undefined) throw new Error('the copy does not know where its log ends');
  return end;
}

/** On a copy: what it has of its source's slots. */
export async function dropCopiedSlots(admin: Admin): Promise<void> {
  await admin.query(
    'select pg_catalog.pg_drop_replication_slot(slot_name) from pg_replication_slots',
  );
}

/** On a copy, in that database: a publication that came with it. */
export async function dropCopiedPublication(inDatabase: Admin, { name }: Channel): Promise<void> {
  await inDatabase.query(`drop publication if exists ${identifier(name)}`);
}

/** Follows the source's channel from that point of its log on. */
export async function subscribe(
  inDatabase: Admin,
  channel: Channel,
  source: FollowedServer,
  from: string,
): Promise<void> {
  const name = identifier(channel.name);
  await inDatabase.query(
    `create subscription ${name} connection ${literal(connectionTo(source, channel))} ` +
      `publication ${name} with (enabled = false, create_slot = false, ` +
      `slot_name = ${literal(channel.name)}, copy_data = false)`,
  );
  await inDatabase.query(
    `select pg_catalog.pg_replication_origin_advance('pg_' || oid, $2)
     from pg_catalog.pg_subscription where subname = $1`,
    [channel.name, from],
  );
  await inDatabase.query(`alter subscription ${name} enable`);
}

/** Goes on from another address of the source. */
export async function subscribeAt(
  inDatabase: Admin,
  channel: Channel,
  source: FollowedServer,
): Promise<void> {
  const connection = literal(connectionTo(source, channel));
  await inDatabase.query(`alter subscription ${identifier(channel.name)} connection ${connection}`);
}

/** Follows the channel no more; the source's slot stays. */
export async function unsubscribe(inDatabase: Admin, { name }: Channel): Promise<void> {
  const subscription = identifier(name);
  await inDatabase.query(`alter subscription ${subscription} disable`);
  await inDatabase.query(`alter subscription ${subscription} set (slot_name = none)`);
  await inDatabase.query(`drop subscription ${subscription}`);
}

/** Whether followers have confirmed all channels up to there. */
export async function haveConfirmed(
  admin: Admin,
  channels: readonly Channel[],
  lsn: string,
): Promise<boolean> {
  const [row] = await admin.query<{ done: boolean }>(
    'select count(*) = $2 as done from pg_replication_slots ' +
      'where slot_name = any($1) and confirmed_flush_lsn >= $3::pg_lsn',
    [channels.map(({ name }) => name), channels.length, lsn],
  );
  return row?.done === true;
}

/** How many of the channels are connected, and how often applying failed. */
export async function channelStates(
  admin: Admin,
  channels: readonly Channel[],
): Promise<{ readonly connected: number; readonly failures: number }> {
  const names = [channels.map(({ name }) => name)];
  const [connected] = await admin.query<{ n: number }>(
    'select count(*)::int as n from pg_catalog.pg_stat_subscription ' +
      'where subname = any($1) and relid is null and pid is not null',
    names,
  );
  const [failed] = await admin.query<{ n: number }>(
    'select coalesce(sum(apply_error_count), 0)::int as n ' +
      'from pg_catalog.pg_stat_subscription_stats where subname = any($1)',
    names,
  );
  return { connected: connected?.n ?? 0, failures: failed?.n ?? 0 };
}

function connectionTo({ host, port, user, password }: FollowedServer, channel: Channel): string {
  return connectionString({ host, port: String(port), user, password, dbname: channel.database });
}
