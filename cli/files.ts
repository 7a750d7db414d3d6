/** Folders and files of users: never for ever, never over what is there, never half. */
import { closeSync, openSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export { makeFolders } from '../sim/server/embedded/make-folders.js';

/**
 * Writes a file in one step: a disk that is full leaves the earlier one, or none, never a part.
 * @throws the file system's error
 */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.draft-${process.pid}`;
  try {
    writeFileSync(draft, text, { flag: 'wx' });
    renameSync(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * Writes a file that is not there yet, as one text or part by part.
 * @throws the file system's error, `EEXIST` where it is; nothing is left of a part
 */
export function writeNew(path: string, text: string | Iterable<string>, mode = 0o666): void {
  const file = openSync(path, 'wx', mode);
  try {
    for (const part of typeof text === 'string' ? [text] : text) writeFileSync(file, part);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/**
 * The text of a file that a user names, as far as it is no longer than it can be in earnest: a
 * device may have no end.
 * @returns null where it is longer than `bytesMax`
 * @throws the file system's error
 */
export function readBounded(path: string, bytesMax: number): string | null {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(bytesMax + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length <= bytesMax; length += got)
      got = readSync(file, bytes, length, bytes.length - length, null);
    return length > bytesMax ? null : bytes.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}

/** The code of a system's error, such as `ENOENT`. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
