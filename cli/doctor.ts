/** `rehearse doctor`: what this machine can run, from where, and what is in the way. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { serverAccount } from '../sim/server/embedded/account.js';
import { defaultCacheDir, openPlaces } from '../sim/server/embedded/places.js';
import { currentPlatform } from '../sim/server/embedded/postgres/platform.js';
import { engineList } from '../sim/server/embedded/provider.js';
import { freePort, portRange } from '../sim/server/ports.js';
import { auroraVersion } from '../sim/server/versions.js';
import { exitCodes, UserError } from '../sim/user-error.js';
import type { CommandContext } from './context.js';
import { json, table, wrap } from './text.js';
import { tool } from './tool.js';

interface Finding {
  readonly about: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do about it, where it is in the way. */
  readonly todo: string | null;
}

/** A rehearsal's servers and their templates, with room to spare. */
const spaceBytesMin = 500 * 1024 * 1024;

/** @returns 0 when a rehearsal can run here, else 3 */
export async function doctorCommand(
  options: { json?: boolean },
  { output }: CommandContext,
): Promise<number> {
  const findings = [
    await finding('platform', () => `${currentPlatform()}, Node ${process.version}`),
    await finding('account', accountText),
    await finding('cache', () => {
      openPlaces(defaultCacheDir(), serverAccount());
      return `${defaultCacheDir()} (set REHEARSE_CACHE_DIR to move it)`;
    }),
    await finding('space', () => spaceText(defaultCacheDir())),
    await finding('ports', async () => {
      const port = await freePort();
      return `127.0.0.1, from ${portRange.first} to ${portRange.last}; ${port} is free`;
    }),
    await finding('postgres', enginesText),
  ];
  const ok = findings.every((each) => each.ok);
  const engines = ok ? engineRows() : [];
  if (options.json === true) {
    output.data(json({ tool: tool(), ok, findings, engines }));
    return ok ? exitCodes.pass : exitCodes.environment;
  }
  output.data(`rehearse ${tool().version}`);
  output.data(table(findings.map(({ about, ok: fine, found }) => [about, word(fine), found])));
  for (const { todo } of findings) if (todo !== null) output.data(wrap(todo, output.columns, '  '));
  if (engines.length > 0) {
    output.data('\nPostgres on this machine (others: rehearse fetch postgres@VERSION)');
    const rows = engines.map(({ version, aws, origin }) => [version, `AWS ${aws}`, origin]);
    output.data(table(rows, '  '));
  }
  return ok ? exitCodes.pass : exitCodes.environment;
}

function word(ok: boolean): string {
  return ok ? 'ok' : 'IN THE WAY';
}

async function finding(about: string, look: () => string | Promise<string>): Promise<Finding> {
  try {
    return { about, ok: true, found: await look(), todo: null };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { about, ok: false, found: `${error.code}: ${error.what}`, todo: error.todo };
  }
}

function accountText(): string {
  const account = serverAccount();
  if (account === undefined) return 'servers run as the present user';
  return `run as root: servers run as ${account.name} (uid ${account.uid})`;
}

async function spaceText(folder: string): Promise<string> {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  const freeBytes = bavail * bsize;
  const text = `${Math.floor(freeBytes / 1024 / 1024)} MB free in ${existing}`;
  if (freeBytes >= spaceBytesMin) return text;
  throw new UserError(
    'SPACE_LOW',
    `${text}, ${spaceBytesMin / 1024 / 1024} MB are wanted.`,
    'Make room, or set REHEARSE_CACHE_DIR to a folder on another disk.',
    'environment',
  );
}

function enginesText(): string {
  const versions = engineList().map(({ version }) => version);
  if (versions.length > 0) return versions.join(', ');
  throw new UserError(
    'ENGINE_NOT_FOUND',
    'No Postgres binaries are on this machine.',
    'Install with optional dependencies, or run: rehearse fetch postgres@17.4',
    'environment',
  );
}

function engineRows(): { engine: string; version: string; aws: string; origin: string }[] {
  return engineList().map(({ version, origin }) => ({
    engine: 'postgres',
    version,
    aws: auroraVersion(version),
    origin,
  }));
}
