/** Docker for tests: the versions that images are here for, and a command line of Docker's own. */
import { execFileSync } from 'node:child_process';
import { systemClock } from '../../sim/clock.js';
import {
  type DockerOptions,
  type DockerProvider,
  dockerProvider,
} from '../../sim/server/docker/provider.js';
import type { EngineName, Server } from '../../sim/server/server.js';
import { program } from './programs.js';

export const clock = systemClock();

/** A provider that pulls nothing; images come from `REHEARSE_IMAGE_PREFIX` as for a user. */
export function makeProvider(options: Partial<DockerOptions> = {}): DockerProvider {
  return dockerProvider({ clock, runId: 'test', offline: true, ...options });
}

/** The versions of each engine that can be run here, oldest first; none without Docker. */
export async function localVersions(): Promise<Readonly<Record<EngineName, string[]>>> {
  const versions: Record<EngineName, string[]> = { postgres: [], mysql: [], mariadb: [] };
  if (program('docker') === undefined) return versions;
  for (const { engine, version } of await makeProvider().offers()) versions[engine].push(version);
  for (const [engine, found] of Object.entries(versions)) {
    found.sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
    if (found.length === 0) lacksImage(engine);
  }
  return versions;
}

function lacksImage(engine: string): void {
  const reason = `no image of ${engine} is here (docker pull, or REHEARSE_IMAGE_PREFIX)`;
  if ((process.env.REHEARSE_REQUIRE ?? '').split(',').includes('docker'))
    throw new Error(`REHEARSE_REQUIRE names docker, but ${reason}`);
  process.stderr.write(`skipped: ${reason}\n`);
}

/** What Docker's own command line prints, in lines. */
export function docker(...args: string[]): string[] {
  const text = execFileSync('docker', args, { encoding: 'utf8', stdio: 'pipe', timeout: 60_000 });
  return text.split('\n').filter((line) => line !== '');
}

/** The names of all containers, networks and volumes whose name holds some text. */
export function namesWith(text: string): string[] {
  return [
    ...docker('ps', '-a', '--format', '{{.Names}}'),
    ...docker('network', 'ls', '--format', '{{.Name}}'),
    ...docker('volume', 'ls', '--format', '{{.Name}}'),
  ].filter((name) => name.includes(text));
}

/** Runs one statement as the admin and gives the first column of its rows. */
export async function ask(server: Server, sql: string): Promise<unknown[]> {
  const { address, admin, spec } = server;
  if (spec.engine === 'postgres') {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ ...address, ...admin });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
      return rows.map((row) => row[0]);
    } finally {
      await client.end();
    }
  }
  const { createConnection } = await import('mysql2/promise');
  const connection = await createConnection({ ...address, ...admin });
  try {
    const [rows] = await connection.query({ sql, rowsAsArray: true });
    return Array.isArray(rows) ? rows.map((row) => (row as unknown[])[0]) : [];
  } finally {
    await connection.end();
  }
}

/** The code of the error that an attempt ends with; undefined where it succeeds. */
export async function codeOf(attempt: Promise<unknown>): Promise<string | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}
