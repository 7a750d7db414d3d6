/** What `doctor` looks at on this machine, each with what to do where it is in the way. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { serverAccount } from '../sim/server/embedded/account.js';
import { defaultCacheDir, openPlaces } from '../sim/server/embedded/places.js';
import { currentPlatform } from '../sim/server/embedded/postgres/platform.js';
import { freePort, portRange } from '../sim/server/ports.js';
import { exitCodes, UserError } from '../sim/user-error.js';
import type { MachineKind } from './platform-lacks.js';
import type { OfferTable } from './servers/choose.js';

export interface Finding {
  readonly about: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do about it, where it is in the way. */
  readonly todo: string | null;
}

/** A rehearsal's servers and their templates, with room to spare. */
const spaceBytesMin = 500 * 1024 * 1024;

/** @param docker what Docker has, or why it cannot be used */
export async function machineFindings(docker: OfferTable): Promise<Finding[]> {
  return [
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
    dockerFinding(docker),
  ];
}

/** What is needed whatever runs the servers: without it, no rehearsal can run. */
export const alwaysNeeded: readonly string[] = ['cache', 'space', 'ports'];

/** What kind of machine this is, from its platform and what is in its file system. */
export function machineKind(): MachineKind {
  const { platform: os, arch: cpu } = process;
  return { os, cpu, musl: os === 'linux' && existsSync(`/lib/ld-musl-${muslName(cpu)}.so.1`) };
}

function muslName(cpu: string): string {
  return cpu === 'arm64' ? 'aarch64' : 'x86_64';
}

function dockerFinding({ unusable, offers }: OfferTable): Finding {
  if (unusable !== null)
    return {
      about: 'docker',
      ok: false,
      found: `${unusable.code}: ${unusable.what}`,
      todo: `Docker is wanted for containers alone. ${unusable.todo}`,
    };
  const images = `${offers.length} fitting image${offers.length === 1 ? '' : 's'}`;
  return { about: 'docker', ok: true, found: `reachable, with ${images}`, todo: null };
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

/** The exit code of `doctor`. */
export function doctorExit(ok: boolean): number {
  return ok ? exitCodes.pass : exitCodes.environment;
}
