/** Copies of binaries packages for an account that cannot read or complete the originals. */
import { constants } from 'node:fs';
import { chmod, copyFile, link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { draftFolder, moveIntoPlace } from '../drafts.js';

/**
 * Puts a copy of a package at `target`: its files are hard-linked where that can be and they are
 * readable for all, else copied and made readable.
 */
export async function stagePackage(source: string, target: string): Promise<void> {
  const draft = await draftFolder(join(target, '..'));
  try {
    await copyTree(source, join(draft, 'package'));
    await moveIntoPlace(join(draft, 'package'), target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function copyTree(source: string, target: string): Promise<void> {
  await mkdir(target);
  await chmod(target, 0o755);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) await copyTree(from, to);
    else if (entry.isFile()) await linkOrCopy(from, to);
    // Links are made anew from the package's own list.
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  const { mode } = await stat(from);
  const program = (mode & 0o100) !== 0;
  const wanted = program ? 0o005 : 0o004;
  if ((mode & wanted) === wanted) {
    try {
      await link(from, to);
      return;
    } catch {
      // Another file system, or a file that this user may not link: copy it.
    }
  }
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, program ? 0o755 : 0o644);
}
