/**
 * GTID replication by binary log between two servers of MySQL or MariaDB whose data began as a
 * copy: the SQL of it. Sources: MySQL Reference Manual, "CHANGE REPLICATION SOURCE TO"; MariaDB
 * documentation, "Global Transaction ID".
 */

import type { Flavour } from '../flavours.js';
import type { FollowedServer } from '../followed-server.js';
import type { MysqlAdmin } from './admin.js';
import { literal } from './quoting.js';

/** What a follower says of its two threads. */
export interface ThreadStates {
  readonly receiving: 'Yes' | 'No' | 'Connecting';
  readonly applying: boolean;
  /** The last error of either; empty where there is none. */
  readonly error: string;
}

/** Makes the user that followers log in as, or gives it that password. */
export async function createFollower(
  admin: MysqlAdmin,
  { user, password }: Pick<FollowedServer, 'user' | 'password'>,
): Promise<void> {
  const account = `${literal(user)}@'%'`;
  await admin.query(`create user if not exists ${account} identified by ${literal(password)}`);
  await admin.query(`alter user ${account} identified by ${literal(password)}`);
  await admin.query(`grant replication slave on *.* to ${account}`);
}

/**
 * Where a follower goes on: behind all that is in its own binary log, which is what it has of its
 * source, copied or applied; or where it was, though it has writes of its own.
 */
export type FollowFrom = 'own-log' | 'where-it-was' | { readonly position: string };

/** Follows that server from now on. */
export async function followFrom(
  admin: MysqlAdmin,
  flavour: Flavour,
  { host, port, user, password }: FollowedServer,
  from: FollowFrom,
): Promise<void> {
  const { words } = sqlOf(flavour);
  await admin.query(`stop ${words.replica}`);
  // MySQL compares all that both have.
  if (flavour === 'mariadb' && from !== 'where-it-was') {
    const position = from === 'own-log' ? '@@gtid_binlog_pos' : literal(from.position);
    await admin.query(`set global gtid_slave_pos = ${position}`);
  }
  const options = [
    `${words.prefix}_HOST = ${literal(host)}`,
    `${words.prefix}_PORT = ${port}`,
    `${words.prefix}_USER = ${literal(user)}`,
    `${words.prefix}_PASSWORD = ${literal(password)}`,
    `${words.prefix}_CONNECT_RETRY = 1`,
    `${words.prefix}_HEARTBEAT_PERIOD = 1`,
    ...sqlOf(flavour).connection,
  ];
  await admin.query(`${words.change} ${options.join(', ')}`);
  await admin.query(`start ${words.replica}`);
}

/** All transactions that the server has, in the words of its flavour. */
export async function transactionsOf(admin: MysqlAdmin, flavour: Flavour): Promise<string> {
  const name = flavour === 'mysql' ? '@@global.gtid_executed' : '@@global.gtid_binlog_pos';
  const [row] = await admin.ask(`select ${name}`);
  return (row?.[0] ?? '').replaceAll(/\s/g, '');
}

/** Whether they are all applied within the time. @throws Error where applying is broken */
export async function waitForTransactions(
  admin: MysqlAdmin,
  flavour: Flavour,
  transactions: string,
  timeoutMs: number,
): Promise<boolean> {
  if (transactions === '') return true;
  const seconds = Math.max(0.001, timeoutMs / 1_000);
  const call =
    flavour === 'mysql'
      ? `wait_for_executed_gtid_set(${literal(transactions)}, ${seconds})`
      : `master_gtid_wait(${literal(transactions)}, ${seconds})`;
  const [row] = await admin.ask(`select ${call}`, timeoutMs + 2_000);
  return row?.[0] === '0';
}

/** Receives nothing more; what was received is applied, without the delay that was asked for. */
export async function stopReceiving(admin: MysqlAdmin, flavour: Flavour): Promise<string> {
  const { words } = sqlOf(flavour);
  await admin.query(`stop ${words.replica} io_thread`);
  await setDelay(admin, flavour, 0, false);
  return (await status(admin, flavour)).get(words.received)?.replaceAll(/\s/g, '') ?? '';
}

