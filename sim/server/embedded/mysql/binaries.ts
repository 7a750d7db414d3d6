/**
 * Finds MySQL and MariaDB servers that are installed. What a program is, only the program itself
 * knows: on many systems `mysqld` is MariaDB's.
 */
import { existsSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../user-error.js';
import { engineTitles } from '../../server.js';
import { accountCanRead, spawnIdentity } from '../account.js';
import { runCommand } from '../command.js';
import type { EngineContext } from '../engine.js';
import { matchVersion, versionNumbers } from './version-match.js';

/** The two flavours. */
export type MysqlFlavour = 'mysql' | 'mariadb';

/** A server program, as it answered. */
export interface MysqlBinary {
  readonly flavour: MysqlFlavour;
  /** Three numbers, such as `10.11.6`. */
  readonly version: string;
  /** What follows the numbers: `-MariaDB-0+deb12u1`. */
  readonly build: string;
  readonly path: string;
  /**
   * Whether `--no-defaults` may be its first argument. A wrapper that sets it for itself passes
   * ours on as the second, where the server does not know it.
   */
  readonly takesNoDefaults: boolean;
}

/** How every command line with this program begins: no file of the system has a say in it. */
export function baseCommand(binary: MysqlBinary): string[] {
  return [binary.path, ...(binary.takesNoDefaults ? ['--no-defaults'] : [])];
}

/** The variables in which a user names programs, several of them with `:` in between. */
export const namingVariables: Readonly<Record<MysqlFlavour, string>> = {
  mysql: 'REHEARSE_MYSQLD',
  mariadb: 'REHEARSE_MARIADBD',
};

const programNames = ['mariadbd', 'mysqld'];
const usualFolders = [
  '/usr/sbin',
  '/usr/libexec',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/local/mysql/bin',
  '/usr/local/mariadb/bin',
];
/** Homebrew keeps each version of a formula in a folder of its own. */
const formulaRoots = ['/opt/homebrew/opt', '/usr/local/opt'];

/** Every path at which a server may be, in the order in which they are preferred. */
export function candidatePaths(env: NodeJS.ProcessEnv = process.env): string[] {
  const named = Object.values(namingVariables).flatMap((name) => listed(env[name]));
  const formulas = formulaRoots.flatMap((root) =>
    namesIn(root)
      .filter((name) => /^(mysql|mariadb)(@|$)/.test(name))
      .map((name) => join(root, name, 'bin')),
  );
  const folders = [...listed(env.PATH), ...usualFolders, ...formulas];
  return [...named, ...folders.flatMap((folder) => programNames.map((name) => join(folder, name)))];
}

/** What a version line says, such as `mysqld  Ver 8.0.36 for Linux on x86_64 (…)`. */
export function readVersionLine(
  text: string,
): { flavour: MysqlFlavour; version: string; build: string } | undefined {
  // Client programs answer alike, but for their names.
  const match = /(?:mysqld|mariadbd)\S*\s+Ver (\d+\.\d+\.\d+)(\S*)/.exec(text);
  const [, version, build] = match ?? [];
  // Percona's is neither: what it has of its own would be taken for MySQL's.
  if (version === undefined || build === undefined || /percona/i.test(text)) return undefined;
  return { flavour: /mariadb/i.test(build) ? 'mariadb' : 'mysql', version, build };
}

/** What programs answered, by path, time of change and size. */
const answers = new Map<string, Promise<MysqlBinary | undefined>>();

/** The servers of both flavours that are here and that the servers' account can run. */
export async function listBinaries(
  context: EngineContext,
  env: NodeJS.ProcessEnv = process.env,
): Promise<MysqlBinary[]> {
  const paths = new Set(candidatePaths(env).flatMap((path) => realPath(path) ?? []));
  const asked = [...paths].map((path) => askOnce(context, path));
  return (await Promise.all(asked)).flatMap((binary) => binary ?? []);
}

/**
 * The program for a version.
 * @throws UserError `VERSION_INVALID`, `ENGINE_NOT_FOUND`
 */
export async function findBinary(
  context: EngineContext,
  flavour: MysqlFlavour,
  version: string,
): Promise<MysqlBinary> {
  const numbers = versionNumbers(flavour, version);
  const here = await listBinaries(context);
  const found = matchVersion(
    numbers,
    here.filter((binary) => binary.flavour === flavour),
  );
  if (found !== undefined) return found;
  throw notFound(flavour, version, here, process.env);
}

function notFound(
  flavour: MysqlFlavour,
  version: string,
  here: readonly MysqlBinary[],
  env: NodeJS.ProcessEnv,
): UserError {
  const variable = namingVariables[flavour];
  const program = flavour === 'mysql' ? 'mysqld' : 'mariadbd';
  const answered = new Set(here.map(({ path }) => path));
  const silent = listed(env[variable]).filter((path) => !answered.has(realPath(path) ?? path));
  const found = here.map((one) => `${engineTitles[one.flavour]} ${one.version} (${one.path})`);
  const parts = [
    `${engineTitles[flavour]} ${version} is not on this machine`,
    found.length === 0 ? 'no MySQL or MariaDB server is' : `there is ${found.join(', ')}`,
    ...silent.map((path) => `${path}, which ${variable} names, is no server that could be run`),
  ];
  return new UserError(
    'ENGINE_NOT_FOUND',
    `${parts.join('; ')}.`,
    `Install it, or set ${variable} to the path of its ${program}, or run with --provider docker.`,
    'environment',
  );
}

function askOnce(context: EngineContext, path: string): Promise<MysqlBinary | undefined> {
  const stats = statOf(path);
  if (stats === undefined || !stats.isFile() || (stats.mode & 0o111) === 0)
    return Promise.resolve(undefined);
  if (!accountCanRead(path, context.account)) return Promise.resolve(undefined);
  const key = JSON.stringify([path, stats.mtimeMs, stats.size]);
  const known = answers.get(key) ?? ask(context, path);
  answers.set(key, known);
  return known;
}

async function ask(
  { clock, account }: EngineContext,
  path: string,
): Promise<MysqlBinary | undefined> {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };
  const options = { ...spawnIdentity(account), cwd: '/', env };
  const say = async (...words: string[]): Promise<string> =>
    (await runCommand(clock, [path, ...words], 10_000, options)).stdout;
  const told = readVersionLine(await say('--no-defaults', '--version'));
  if (told === undefined) return undefined;
  // Only as the very first argument is this one known; both end the program at once.
  const defaults = await say('--print-defaults', '--version');
  return { ...told, path, takesNoDefaults: defaults.includes('would have been started') };
}

/** Where a server looks for its plugins; undefined where it does not say. */
export async function pluginFolder(
  { clock, account }: EngineContext,
  binary: MysqlBinary,
): Promise<string | undefined> {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };
  const options = { ...spawnIdentity(account), cwd: '/', env };
  const command = [...baseCommand(binary), '--verbose', '--help'];
  const { stdout } = await runCommand(clock, command, 20_000, options);
  const folder = /^plugin-dir\s+(\S.*?)\s*$/m.exec(stdout)?.[1];
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}

function listed(text: string | undefined): string[] {
  return (text ?? '').split(':').filter((part) => part !== '');
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
