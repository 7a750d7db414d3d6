/** Server options: ours for a short-lived server, and the user's over them. */
import { UserError } from '../../../user-error.js';
import type { MysqlFlavour } from './binaries.js';

type Options = Readonly<Record<string, string>>;

/**
 * What a server that lives for minutes does not need. A commit still reaches the system before it
 * is answered, so that a killed server loses nothing; only a machine that loses power would.
 */
const common: Options = {
  innodb_buffer_pool_size: '32M',
  innodb_flush_log_at_trx_commit: '2',
  innodb_doublewrite: 'OFF',
  innodb_log_buffer_size: '4M',
  // The kernel has few of them for all servers together.
  innodb_use_native_aio: 'OFF',
  innodb_buffer_pool_dump_at_shutdown: 'OFF',
  innodb_buffer_pool_load_at_startup: 'OFF',
  sync_binlog: '0',
  log_bin: 'binlog',
  skip_name_resolve: 'ON',
  character_set_server: 'utf8mb4',
  // What a session holds is asked here.
  performance_schema: 'ON',
  performance_schema_instrument: 'wait/lock/metadata/sql/mdl=ON',
  // Histories that nobody reads; with them an idle MySQL takes 470 MB, without them 270.
  performance_schema_digests_size: '200',
  performance_schema_events_statements_history_long_size: '100',
  performance_schema_events_stages_history_long_size: '10',
  performance_schema_events_waits_history_long_size: '10',
  performance_schema_events_transactions_history_long_size: '10',
};

const ofFlavour: Readonly<Record<MysqlFlavour, Options>> = {
  mysql: {
    gtid_mode: 'ON',
    enforce_gtid_consistency: 'ON',
    innodb_flush_method: 'nosync',
    // `loose`: not every version or build knows it.
    loose_innodb_redo_log_capacity: '32M',
    loose_mysqlx: 'OFF',
    loose_performance_schema_error_size: '10',
  },
  mariadb: {
    binlog_format: 'ROW',
    innodb_log_file_size: '32M',
  },
};

/** Set by rehearse itself, so that nothing can move the server off loopback or its folder. */
const fixed = [
  ...['port', 'bind_address', 'socket', 'datadir', 'pid_file', 'tmpdir', 'basedir', 'user'],
  ...['secure_file_priv', 'init_file', 'log_error', 'skip_networking', 'skip_grant_tables'],
  ...['extra_port', 'admin_address', 'admin_port', 'mysqlx', 'mysqlx_port', 'mysqlx_bind_address'],
  ...['no_defaults', 'defaults_file', 'defaults_extra_file', 'defaults_group_suffix'],
  ...['print_defaults', 'help', 'version', 'verbose', 'daemonize', 'initialize', 'bootstrap'],
  ...['initialize_insecure', 'chroot', 'console', 'gdb', 'upgrade'],
];

/** Decide how data directories are made, and must stay what they were then. */
const ofLayout = [
  'lower_case_table_names',
  'innodb_page_size',
  'innodb_data_file_path',
  'innodb_undo_tablespaces',
];

/** The options of one server, as arguments. */
export interface MysqlOptions {
  /** For every start. */
  readonly run: readonly string[];
  /** For making the data directory: those of them that matter then. */
  readonly make: readonly string[];
}

/**
 * Our defaults with the wanted parameters over them.
 * @param serverId tells the servers of a replication apart; a wanted `server_id` wins
 * @throws UserError `PARAMETER_INVALID`
 */
export function mysqlOptions(
  flavour: MysqlFlavour,
  wanted: Options,
  serverId: number,
): MysqlOptions {
  const own = { ...common, ...ofFlavour[flavour], server_id: String(serverId) };
  const all = new Map(Object.entries(own));
  for (const [key, value] of checked(wanted)) {
    all.delete(`loose_${key}`);
    all.set(key, value);
  }
  const layout = [...all].filter(([name]) => ofLayout.includes(name.replace(/^loose_/, '')));
  const sizes = [...all].filter(([name]) =>
    /redo_log_capacity|doublewrite|flush_method/.test(name),
  );
  return { run: argumentsOf(all), make: argumentsOf([...layout, ...sizes]) };
}

/** The wanted parameters alone, as arguments. @throws UserError `PARAMETER_INVALID` */
export function argumentsFor(wanted: Options): string[] {
  return argumentsOf(checked(wanted));
}

/** By names as the server writes them. */
function checked(wanted: Options): [string, string][] {
  return Object.entries(wanted).map(([name, value]) => {
    const key = name.toLowerCase().replaceAll('-', '_');
    if (!/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/.test(key))
      throw invalid(name, 'is not the name of a server parameter');
    if (
      fixed.includes(key.replace(/^(loose|skip|enable|disable|maximum)_/, '')) ||
      fixed.includes(key)
    )
      throw invalid(name, 'is set by rehearse itself');
    if (/[\n\r\0]/.test(value)) throw invalid(name, 'has a value of more than one line');
    if (/^(?:(?:loose|enable)_)?require_secure_transport$/.test(key) && !off.test(value))
      throw needsClearText(name);
    return [key, value];
  });
}

const off = /^(?:off|0|false|no)$/i;

/** TLS is between clients and the endpoint; behind it all is loopback. */
function needsClearText(name: string): UserError {
  return new UserError(
    'PARAMETER_INVALID',
    `The server parameter ${JSON.stringify(name)} cannot be on here: the endpoint that clients ` +
      'dial ends their TLS, and talks with the server behind it in clear.',
    'Leave it out. To rehearse with TLS, let the clients themselves ask for it.',
  );
}

function argumentsOf(options: Iterable<readonly [string, string]>): string[] {
  return [...options].map(([name, value]) => `--${name.replaceAll('_', '-')}=${value}`);
}

function invalid(name: string, why: string): UserError {
  return new UserError(
    'PARAMETER_INVALID',
    `The server parameter ${JSON.stringify(name.slice(0, 60))} ${why}.`,
    'Leave it out, or write it as in a my.cnf: a name and a value on one line.',
  );
}
