/** A history that was made out of others goes into a folder of the user's. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../harness/history/entry.js';
import { messageOf, UserError } from '../sim/user-error.js';
import { makeFolders, writeNew } from './files.js';

/** Before anything is written: a file of the same name may be somebody's only copy. */
export function refuseExisting(folder: string, names: readonly string[]): void {
  const there = names.find((name) => existsSync(join(folder, name)));
  if (there !== undefined)
    throw new UserError(
      'OUT_UNUSABLE',
      `--out ${folder} cannot be used: there is a ${there} in it already.`,
      'Name an empty folder, or one that is not there yet.',
    );
}

const linesAtOnce = 1_000;

/** A log may have more entries than one text can hold. */
function* linesOf(entries: readonly Entry[]): Generator<string> {
  for (let from = 0; from < entries.length; from += linesAtOnce)
    yield entries
      .slice(from, from + linesAtOnce)
      .map((entry) => `${JSON.stringify(entry)}\n`)
      .join('');
}

/**
 * Writes the history of an import or a merge, never over one that is there.
 * @throws UserError `REPORT_UNWRITABLE`
 */
export function writeHistory(folder: string, entries: readonly Entry[]): void {
  const path = join(folder, 'history.ndjson');
  try {
    makeFolders(folder);
    writeNew(path, linesOf(entries));
  } catch (error) {
    throw new UserError(
      'REPORT_UNWRITABLE',
      `The history cannot be written to ${path}: ${messageOf(error)}.`,
      'Name a folder that can be written with --out.',
      'environment',
    );
  }
}
