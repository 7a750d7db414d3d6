/** `rehearse report`: reads a history, judges it, and renders it. Wired up in the program. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type History, readHistory } from '../harness/history/read.js';
import { UserError } from '../sim/user-error.js';
import { type ReporterName, type ReportIo, renderReports } from './reporters.js';

export interface ReportOptions {
  /** `latest`, a run's folder, or a history file. */
  readonly run: string;
  readonly reporter?: readonly ReporterName[];
  /** One JSON document on stdout: the same as the reporter `json` alone. */
  readonly json?: boolean;
  /** A folder to write the reports into as well. */
  readonly out?: string;
  /** In place of the objectives that the history names. */
  readonly objective?: readonly string[];
}

export interface HistoryIo extends ReportIo {
  readonly cwd: string;
}

/**
 * Prints the report of a history. The exit code is the verdict's: 0 pass, 1 fail, 2 unknown.
 * @throws UserError `HISTORY_NOT_FOUND`, `HISTORY_UNREADABLE`, `HISTORY_EMPTY`,
 *   `OBJECTIVE_INVALID`
 */
export async function runReport(options: ReportOptions, io: HistoryIo): Promise<0 | 1 | 2> {
  const path = await findHistory(options.run, io.cwd);
  const history = await readHistory(path);
  tellDamage(history, path, io);
  const named = basename(path) === 'history.ndjson' ? dirname(path) : path;
  return renderReports(history.entries, { ...options, folder: named, damage: history }, io);
}

/**
 * The history that a user means.
 * @throws UserError `HISTORY_NOT_FOUND`
 */
export async function findHistory(run: string, cwd: string): Promise<string> {
  const named = run === 'latest' ? join('.rehearse', 'runs', 'latest') : run;
  const path = resolve(cwd, named);
  const found = await stat(path).catch(() => null);
  if (found?.isFile()) return path;
  const inside = join(path, 'history.ndjson');
  const history = found === null ? null : await stat(inside).catch(() => null);
  if (history?.isFile()) return inside;
  throw new UserError(
    'HISTORY_NOT_FOUND',
    found === null ? `There is no ${named}.` : `There is no history.ndjson in ${named}.`,
    'Name a run folder, a history file, or "latest" after a run in this folder.',
  );
}

function tellDamage(history: History, path: string, io: ReportIo): void {
  const { entries, unknown, garbageLines, truncated } = history;
  if (entries.length === 0)
    throw new UserError(
      'HISTORY_EMPTY',
      `No line of ${path} is a history entry of this version.`,
      'Name the history.ndjson of a run; a polling log is read by "rehearse import".',
    );
  if (truncated) io.stderr('The last line of the history is cut off and left out.\n');
  if (garbageLines > 0) io.stderr(`Lines that are not JSON, left out: ${garbageLines}.\n`);
  if (unknown.length > 0)
    io.stderr(`Entries that this version does not know, left out: ${unknown.length}.\n`);
}
