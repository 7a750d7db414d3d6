/**
 * An offline bundle: a folder with the archives of binaries packages and a list of them, made on
 * a machine with a network and carried to one without.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { UserError } from '../../../user-error.js';
import { makeFolders } from '../make-folders.js';
import { platforms } from './platform.js';

const listName = 'rehearse-engines.json';

const bundledEngine = z.object({
  engine: z.literal('postgres'),
  version: z.string(),
  platform: z.enum(platforms),
  packageVersion: z.string(),
  /** The archive's name in the same folder. */
  file: z.string().refine((file) => basename(file) === file, 'a plain file name'),
  sha256: z.string(),
});
/** One archive of a bundle. */
export type BundledEngine = z.infer<typeof bundledEngine>;

const bundleList = z.object({ v: z.literal(1), engines: z.array(bundledEngine) });

/**
 * What a bundle holds; an empty list where the folder has no bundle.
 * @throws UserError `BUNDLE_INVALID`
 */
export async function readBundle(folder: string): Promise<BundledEngine[]> {
  let text: string;
  try {
    text = await readFile(join(folder, listName), 'utf8');
  } catch {
    return [];
  }
  try {
    return bundleList.parse(JSON.parse(text)).engines;
  } catch {
    throw invalidBundle(folder, `its ${listName} cannot be read`);
  }
}

/**
 * Makes the folder of a bundle.
 * @throws UserError `BUNDLE_UNWRITABLE`
 */
export function makeBundleFolder(folder: string): void {
  try {
    makeFolders(folder);
  } catch (error) {
    throw new UserError(
      'BUNDLE_UNWRITABLE',
      `The bundle's folder ${folder} cannot be made: ${(error as Error).message}.`,
      'Name a folder that you can write to with --to.',
      'environment',
    );
  }
}

/** Writes an entry into the bundle's list, in place of an older one for the same thing. */
export async function addToBundle(folder: string, entry: BundledEngine): Promise<void> {
  const others = (await readBundle(folder)).filter(
    ({ version, platform }) => version !== entry.version || platform !== entry.platform,
  );
  makeBundleFolder(folder);
  const draft = join(folder, `.${listName}.${process.pid}`);
  const list = { v: 1, engines: [...others, entry] };
  await writeFile(draft, `${JSON.stringify(list, null, 2)}\n`);
  await rename(draft, join(folder, listName));
}

/**
 * Checks an archive of the bundle against its list and returns its path.
 * @throws UserError `BUNDLE_INVALID`
 */
export async function verifiedArchive(folder: string, entry: BundledEngine): Promise<string> {
  const path = join(folder, entry.file);
  const found = await sha256Of(path).catch(() => undefined);
  if (found === entry.sha256) return path;
  const why = found === undefined ? 'is missing' : 'is not the file that was bundled';
  throw invalidBundle(folder, `${entry.file} ${why}`);
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function invalidBundle(folder: string, why: string): UserError {
  return new UserError(
    'BUNDLE_INVALID',
    `The engines bundle in ${folder} cannot be used: ${why}.`,
    'Make it again with "rehearse fetch postgres@VERSION --to DIR" and copy the whole folder.',
    'environment',
  );
}
