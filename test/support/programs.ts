/**
 * Programs that a machine may lack. A test that needs one is skipped with a printed reason, and
 * fails instead where `REHEARSE_REQUIRE` (comma-separated) names the program.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const required = (process.env.REHEARSE_REQUIRE ?? '').split(',').map((name) => name.trim());

/** The path of `psql`, `pgbench` and the like, or undefined after saying why not. */
export function program(name: string): string | undefined {
  const found = onPath(name) ?? besideServer(name);
  if (found !== undefined) return found;
  const reason = `${name} is not installed (Debian: apt-get install postgresql)`;
  if (required.includes(name)) throw new Error(`REHEARSE_REQUIRE names ${name}, but ${reason}`);
  process.stderr.write(`skipped: ${reason}\n`);
  return undefined;
}

function onPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(':')) {
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
