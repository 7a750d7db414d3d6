/** Server parameters: ours for a short-lived server, and the user's over them. */
import { UserError } from '../../../user-error.js';

/**
 * What a server that lives for minutes does not need, and what keeps it from leaving anything
 * behind. Commits still wait for the log (`synchronous_commit` stays on): without that a standby
 * would see rows late.
 */
const defaults: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '100',
  // The default of 5 s would be felt as replication lag after each reconnect.
  wal_retrieve_retry_interval: '100ms',
  // In the data directory and hence gone with it; POSIX segments would outlive a killed server.
  dynamic_shared_memory_type: 'mmap',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_line_prefix: '%m [%p] ',
  // Kept with each server by its own sums, as RDS does.
  password_encryption: 'scram-sha-256',
};

/** Set on the command line of the server, so that nothing can move it off loopback. */
const fixed = [
  'listen_addresses',
  'port',
  'unix_socket_directories',
  'data_directory',
  'config_file',
  'hba_file',
  'ident_file',
  'external_pid_file',
  'logging_collector',
  'log_destination',
];

/**
 * The text of the parameter file: our defaults with the wanted parameters over them.
 * @throws UserError `PARAMETER_INVALID`
 */
export function parameterFile(wanted: Readonly<Record<string, string>>): string {
  const lines = Object.entries(serverParameters(wanted)).map(
    ([name, value]) => `${name} = '${quoted(value)}'`,
  );
  return `${lines.join('\n')}\n`;
}

/**
 * Our defaults with the wanted parameters over them, by name.
 * @throws UserError `PARAMETER_INVALID`
 */
export function serverParameters(
  wanted: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { ...defaults, ...wantedParameters(wanted) };
}

/**
 * The wanted parameters alone, by name as the server writes it.
 * @throws UserError `PARAMETER_INVALID`
 */
export function wantedParameters(
  wanted: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(wanted)) {
    const key = name.toLowerCase();
    if (!/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/.test(key))
      throw invalid(name, 'is not the name of a server parameter');
    if (fixed.includes(key)) throw invalid(name, 'is set by rehearse itself');
    if (/[\n\r\0]/.test(value)) throw invalid(name, 'has a value of more than one line');
    all[key] = value;
  }
  return all;
}

function quoted(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll("'", "''");
}

function invalid(name: string, why: string): UserError {
  return new UserError(
    'PARAMETER_INVALID',
    `The server parameter ${JSON.stringify(name.slice(0, 60))} ${why}.`,
    'Leave it out, or write it as in postgresql.conf: a name and a value on one line.',
  );
}
