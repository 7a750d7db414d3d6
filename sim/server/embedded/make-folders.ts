import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it. Node's own `recursive` never returns where a folder can be
 * seen but nothing be made in it, as in /proc.
 * @returns whether it was not there yet
 * @throws the file system's error
 */
export function makeFolders(path: string, mode = 0o777): boolean {
  try {
    return makeOne(path, mode);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || existsSync(dirname(path))) throw error;
  }
  makeFolders(dirname(path), mode);
  return makeOne(path, mode);
}

function makeOne(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && statSync(path).isDirectory()) return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
