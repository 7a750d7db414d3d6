/**
 * The data directory that every server of one binary begins with: without a password for root and
 * without an account of ours. The first start of each copy mends both.
 */
import { chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../../../user-error.js';
import { spawnIdentity } from '../account.js';
import { type CommandEnd, runCommand } from '../command.js';
import type { EngineContext } from '../engine.js';
import { removeFolder } from '../remove-folder.js';
import { initFailed, obtainTemplateFolder } from '../template-folder.js';
import { baseCommand, type MysqlBinary } from './binaries.js';

const initTimeoutMs = 300_000;

/**
 * What MariaDB's own installation makes the system tables with, in this order; `*` is `mysql` or,
 * since version 11, `mariadb`. The tables of HELP are left out.
 */
const systemTables = [
  '*_system_tables.sql',
  '*_performance_tables.sql',
  '*_system_tables_data.sql',
  'maria_add_gis_sp_bootstrap.sql',
  '*_sys_schema.sql',
];

/** Root as of old, with an empty password, which is known to be so; see `firstStartSql`. */
const beforeTables = 'CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n';

/**
 * The template of a binary and of the options that its data directory is made with.
 * @returns the data directory to copy
 * @throws UserError `ENGINE_INIT_FAILED`
 */
export async function obtainMysqlTemplate(
  context: EngineContext,
  binary: MysqlBinary,
  options: readonly string[],
): Promise<string> {
  const { flavour, version, build, path } = binary;
  const folder = await obtainTemplateFolder(context, {
    engine: flavour,
    version,
    ingredients: [build, path, options, beforeTables, systemTables],
    build: async (draft, started) => {
      // Servers that share a folder for temporary tables clear each other's away when they start.
      const own = [`--datadir=${join(draft, 'data')}`, `--tmpdir=${draft}`, ...options];
      if (flavour === 'mysql') await initialize(context, binary, own, draft, started);
      else await bootstrap(context, binary, own, draft, started);
    },
  });
  return join(folder, 'data');
}

async function initialize(
  context: EngineContext,
  binary: MysqlBinary,
  options: readonly string[],
  draft: string,
  started: (pid: number) => void,
): Promise<void> {
  const command = [...baseCommand(binary), '--initialize-insecure', ...options];
  const end = await runAsServer(context, command, started);
  if (end.code !== 0) throw initFailed('mysql', 'it could not make a data directory', end);
  // The server's own name is in it: with the same one, two copies would refuse to replicate.
  await removeFolder(context.clock, join(draft, 'data', 'auto.cnf'), context.account);
}

async function bootstrap(
  context: EngineContext,
  binary: MysqlBinary,
  options: readonly string[],
  draft: string,
  started: (pid: number) => void,
): Promise<void> {
  const { account } = context;
  const file = join(draft, 'bootstrap.sql');
  const tables = await systemTableFiles(context, binary);
  const text = beforeTables + tables.map((path) => readFileSync(path, 'utf8')).join('\n');
  writeFileSync(file, text, { mode: 0o600 });
  if (account !== undefined) chownSync(file, account.uid, account.gid);
  // What the installation script sets: the statements are long, and the engines are not there yet.
  const special = ['--bootstrap', '--max-allowed-packet=8M', '--enforce-storage-engine='];
  const script = 'umask 077; mkdir "$1" && sql=$2 && shift 2 && exec "$@" <"$sql"';
  const command = ['/bin/sh', '-c', script, 'rehearse-init', join(draft, 'data'), file];
  command.push(...baseCommand(binary), ...special, ...options);
  const end = await runAsServer(context, command, started);
  if (end.code !== 0) throw initFailed('mariadb', 'it could not make its system tables', end);
}

/** The files that came with this very binary: it is asked where its own things are. */
async function systemTableFiles(context: EngineContext, binary: MysqlBinary): Promise<string[]> {
  const { stdout } = await runAsServer(context, [...baseCommand(binary), '--verbose', '--help']);
  const told = (name: string): string | undefined =>
    new RegExp(`^${name}\\s+(/.*?)/*\\s*$`, 'm').exec(stdout)?.[1];
  const base = told('basedir') ?? dirname(dirname(binary.path));
  const characterSets = told('character-sets-dir');
  const folders = [
    ...(characterSets === undefined ? [] : [dirname(characterSets)]),
    ...['share/mysql', 'share/mariadb', 'share', 'scripts'].map((name) => join(base, name)),
  ];
  for (const folder of folders) {
    for (const prefix of ['mysql', 'mariadb']) {
      const files = systemTables.map((name) => join(folder, name.replace('*', prefix)));
      if (files.every((file) => existsSync(file))) return files;
    }
  }
  throw new UserError(
    'ENGINE_INIT_FAILED',
    `MariaDB ${binary.version} (${binary.path}) lacks the files that make its system tables.`,
    `Install the whole server: ${systemTables[0]?.replace('*', 'mysql')} was looked for in ` +
      `${folders.join(', ')}.`,
    'environment',
  );
}

function runAsServer(
  { clock, account }: EngineContext,
  command: readonly string[],
  started?: (pid: number) => void,
): Promise<CommandEnd> {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  const options = { ...spawnIdentity(account), cwd: '/', env };
  return runCommand(clock, command, initTimeoutMs, started ? { ...options, started } : options);
}
