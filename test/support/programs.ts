/**
 * Programs that a machine may lack. A test that needs one is skipped with a printed reason, and
 * fails instead where `REHEARSE_REQUIRE` (comma-separated) names the program.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

/** Where a program is looked for that is not simply one on the PATH, and how it is had. */
const special: Readonly<Record<string, { find: () => string | undefined; how: string }>> = {
  docker: { find: dockerHost, how: 'no Docker daemon answers (Debian: docker.io, then dockerd)' },
  mysql: {
    find: () => databaseServer('REHEARSE_MYSQLD', ['mysqld'], false),
    how: 'no mysqld of MySQL is on the PATH or named by REHEARSE_MYSQLD',
  },
  mariadb: {
    find: () => databaseServer('REHEARSE_MARIADBD', ['mariadbd', 'mysqld'], true),
    how: 'no MariaDB server is installed (Debian: mariadb-server) or named by REHEARSE_MARIADBD',
  },
  chromium: {
    find: () => onPath('chromium') ?? onPath('chromium-browser') ?? onPath('google-chrome'),
    how: 'no Chromium is installed (Debian: chromium)',
  },
  xmllint: {
    find: () => onPath('xmllint'),
    how: 'xmllint is not installed (Debian: libxml2-utils)',
  },
  pgbouncer: {
    find: () => onPath('pgbouncer', '/usr/sbin'),
    how: 'PgBouncer is not installed (Debian: pgbouncer)',
  },
  'mariadb-client': {
    find: () => onPath('mariadb'),
    how: 'the command-line client mariadb is not installed (Debian: mariadb-client)',
  },
};

const plain = ['psql', 'pgbench', 'sysbench', 'postgres-16'];

/** What tests may need and `REHEARSE_REQUIRE` may name; throws for any other name. */
export function requiredPrograms(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const known = [...Object.keys(special), ...plain].sort();
  const unknown = names.filter((name) => name !== '' && !known.includes(name));
  if (unknown.length === 0) return names;
  throw new Error(
    `REHEARSE_REQUIRE names ${unknown.join(', ')}, which no test needs; known: ${known.join(', ')}`,
  );
}

const required = requiredPrograms(process.env.REHEARSE_REQUIRE ?? '');

/**
 * What stands for a name, or undefined after saying why there is nothing: the path of `psql`,
 * `pgbench` and the like; for `mysql` and `mariadb` that of a server which is really of that
 * flavour; for `docker` the address of a daemon that answers.
 */
export function program(name: string): string | undefined {
  const found =
    special[name] === undefined ? (onPath(name) ?? besideServer(name)) : special[name].find();
  if (found !== undefined) return found;
  const reason =
    special[name]?.how ?? `${name} is not installed (Debian: apt-get install postgresql)`;
  if (required.includes(name)) throw new Error(`REHEARSE_REQUIRE names ${name}, but ${reason}`);
  process.stderr.write(`skipped: ${reason}\n`);
  return undefined;
}

/** The server itself is asked: on many systems `mysqld` is MariaDB's. */
function databaseServer(
  variable: string,
  names: readonly string[],
  isMariadb: boolean,
): string | undefined {
  const named = (process.env[variable] ?? '').split(':');
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  const paths = folders.flatMap((folder) => names.map((name) => `${folder}/${name}`));
  return [...named, ...paths].find((path) => {
    if (!path.startsWith('/') || !existsSync(path)) return false;
    const said = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 }).stdout ?? '';
    return said.includes(' Ver ') && said.includes('MariaDB') === isMariadb;
  });
}

/** `DOCKER_HOST`, else the usual socket, where a daemon answers there. */
function dockerHost(): string | undefined {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const { protocol, hostname, port, pathname } = new URL(host);
  const address =
    protocol === 'unix:' ? { socketPath: pathname } : { host: hostname, port: Number(port) };
  const ping = `require('node:http')
    .get({ ...${JSON.stringify(address)}, path: '/_ping', timeout: 5000 }, (answer) =>
      process.exit(answer.statusCode === 200 ? 0 : 1))
    .on('error', () => process.exit(1)).on('timeout', () => process.exit(1));`;
  const { status } = spawnSync(process.execPath, ['-e', ping], {
    stdio: 'ignore',
    timeout: 10_000,
  });
  return status === 0 ? host : undefined;
}

/** @param more a folder that few have on their PATH */
function onPath(name: string, more = ''): string | undefined {
  for (const folder of [...(process.env.PATH ?? '').split(':'), more]) {
    const path = `${folder}/${name}`;
    if (folder !== '' && existsSync(path) && runs(path)) return path;
  }
  return undefined;
}

/** Debian keeps pgbench in the server's own folder. */
function besideServer(name: string): string | undefined {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  const paths = readdirSync(root).map((version) => `${root}/${version}/bin/${name}`);
  return paths.find((path) => existsSync(path) && runs(path));
}

function runs(path: string): boolean {
  return spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export function run(
  path: string,
  args: readonly string[],
  environment: Record<string, string>,
  timeoutMs = 120_000,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}
