/** System tables of a data directory that a newer MariaDB was started with. */
import { chownSync, existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../../../user-error.js';
import type { AdminLogin } from '../../server.js';
import { spawnIdentity } from '../account.js';
import { runCommand } from '../command.js';
import type { EngineContext } from '../engine.js';
import { removeFolder } from '../remove-folder.js';
import type { MysqlBinary } from './binaries.js';
import { compareNumbers } from './version-match.js';

const upgradeTimeoutMs = 300_000;

/**
 * Whether binaries need other system tables than the data have: MySQL sees to that itself while
 * it starts, MariaDB leaves it to a program, and a later patch of one series needs none.
 */
export function needsTableUpgrade(from: MysqlBinary, to: MysqlBinary): boolean {
  const [older, newer] = [from, to].map((one) => one.version.split('.').slice(0, 2).map(Number));
  return to.flavour === 'mariadb' && compareNumbers(newer ?? [], older ?? []) > 0;
}

/**
 * Runs `mariadb-upgrade` on a running server, or tells that it is missing: the server works
 * without, as one does whose upgrade was forgotten.
 * @param folder where a file for the login may lie for a moment
 * @throws UserError `ENGINE_START_FAILED` where the program is there and fails
 */
export async function upgradeTables(
  { clock, account, announce }: EngineContext,
  binary: MysqlBinary,
  login: { readonly admin: AdminLogin; readonly port: number; readonly folder: string },
): Promise<void> {
  const program = upgradeProgram(binary.path);
  if (program === undefined) {
    announce(
      `MariaDB ${binary.version} runs on the system tables of an older version: there is no ` +
        `mariadb-upgrade beside ${binary.path}.`,
    );
    return;
  }
  const { admin, port, folder } = login;
  const file = join(folder, 'login.cnf');
  writeFileSync(file, loginFile(admin, port), { mode: 0o600 });
  const command = [program, `--defaults-file=${file}`, '--skip-write-binlog'];
  const env = { PATH: `${dirname(program)}:/usr/bin:/bin`, LC_ALL: 'C' };
  if (account !== undefined) chownSync(file, account.uid, account.gid);
  const end = await runCommand(clock, command, upgradeTimeoutMs, {
    ...spawnIdentity(account),
    cwd: '/',
    env,
  });
  await removeFolder(clock, file, account);
  if (end.code === 0) return;
  const said = `${end.stdout}\n${end.stderr}`.trim().split('\n').slice(-6).join('\n');
  throw new UserError(
    'ENGINE_START_FAILED',
    `mariadb-upgrade to MariaDB ${binary.version} failed: ${end.broken ?? said}`,
    'Look at what it says; the data directory may be damaged or come from a newer version.',
    'environment',
  );
}

function upgradeProgram(server: string): string | undefined {
  const beside = dirname(server);
  const folders = [beside, join(beside, '..', 'bin'), join(beside, '..', '..', 'bin')];
  return folders
    .flatMap((folder) => ['mariadb-upgrade', 'mysql_upgrade'].map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

function loginFile({ user, password }: AdminLogin, port: number): string {
  const lines = ['[client]', 'host=127.0.0.1', `port=${port}`, 'protocol=tcp'];
  return [...lines, `user=${user}`, `password=${password}`, ''].join('\n');
}
