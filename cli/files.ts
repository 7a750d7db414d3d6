/** Makes folders and files for users: never for ever, never over what is there, never half. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it. Node's own `recursive` never returns where a folder can be
 * seen but nothing be made in it, as in /proc.
 * @throws the file system's error
 */
export function makeFolders(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error;
    makeFolders(dirname(path));
    mkdirSync(path);
  }
}

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

/** The code of a system's error, such as `ENOENT`. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
