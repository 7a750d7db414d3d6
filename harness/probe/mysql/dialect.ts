/** What is asked of MySQL and MariaDB and written to them. */
import type { Row } from '../connection.js';
import type { Dialect, ServerIdentity } from '../dialect.js';

/**
 * Reads no table: it opens no transaction, whatever autocommit says. A replica of Aurora says so
 * by the second of the two switches (AuroraUserGuide/AuroraMySQL.Replication.html).
 */
const identity = {
  text: 'SELECT @@version, @@hostname, @@global.read_only, @@global.innodb_read_only',
};

export const mysqlDialect: Dialect = {
  identity,
  /**
   * By the text protocol: Aurora MySQL's zero-downtime patch is documented to lose statements
   * prepared on the server while it keeps their session, and this lane tells of the session. What
   * becomes of prepared statements is for application sessions of the kind `prepared`.
   */
  askHeld: identity,
  identityOf,
  /**
   * A server may begin sessions without autocommit; MySQL's greeting does not even tell (measured
   * with 9.7). Then no write would be committed, and the probe would sit in a transaction.
   */
  beforeWrites: { text: 'SET autocommit = 1' },
  /** No RETURNING on MySQL: a write does not tell who took it. */
  writeRow: (quotedTable, lane, number) => ({
    text: `INSERT INTO ${quotedTable} (lane, number) VALUES (?, ?)`,
    values: [lane, String(number)],
  }),
  createWriteTable: (quotedTable) =>
    `CREATE TABLE IF NOT EXISTS ${quotedTable} (id BIGINT AUTO_INCREMENT PRIMARY KEY, ` +
    'lane VARCHAR(200), number BIGINT, ' +
    'written_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)) ENGINE=InnoDB',
  /** Values are written into the text as strings: GREATEST would compare '9' and '10' as such. */
  writeHeartbeat: (quotedTable, lane, number) => ({
    text:
      `INSERT INTO ${quotedTable} (lane, number) VALUES (?, ?) ` +
      'ON DUPLICATE KEY UPDATE number = GREATEST(number, CAST(? AS SIGNED))',
    values: [lane, String(number), String(number)],
  }),
  readHeartbeat: (quotedTable, lane) => ({
    text: `SELECT number FROM ${quotedTable} WHERE lane = ?`,
    values: [lane],
  }),
  createHeartbeatTable: (quotedTable) =>
    `CREATE TABLE IF NOT EXISTS ${quotedTable} (lane VARCHAR(200) NOT NULL PRIMARY KEY, ` +
    'number BIGINT NOT NULL) ENGINE=InnoDB',
  quoteName: (name) => `\`${name.replaceAll('`', '``')}\``,
  quoteText: (text) =>
    // Whether a backslash escapes depends on sql_mode; digits do not.
    text.includes('\\')
      ? `CONVERT(0x${Buffer.from(text, 'utf8').toString('hex')} USING utf8mb4)`
      : `'${text.replaceAll("'", "''")}'`,
};

/**
 * Reads a row of `version[, host[, read-only, read-only]]`. What distributors put behind the
 * number is left out (`9.7.4-2`, `10.11.19-MariaDB-0+deb12u1`); Aurora's own version is part of its
 * number (`8.0.mysql_aurora.3.05.2`).
 */
function identityOf(row: Row | undefined): ServerIdentity | null {
  const told = row?.[0] ?? '';
  const version = /^\d+(\.\w+)*/.exec(told)?.[0];
  if (version === undefined) return null;
  const flavour = /mariadb/i.test(told) ? 'MariaDB' : 'MySQL';
  const [, host, ...switches] = row ?? [];
  return {
    version,
    flavour,
    ...(typeof host === 'string' && host !== '' ? { host } : {}),
    ...(switches.length > 0 ? { readOnly: switches.some(isOn) } : {}),
  };
}

/** A switch of MariaDB 12 may have more than two positions, of which `OFF` is the one for off. */
function isOn(value: string | null): boolean {
  return value !== null && value !== '0' && value.toUpperCase() !== 'OFF';
}
