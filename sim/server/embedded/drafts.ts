/** Folders that appear whole or not at all: made under another name, then renamed. */
import { chmod, mkdtemp, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';

const draftPrefix = '.draft-';

/** A new folder on the same file system as what it will become, so that a rename is enough. */
export async function draftFolder(beside: string): Promise<string> {
  const folder = await mkdtemp(join(beside, draftPrefix));
  await chmod(folder, 0o755);
  return folder;
}

/** Renames a finished folder to its name, or leaves what another process put there first. */
export async function moveIntoPlace(draft: string, target: string): Promise<void> {
  try {
    await rename(draft, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

/**
 * Drafts that a killed process left in `folder`.
 * @param olderThan drafts last touched before this instant (milliseconds since 1970) are dead
 */
export async function deadDrafts(folder: string, olderThan: number): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const dead: string[] = [];
  for (const name of names.filter((one) => one.startsWith(draftPrefix))) {
    const path = join(folder, name);
    const touched = await stat(path).catch(() => undefined);
    if (touched !== undefined && touched.mtimeMs < olderThan) dead.push(path);
  }
  return dead;
}
