/** Where a run's files go: `.rehearse/runs/<scenario>/<UTC time>/`, with a link to the newest. */
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { messageOf, UserError, type UserErrorExit } from '../sim/user-error.js';
import { codeOf, makeFolders } from './files.js';

/** The folder of all runs, under the folder that the tool was started in. */
export const runsFolder = join('.rehearse', 'runs');
/** The name of the link to the newest run, in that folder. */
export const latestName = 'latest';
const sameSecondMax = 1_000;

export interface RunFolder {
  /** Absolute. */
  readonly path: string;
  readonly history: string;
  /** As shown to people: relative to where they are, where that is shorter. */
  readonly shown: string;
}

/**
 * Makes the folder of a new run; never one that is already there.
 * @param startedAt wall-clock time, ISO 8601 UTC
 * @throws UserError `OUT_UNUSABLE`, `RUN_FOLDER_UNUSABLE`
 */
export function makeRunFolder(
  cwd: string,
  scenario: string,
  startedAt: string,
  out: string | undefined,
): RunFolder {
  if (out !== undefined) return describeFolder(cwd, givenFolder(resolve(cwd, out)));
  const all = join(cwd, runsFolder);
  try {
    const path = uniqueFolder(join(all, scenario), stamp(startedAt));
    linkLatest(all, path);
    return describeFolder(cwd, path);
  } catch (error) {
    throw new UserError(
      'RUN_FOLDER_UNUSABLE',
      `No run folder can be made under ${all}: ${messageOf(error)}.`,
      'Run it in a folder that you may write to, or name one with --out.',
      'environment',
    );
  }
}

function describeFolder(cwd: string, path: string): RunFolder {
  const near = relative(cwd, path);
  return {
    path,
    history: join(path, 'history.ndjson'),
    shown: near.startsWith('..') || near === '' ? path : near,
  };
}

function givenFolder(path: string): string {
  const unusable = (why: string, exit: UserErrorExit): UserError =>
    new UserError(
      'OUT_UNUSABLE',
      `--out ${path} cannot be used: ${why}.`,
      'Name an empty folder, or one that is not there yet.',
      exit,
    );
  let isEmpty: boolean;
  try {
    makeFolders(path);
    isEmpty = readdirSync(path).length === 0;
  } catch (error) {
    throw unusable(messageOf(error), 'environment');
  }
  if (!isEmpty) throw unusable('it is not empty', 'usage');
  return path;
}

/** `2026-11-20T08:42:00.123Z` as `20261120-084200`. */
export function stamp(isoTime: string): string {
  return isoTime.slice(0, 19).replaceAll('-', '').replaceAll(':', '').replace('T', '-');
}

function uniqueFolder(parent: string, name: string): string {
  makeFolders(parent);
  for (let attempt = 1; attempt <= sameSecondMax; attempt++) {
    const path = join(parent, attempt === 1 ? name : `${name}-${attempt}`);
    try {
      mkdirSync(path);
      return path;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
  throw new Error(`${sameSecondMax} runs began in the same second`);
}

/** Points `latest` at a run, in one step: a reader finds the old link or the new one. */
function linkLatest(all: string, path: string): void {
  const fresh = join(all, `.latest-${process.pid}`);
  rmSync(fresh, { force: true });
  symlinkSync(relative(all, path), fresh);
  renameSync(fresh, join(all, latestName));
}
