/** Opens a connection to whatever engine the target is. */
import type { Opened, OpenOptions } from './connection.js';
import type { Dial } from './dialled-session.js';
import { MysqlConnection } from './mysql/connection.js';
import { PostgresConnection } from './postgres/connection.js';

/** Connects and authenticates. Never rejects. */
export function openConnection(options: OpenOptions): Promise<Opened> {
  return options.target.engine === 'mysql'
    ? MysqlConnection.open(options)
    : PostgresConnection.open(options);
}

/** The same without the time-out, for sessions that are dialled again and again. */
export function dialOf(options: Omit<OpenOptions, 'timeoutMs'>): Dial {
  return (timeoutMs) => openConnection({ ...options, timeoutMs });
}
