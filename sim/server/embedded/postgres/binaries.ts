/**
 * Finds the binaries of a version, in this order: shipped with this package, in the cache, in an
 * offline bundle, published. What is found is made ready to run for the servers' account.
 */
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { UserError } from '../../../user-error.js';
import { compareVersions } from '../../versions.js';
import { type Account, accountCanRead } from '../account.js';
import { draftFolder } from '../drafts.js';
import type { Places } from '../places.js';
import { readBundle, verifiedArchive } from './bundle.js';
import { downloadArchive, type FetchContext, unpackArchive } from './fetch.js';
import { makeLibraryLinks, missingLinks } from './library-links.js';
import { packageVersionIn, postgresProgram } from './package-folder.js';
import type { Platform } from './platform.js';
import { communityOfPackage, readAlias, shippedAlias } from './published.js';
import { stagePackage } from './staging.js';

/** A version that is here. */
export interface Engine {
  readonly version: string;
  /** The package's own version, such as `17.4.0-beta.15`. */
  readonly packageVersion: string;
  readonly platform: Platform;
  readonly origin: 'shipped' | 'cache';
  readonly folder: string;
}

/** Where engines may be looked for and what may be done to get one. */
export interface EngineSources {
  readonly platform: Platform;
  readonly places: Places;
  /** Folder of an offline bundle. */
  readonly bundle: string | undefined;
  /** True forbids any download. */
  readonly offline: boolean;
  readonly fetch: FetchContext;
}

/** Every folder in which packages may lie that this package depends on, nearest first. */
function packageFolders(): string[] {
  return createRequire(import.meta.url).resolve.paths('rehearse-anything') ?? [];
}

/** The versions that are here without a download, oldest first; what is shipped comes first. */
export function listEngines(
  platform: Platform,
  places: Places,
  folders: readonly string[] = packageFolders(),
): Engine[] {
  const shipped = folders.flatMap((folder) => {
    const scope = join(folder, '@epg');
    return namesIn(scope).flatMap((name) => {
      const version = readAlias(name, platform);
      return engineAt(join(scope, name), version, platform, 'shipped');
    });
  });
  const cached = namesIn(places.engines).flatMap((name) => {
    const version = /^postgres-([\d.]+)-(.+)$/.exec(name);
    if (version?.[2] !== platform) return [];
    return engineAt(join(places.engines, name), version[1], platform, 'cache');
  });
  const all = [...shipped, ...cached];
  return all
    .filter(({ version }, at) => all.findIndex((other) => other.version === version) === at)
    .sort((a, b) => compareVersions(a.version, b.version));
}

/**
 * A version's binaries, brought here where they are not.
 * @throws UserError `ENGINE_NOT_FOUND`, `ENGINE_FETCH_FORBIDDEN`, `ENGINE_FETCH_FAILED`,
 *   `BUNDLE_INVALID`
 */
export async function obtainEngine(version: string, sources: EngineSources): Promise<Engine> {
  const { platform, places } = sources;
  const here = findEngine(version, platform, places);
  if (here !== undefined) return here;
  const target = cachedFolder(version, platform, places);
  if (!(await unpackFromBundle(version, target, sources))) {
    if (sources.offline) throw fetchForbidden(version, platform);
    await fetchIntoCache(version, target, sources);
  }
  const engine = findEngine(version, platform, places);
  if (engine !== undefined) return engine;
  throw new UserError(
    'ENGINE_NOT_FOUND',
    `PostgreSQL ${version} was brought to ${target} but is not whole there.`,
    'Remove that folder and try again.',
    'environment',
  );
}

/**
 * The folder to run an engine from: its own, or a copy where the servers' account cannot read
 * that or its library links are missing and cannot be made there.
 */
export async function runnableFolder(
  engine: Engine,
  places: Places,
  account: Account | undefined,
): Promise<string> {
  if (isReadable(engine.folder, account) && canHoldLinks(engine.folder)) return engine.folder;
  const target = join(places.staged, `postgres-${engine.packageVersion}-${engine.platform}`);
  if (!existsSync(target)) await stagePackage(engine.folder, target);
  makeLibraryLinks(target);
  return target;
}

function findEngine(version: string, platform: Platform, places: Places): Engine | undefined {
  for (const folder of packageFolders()) {
    const path = join(folder, shippedAlias(platform, version));
    const [engine] = engineAt(path, version, platform, 'shipped');
    if (engine !== undefined) return engine;
  }
  return engineAt(cachedFolder(version, platform, places), version, platform, 'cache')[0];
}

function engineAt(
  folder: string,
  version: string | undefined,
  platform: Platform,
  origin: Engine['origin'],
): Engine[] {
  const packageVersion = packageVersionIn(folder, platform);
  if (packageVersion === undefined || version === undefined) return [];
  if (communityOfPackage(packageVersion) !== version) return [];
  return [{ version, packageVersion, platform, origin, folder }];
}

function cachedFolder(version: string, platform: Platform, places: Places): string {
  return join(places.engines, `postgres-${version}-${platform}`);
}

async function unpackFromBundle(
  version: string,
  target: string,
  sources: EngineSources,
): Promise<boolean> {
  const { bundle, platform, fetch } = sources;
  if (bundle === undefined) return false;
  const entry = (await readBundle(bundle)).find(
    (one) => one.version === version && one.platform === platform,
  );
  if (entry === undefined) return false;
  const archive = await verifiedArchive(bundle, entry);
  const { packageVersion } = entry;
  await unpackArchive(fetch.clock, archive, { platform, packageVersion }, target);
  return true;
}

async function fetchIntoCache(
  version: string,
  target: string,
  { platform, places, fetch }: EngineSources,
): Promise<void> {
  const draft = await draftFolder(places.engines);
  try {
    const { archive, packageVersion } = await downloadArchive(fetch, platform, version, draft);
    await unpackArchive(fetch.clock, archive, { platform, packageVersion }, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function isReadable(folder: string, account: Account | undefined): boolean {
  const samples = [
    postgresProgram(folder),
    join(folder, 'native', 'lib'),
    join(folder, 'native', 'share', 'postgresql', 'postgres.bki'),
  ];
  return samples.every((path) => accountCanRead(path, account));
}

function canHoldLinks(folder: string): boolean {
  try {
    makeLibraryLinks(folder);
  } catch (error) {
    if (missingLinks(folder).length === 0) return true;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
    throw error;
  }
  return true;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function fetchForbidden(version: string, platform: Platform): UserError {
  return new UserError(
    'ENGINE_FETCH_FORBIDDEN',
    `PostgreSQL ${version} for ${platform} is not on this machine and --offline forbids fetching.`,
    `On a machine with a network run "rehearse fetch postgres@${version} --to DIR", copy DIR ` +
      'here and set REHEARSE_ENGINES_DIR to it; or run without --offline.',
    'environment',
  );
}
