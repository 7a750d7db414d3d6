/** Opens a connection to whatever engine the target is. */
import type { Opened, OpenOptions } from './connection.js';
import { MysqlConnection } from './mysql/connection.js';
import { PostgresConnection } from './postgres/connection.js';

/** Connects and authenticates. Never rejects. */
export function openConnection(options: OpenOptions): Promise<Opened> {
  return options.target.engine === 'mysql'
    ? MysqlConnection.open(options)
    : PostgresConnection.open(options);
}
