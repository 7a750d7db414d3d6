/** Which system variables of a session are carried, in what order, and how they are set. Pure. */
import type { TextRow } from '../ask.js';
import { allRows, ascii, fromHex, identifier, literal } from './quoting.js';

/** One system variable of a session. */
export interface MysqlVariable {
  /** In lower case. */
  readonly name: string;
  /** As the server writes it; '' may stand for NULL. */
  readonly value: string;
  /** Differs from that of a fresh session on the same server. */
  readonly own: boolean;
}

/**
 * Left out: what belongs to one connection, one statement or one transaction; what follows from
 * the database or from the account, which a new connection has again; what only replication sets.
 */
const leftOut = new Set([
  'character_set_connection', // follows from collation_connection
  'character_set_database',
  'collation_database',
  'error_count',
  'external_user',
  'gtid_next',
  'gtid_owned',
  'gtid_seq_no',
  'identity',
  'immediate_server_version',
  'in_transaction',
  'insert_id',
  'last_gtid',
  'last_insert_id',
  'max_user_connections',
  'original_commit_timestamp',
  'original_server_version',
  'proxy_user',
  'pseudo_replica_mode',
  'pseudo_slave_mode',
  'pseudo_thread_id',
  'require_row_format',
  'server_id',
  'statement_id',
  'timestamp', // the time now, see `fixedTime`
  'transaction_allow_batching',
  'warning_count',
  'wsrep_gtid_seq_no',
]);

/**
 * Second names, left out where the first is there too: MariaDB before 11.1 knows the isolation
 * level by its second name alone.
 */
const firstNames: Readonly<Record<string, string>> = {
  storage_engine: 'default_storage_engine',
  tx_isolation: 'transaction_isolation',
  tx_read_only: 'transaction_read_only',
  wsrep_causal_reads: 'wsrep_sync_wait',
};

/** What a new connection's greeting decides: compared with a fresh session they prove nothing. */
const greeted = new Set([
  'character_set_client',
  'character_set_results',
  'collation_connection',
  'sql_mode',
  'wait_timeout',
]);

/** Without these the session would give other answers, or keep other data, than its client's. */
const essential = new Set([
  'autocommit',
  'character_set_client',
  'character_set_results',
  'collation_connection',
  'foreign_key_checks',
  'sql_mode',
  'time_zone',
  'transaction_isolation',
  'transaction_read_only',
  'tx_isolation',
  'tx_read_only',
  'unique_checks',
]);

/** Where the server tells NULL as ''. */
const emptyIsNull = new Set([
  'character_set_results',
  'default_tmp_storage_engine',
  'enforce_storage_engine',
  'external_table_storage_engine',
  'innodb_ft_user_stopword_table',
  'innodb_tmpdir',
]);

/**
 * Set last, in this order: modes that change how a statement is read, then what begins a
 * transaction, limits rows or limits time. They must not touch the restoration itself.
 */
const last = [
  'sql_select_limit',
  'transaction_read_only',
  'tx_read_only',
  'autocommit',
  'character_set_client',
  'character_set_results',
  'collation_connection',
  'sql_mode',
  'innodb_lock_wait_timeout',
  'lock_wait_timeout',
  'wait_timeout',
  'max_execution_time',
  'max_statement_time',
];

/** Every session begins with others (MySQL shows 0 for them): no client asked for them. */
const unasked = new Set(['rand_seed1', 'rand_seed2']);

/**
 * SET TIMESTAMP stops the clock of a session: of two looks at different times both tell the same.
 * @param all of the session
 * @param later its @@timestamp, asked by another statement
 */
export function fixedTime(
  all: Iterable<readonly [name: string, value: string]>,
  later: string,
): MysqlVariable[] {
  const told = [...all].find(([name]) => name.toLowerCase() === 'timestamp')?.[1];
  if (told === undefined || later === '' || Number(told) !== Number(later)) return [];
  return [{ name: 'timestamp', value: told, own: true }];
}

/** The variables of one session that are to be carried. */
export function carriedVariables(
  all: Iterable<readonly [name: string, value: string]>,
  fresh: ReadonlyMap<string, string>,
): MysqlVariable[] {
  const values = new Map([...all].map(([name, value]) => [name.toLowerCase(), value]));
  return [...values].flatMap(([name, value]) => {
    if (leftOut.has(name) || values.has(firstNames[name] ?? '')) return [];
    return [{ name, value, own: !unasked.has(name) && fresh.get(name) !== value }];
  });
}

/**
 * What must be set in a new connection, in order.
 * @param fresh a fresh session's variables on the server that the connection is to
 */
export function variablesToSet(
  variables: readonly MysqlVariable[],
  fresh: ReadonlyMap<string, string>,
): { early: MysqlVariable[]; late: MysqlVariable[] } {
  const wanted = variables.filter(({ name, value, own }) => {
    if (greeted.has(name)) return true;
    // A variable that the new server does not have is missed only by a session that set it.
    return fresh.has(name) ? fresh.get(name) !== value : own;
  });
  const late = last.flatMap((name) => wanted.filter((one) => one.name === name));
  return { early: wanted.filter(({ name }) => !last.includes(name)), late };
}

export function isEssential({ name }: MysqlVariable): boolean {
  return essential.has(name);
}

/** One assignment of SET; without its scope, some would be for the next transaction alone. */
export function assignment({ name, value }: MysqlVariable): string {
  return `@@SESSION.${identifier(name)} = ${valueSql(name, value)}`;
}

function valueSql(name: string, value: string): string {
  if (value === '' && emptyIsNull.has(name)) return 'NULL';
  if (name === 'system_versioning_asof' && value === 'DEFAULT') return 'DEFAULT';
  // 0 is the same set of modes, and is not NULL in a mode in which '' is.
  if (name === 'sql_mode' && value === '') return '0';
  if (/^-?\d+(\.\d+)?$/.test(value)) return value;
  return literal(value);
}

/** MariaDB's question for a session's variables, asked of the session itself. */
export const variablesQuery = `
  select variable_name, hex(session_value) from information_schema.system_variables
  where variable_scope in ('SESSION', 'SESSION ONLY') ${allRows}`;

/** Reads the answer. */
export function readVariables(rows: readonly TextRow[]): [name: string, value: string][] {
  return rows.map(([name, hex]) => [ascii(name ?? '').toLowerCase(), fromHex(hex ?? '')]);
}
