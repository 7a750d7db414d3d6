/** `rehearse calibrate`: a timing file out of what histories show. */
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { observeHistory } from '../harness/calibrate/observe.js';
import { type Calibrated, calibrated, timingFileText } from '../harness/calibrate/timing-file.js';
import { readHistory } from '../harness/history/read.js';
import type { Clock } from '../sim/clock.js';
import { type TimingProfile, timingTable } from '../sim/timing.js';
import { messageOf, UserError } from '../sim/user-error.js';
import { makeFolders, writeNew } from './files.js';
import { nearest } from './nearest.js';
import { findHistory, type HistoryIo, wholeBytesMax } from './report.js';

export interface CalibrateOptions {
  /** Run folders or history files. */
  readonly runs: readonly string[];
  /** The file to write; never over one that is there. Without it the text goes to stdout. */
  readonly out?: string;
  /** Of the timing table: which operation the lanes felt, where no event tells it. */
  readonly profile?: string;
  readonly engine?: 'postgres' | 'mysql';
}

const runsMax = 1_000;

/**
 * Writes or prints the file, and says what stands behind it.
 * @throws UserError `CALIBRATE_PROFILE_UNKNOWN`, `CALIBRATE_TOO_LARGE`, `CALIBRATE_NOTHING`,
 *   `CALIBRATE_UNWRITABLE`, `HISTORY_NOT_FOUND`, `HISTORY_UNREADABLE`
 */
export async function runCalibrate(
  options: CalibrateOptions,
  io: HistoryIo,
  { anchor }: Pick<Clock, 'anchor'>,
): Promise<0> {
  const profile = options.profile === undefined ? undefined : profileNamed(options.profile);
  const engine = options.engine === 'postgres' ? 'pg' : options.engine;
  if (options.runs.length > runsMax) throw tooLarge(`there are more than ${runsMax} histories`);
  const paths = new Set<string>();
  for (const run of options.runs) paths.add(await findHistory(run, io.cwd));
  const histories = [];
  for (const path of paths) {
    if ((await stat(path)).size > wholeBytesMax)
      throw tooLarge(`${path} has more than ${wholeBytesMax / 1024 / 1024} MB`);
    const { entries } = await readHistory(path, io.stop);
    const named = basename(path) === 'history.ndjson' ? basename(dirname(path)) : basename(path);
    const observed = observeHistory(entries, {
      name: named,
      ...(profile === undefined ? {} : { profile }),
      ...(engine === undefined ? {} : { engine }),
    });
    if (observed.observations.length === 0) io.stderr(`${named}: shows no duration of the table`);
    histories.push(observed);
  }
  io.stop?.throwIfAborted();
  const values = calibrated(histories);
  if (values.length === 0) throw nothing();
  const text = timingFileText(values, anchor.wallClock.slice(0, 10));
  if (options.out === undefined) io.stdout(text);
  else writeFile(resolve(io.cwd, options.out), text);
  for (const value of values) io.stderr(described(value));
  if (values.some(({ observations }) => observations === 0)) io.stderr(rehearsedNote);
  return 0;
}

const rehearsedNote =
  'note: some of it was seen in rehearsals only, whose durations are modelled or those of a ' +
  'local server: that tells nothing of AWS, and is written with observations: 0.';

function described({ profile, duration, valueMs, minMs, maxMs, count }: Calibrated): string {
  return (
    `${profile}.${duration}: ${valueMs} ms, the median of ${count} ` +
    `(${Math.round(minMs)} to ${Math.round(maxMs)} ms)`
  );
}

function profileNamed(name: string): TimingProfile {
  const names = Object.keys(timingTable) as TimingProfile[];
  const found = names.find((one) => one === name);
  if (found !== undefined) return found;
  const near = nearest(name, names);
  throw new UserError(
    'CALIBRATE_PROFILE_UNKNOWN',
    `There is no profile "${name}" of durations.`,
    near === undefined
      ? 'The profiles are those that rehearse describe shows.'
      : `Did you mean ${near}?`,
  );
}

function nothing(): UserError {
  return new UserError(
    'CALIBRATE_NOTHING',
    'None of the histories shows a duration of the timing table.',
    'It takes events of a known operation (rehearse import events.json), or lanes that met an ' +
      'outage and --profile NAME for what they felt.',
  );
}

function tooLarge(why: string): UserError {
  return new UserError(
    'CALIBRATE_TOO_LARGE',
    `This is more than can be read at once: ${why}.`,
    'Name the histories of the operation only.',
  );
}

function writeFile(path: string, text: string): void {
  try {
    makeFolders(dirname(path));
    writeNew(path, text);
  } catch (error) {
    throw new UserError(
      'CALIBRATE_UNWRITABLE',
      `The timing file cannot be written to ${path}: ${messageOf(error)}.`,
      'Name a file that is not there yet, in a folder that you may write to.',
    );
  }
}
