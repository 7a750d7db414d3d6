/** What a copied data directory is told before its server lets anybody in. */
import type { AdminLogin } from '../../server.js';
import type { MysqlFlavour } from './binaries.js';

/** Named so that neither `root` nor `rdsadmin` of a user's own dump is in its way. */
export const adminUser = 'rehearse_admin';

/**
 * One statement a line: the account of this tool, from loopback alone, and none of the accounts
 * without a password that a new data directory comes with. A server that starts with this file
 * runs it before it accepts a connection. Not a line of it gets into the binary log, or replicas
 * would repeat it.
 * @param isFilled whether a server ran on these data before: an account named root is then one
 *   that a dump has, or needs
 */
export function firstStartSql(
  flavour: MysqlFlavour,
  { user, password }: AdminLogin,
  isFilled = false,
): string {
  const account = `'${user}'@'127.0.0.1'`;
  const strangers = isFilled
    ? []
    : flavour === 'mysql'
      ? ["DROP USER IF EXISTS 'root'@'localhost'"]
      : [
          "DELETE FROM mysql.global_priv WHERE User IN ('', 'root')",
          "DELETE FROM mysql.proxies_priv WHERE User IN ('', 'root')",
          "DELETE FROM mysql.db WHERE User = ''",
          'FLUSH PRIVILEGES',
        ];
  return [
    'SET SESSION sql_log_bin = 0',
    `CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY '${password}'`,
    // A directory that was filled has it, with the password of the server that filled it.
    `ALTER USER ${account} IDENTIFIED BY '${password}'`,
    `GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION`,
    ...strangers,
  ]
    .map((statement) => `${statement};\n`)
    .join('');
}