/** Follows nobody any more and takes writes. */
export async function stopFollowing(admin: MysqlAdmin, flavour: Flavour): Promise<void> {
  const { words } = sqlOf(flavour);
  await admin.query(`stop ${words.replica}`);
  await admin.query(`reset ${words.replica} all`);
  await admin.query('set global read_only = 0');
}

/**
 * Applies what it receives so many whole seconds later.
 * @param receives whether it shall go on receiving
 */
export async function setDelay(
  admin: MysqlAdmin,
  flavour: Flavour,
  seconds: number,
  receives = true,
): Promise<void> {
  const { words } = sqlOf(flavour);
  // MariaDB changes nothing of a follower that receives.
  const stopsAll = flavour === 'mariadb' && receives;
  const what = stopsAll ? words.replica : `${words.replica} sql_thread`;
  await admin.query(`stop ${what}`);
  await admin.query(`${words.change} ${words.prefix}_DELAY = ${seconds}`);
  await admin.query(`start ${what}`);
}

/** Ends the connections of followers: a server that stops would wait 10 s for them. */
export async function endDumps(admin: MysqlAdmin): Promise<void> {
  const sql = "select id from information_schema.processlist where command like 'Binlog Dump%'";
  // It may have ended by itself.
  for (const [id] of await admin.ask(sql)) await admin.query(`kill ${Number(id)}`).catch(() => {});
}

export async function threadStates(admin: MysqlAdmin, flavour: Flavour): Promise<ThreadStates> {
  const rows = await status(admin, flavour);
  const { words } = sqlOf(flavour);
  const receiving = rows.get(words.receiving);
  const applyError = rows.get('Last_SQL_Error') ?? '';
  const worker = applyError === '' || flavour === 'mariadb' ? null : await workerError(admin);
  return {
    receiving: receiving === 'Yes' || receiving === 'Connecting' ? receiving : 'No',
    applying: rows.get(words.applying) === 'Yes',
    error: [rows.get('Last_IO_Error'), worker ?? applyError].filter(Boolean).join(' '),
  };
}

/** MySQL applies by workers, and its status names none of their errors; null where none has one. */
async function workerError(admin: MysqlAdmin): Promise<string | null> {
  const [row] = await admin.ask(
    'select last_error_number, last_error_message ' +
      'from performance_schema.replication_applier_status_by_worker ' +
      'where last_error_number <> 0 order by last_error_timestamp limit 1',
  );
  const [number, message] = row ?? [];
  return message == null ? null : `${message} (${number})`;
}

/** The one row of the follower's status, by column; empty where it follows nobody. */
async function status(admin: MysqlAdmin, flavour: Flavour): Promise<ReadonlyMap<string, string>> {
  const [row] = await admin.query<Record<string, unknown>>(
    `show ${sqlOf(flavour).words.replica} status`,
  );
  return new Map(Object.entries(row ?? {}).map(([name, value]) => [name, String(value ?? '')]));
}

/** MySQL's words since 8.0.23, and MariaDB's. */
function sqlOf(flavour: Flavour) {
  return flavour === 'mysql'
    ? {
        words: {
          replica: 'replica',
          change: 'CHANGE REPLICATION SOURCE TO',
          prefix: 'SOURCE',
          receiving: 'Replica_IO_Running',
          applying: 'Replica_SQL_Running',
          received: 'Retrieved_Gtid_Set',
        },
        // The link sees where the stream begins; 9.7 would use TLS unasked.
        connection: ['SOURCE_AUTO_POSITION = 1', 'GET_SOURCE_PUBLIC_KEY = 1', 'SOURCE_SSL = 0'],
      }
    : {
        words: {
          replica: 'slave',
          change: 'CHANGE MASTER TO',
          prefix: 'MASTER',
          receiving: 'Slave_IO_Running',
          applying: 'Slave_SQL_Running',
          received: 'Gtid_IO_Pos',
        },
        // From 11 on a follower wants TLS unless it is told otherwise.
        connection: [
          'MASTER_USE_GTID = slave_pos',
          'MASTER_SSL = 0',
          'MASTER_SSL_VERIFY_SERVER_CERT = 0',
        ],
      };
}
