/** Where things are kept: binaries, templates, data directories, the registry of servers. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { UserError } from '../../user-error.js';
import { type Account, accountCanRead } from './account.js';
import { makeFolders } from './make-folders.js';

export interface Places {
  /** What was fetched, kept for good. */
  readonly engines: string;
  /** Copies of binaries for an account that cannot read the originals. */
  readonly staged: string;
  readonly templates: string;
  /** One folder for each server. */
  readonly servers: string;
  /** One file for each server, only ever written by this tool. */
  readonly registry: string;
}

/** The cache folder: `REHEARSE_CACHE_DIR`, else the user's cache folder as the system has it. */
export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.REHEARSE_CACHE_DIR) return resolve(env.REHEARSE_CACHE_DIR);
  if (env.XDG_CACHE_HOME) return join(resolve(env.XDG_CACHE_HOME), 'rehearse');
  const caches = process.platform === 'darwin' ? ['Library', 'Caches'] : ['.cache'];
  return join(homedir(), ...caches, 'rehearse');
}

/** The names of all places below a cache folder, without making any. */
export function placesIn(cacheDir: string, serverRoot: string = cacheDir): Places {
  return {
    engines: join(cacheDir, 'engines'),
    staged: join(serverRoot, 'staged'),
    templates: join(serverRoot, 'templates'),
    servers: join(serverRoot, 'servers'),
    registry: join(cacheDir, 'registry'),
  };
}

/**
 * Makes all places, with the rights that they need.
 * @throws UserError `CACHE_UNUSABLE` where a folder cannot be made or reached
 */
export function openPlaces(cacheDir: string, account: Account | undefined): Places {
  const serverRoot = account === undefined ? cacheDir : reachableRoot(cacheDir, account);
  const places = placesIn(cacheDir, serverRoot);
  try {
    for (const folder of [cacheDir, serverRoot, places.engines, places.staged, places.registry])
      makeFolders(folder, 0o755);
    // Where another account runs the servers, these two are its own: it makes and removes there.
    for (const folder of [places.templates, places.servers]) {
      const isNew = makeFolders(folder, 0o700);
      chmodSync(folder, 0o700);
      if (isNew && folder === places.servers) spreadOnDisk(folder);
      if (account !== undefined) chownSync(folder, account.uid, account.gid);
    }
    if (account !== undefined) chmodSync(places.staged, 0o755);
  } catch (error) {
    throw unusable(cacheDir, (error as Error).message);
  }
  return places;
}

/**
 * Asks ext4 to put each server's folder in a group of blocks of its own. Without this they all
 * share one, and there the many files of the servers removed in the last minutes make each new
 * file slow (copying a template was measured ten times slower). Elsewhere nothing happens.
 */
function spreadOnDisk(folder: string): void {
  if (process.platform === 'linux')
    spawnSync('chattr', ['+T', folder], { stdio: 'ignore', timeout: 5_000 });
}

/**
 * A folder that the servers' account can pass into: the cache folder, or else (it lies in root's
 * private home, say) one for temporary files. There anybody may have made the folder before us,
 * so it counts only where it is root's own and nobody else can write to it.
 */
function reachableRoot(cacheDir: string, account: Account): string {
  const temporary = [tmpdir(), '/var/tmp'].map((folder) => join(folder, 'rehearse-root'));
  for (const folder of [cacheDir, ...temporary]) {
    const mode = folder === cacheDir ? 0o755 : 0o711;
    try {
      if (folder === cacheDir) makeFolders(folder, mode);
      else {
        mkdirSync(folder, { mode });
        chmodSync(folder, mode);
      }
    } catch (error) {
      // What the user named must be usable; of ours, one that is there already may be.
      if (folder === cacheDir) throw unusable(cacheDir, (error as Error).message);
    }
    const stats = lstatSync(folder, { throwIfNoEntry: false });
    const safe = stats?.isDirectory() && stats.uid === 0 && (stats.mode & 0o022) === 0;
    if (safe && accountCanRead(folder, account, 'enter')) return folder;
  }
  throw unusable(cacheDir, `the account ${account.name} cannot reach any folder for its data`);
}

function unusable(cacheDir: string, why: string): UserError {
  return new UserError(
    'CACHE_UNUSABLE',
    `The folder for caches and data, ${cacheDir}, cannot be used: ${why}.`,
    'Set REHEARSE_CACHE_DIR to a folder that this user can write to and its servers can reach.',
    'environment',
  );
}
