/**
 * The configuration that PgBouncer is started with where nobody gives one: who may log in, where
 * to listen and whom to dial. All else is PgBouncer's own default, unless it is given. Pure.
 */
import type { ThroughCommand } from './through.js';

/** @param settings of the section `[pgbouncer]`, by name; they go over those given here */
export function pgbouncerCommand(
  settings: Readonly<Record<string, string>>,
): Omit<ThroughCommand, 'logFile' | 'cwd'> {
  const own: Record<string, string> = {
    listen_addr: '{{listenHost}}',
    listen_port: '{{listenPort}}',
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: '{{folder}}/users.txt',
    pool_mode: 'transaction',
    max_client_conn: '5000',
    // What drivers send at their login and no pooler could share between clients.
    ignore_startup_parameters: 'extra_float_digits,options',
    server_tls_sslmode: 'disable',
    ...settings,
  };
  const lines = Object.entries(own).map(([name, value]) => `${name} = ${value}`);
  const database = '* = host={{upstreamHost}} port={{upstreamPort}}';
  return {
    kind: 'command',
    command: 'PATH="$PATH:/usr/sbin:/usr/local/sbin" exec pgbouncer {{config}}',
    config: ['[databases]', database, '[pgbouncer]', ...lines, ''].join('\n'),
    files: {
      'users.txt': '"{{user}}" "{{password}}"\n"{{instrumentUser}}" "{{instrumentPassword}}"\n',
    },
  };
}
