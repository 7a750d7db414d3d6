/** `rehearse report`: reads a history, judges it, and renders it. Wired up in the program. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type EntryOf, entryVersion } from '../harness/history/entry.js';
import { type History, readHistory, readPieces } from '../harness/history/read.js';
import { RunningHistory } from '../harness/measure/running-history.js';
import { type LineOptions, LineRenderer } from '../harness/report/lines.js';
import { parseObjective } from '../harness/verdict/objective.js';
import type { RunReport } from '../harness/verdict/run-report.js';
import { UserError } from '../sim/user-error.js';
import type { Unheard } from './context.js';
import { embeddedFile } from './embed-history.js';
import {
  lookOf,
  type Measured,
  measuredWhole,
  prepareReports,
  putReports,
  type ReporterRequest,
  type ReportIo,
} from './reporters.js';

export interface ReportOptions {
  /** `latest`, a run's folder, or a history file. */
  readonly run: string;
  readonly reporter?: readonly ReporterRequest[];
  /** One JSON document on stdout: the same as the reporter `json` alone. */
  readonly json?: boolean;
  /** A folder to write the reports into as well. */
  readonly out?: string;
  /** In place of the objectives that the history names. */
  readonly objective?: readonly string[];
}

export interface HistoryIo extends ReportIo {
  readonly cwd: string;
  /** Ends the reading. */
  readonly stop?: AbortSignal;
  /** For what keeps the event loop busy: see the command's context. */
  readonly unheard?: Unheard;
}

/** A larger history is measured as it is read; in memory it takes up to twice its length. */
export const wholeBytesMax = 256 * 1024 * 1024;

/**
 * Prints the report of a history. The exit code is the verdict's: 0 pass, 1 fail, 2 unknown.
 * @param bytesMax length up to which a history is read into memory
 * @throws UserError `HISTORY_NOT_FOUND`, `HISTORY_UNREADABLE`, `HISTORY_EMPTY`,
 *   `OBJECTIVE_INVALID`, `REPORT_UNWRITABLE`; the stop signal's reason
 */
export async function runReport(
  options: ReportOptions,
  io: HistoryIo,
  bytesMax = wholeBytesMax,
): Promise<0 | 1 | 2> {
  for (const objective of options.objective ?? []) parseObjective(objective);
  const path = await findHistory(options.run, io.cwd);
  const named = basename(path) === 'history.ndjson' ? dirname(path) : path;
  const { size } = await stat(path);
  const prepared = await (io.unheard ?? directly)(async () => {
    const measured =
      size > bytesMax ? await measuredInPieces(path, bytesMax, io) : await measuredAtOnce(path, io);
    return prepareReports(measured, { ...options, folder: named }, io);
  });
  io.stop?.throwIfAborted();
  return putReports(prepared, io);
}

/** Does it as it is, where there are no signals to be heard. */
export function directly<T>(work: () => Promise<T>): Promise<T> {
  return work();
}

async function measuredAtOnce(path: string, io: HistoryIo): Promise<Measured> {
  const history = await readHistory(path, io.stop);
  tellDamage(damageOf(history), path, io);
  return measuredWhole(history.entries, history, () => embeddedFile(path));
}

async function measuredInPieces(path: string, bytesMax: number, io: HistoryIo): Promise<Measured> {
  const running = new RunningHistory();
  const damage = { entries: 0, strange: 0, lost: 0, garbageLines: 0, truncated: false };
  for await (const piece of readPieces(path, io.stop)) {
    running.take(piece.entries, piece);
    const more = damageOf(piece);
    damage.entries += more.entries;
    damage.strange += more.strange;
    damage.lost += more.lost;
    damage.garbageLines += more.garbageLines;
    damage.truncated ||= more.truncated;
  }
  tellDamage(damage, path, io);
  const measurement = running.measurement();
  const note = inPiecesNote(bytesMax);
  io.stderr(`${note.data.text}\n`);
  return {
    measurement: { ...measurement, notes: [...measurement.notes, note] },
    entries: [],
    history: () => null,
    lines: (report, look) =>
      linesOf(path, report, { ...lookOf(look), t0Ns: measurement.t0Ns }, io.stop),
  };
}

/** As they are shown while a run goes on: sorted by instant as far as they come together. */
async function linesOf(
  path: string,
  report: RunReport,
  options: LineOptions,
  stop: AbortSignal | undefined,
): Promise<string> {
  const renderer = new LineRenderer(options);
  const lines: string[] = [];
  for await (const { entries } of readPieces(path, stop))
    for (const line of renderer.pushAll(entries)) lines.push(line);
  return [...lines, ...renderer.end(report)].map((line) => `${line}\n`).join('');
}

function inPiecesNote(bytesMax: number): EntryOf<'note'> {
  const text =
    `the history is larger than ${bytesMax / 1024 / 1024} MB and was measured as it was read: ` +
    'versions served, the timeline and all but the first thousand outages of a lane are left out';
  return {
    ...{ v: entryVersion, seq: 0, producer: 'report', atNs: 0, clock: 'harness', subject: {} },
    kind: 'note',
    data: { level: 'info', code: 'measured-in-pieces', text },
  };
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

interface Damage {
  readonly entries: number;
  /** Of kinds that are not known. */
  readonly strange: number;
  /** Of known kinds, and yet not to be read. */
  readonly lost: number;
  readonly garbageLines: number;
  readonly truncated: boolean;
}

export function damageOf({ entries, unknown, garbageLines, truncated }: History): Damage {
  const lost = unknown.filter(({ lostKind }) => lostKind !== null).length;
  const strange = unknown.length - lost;
  return { entries: entries.length, strange, lost, garbageLines, truncated };
}

/** @throws UserError `HISTORY_EMPTY` */
export function tellDamage(damage: Damage, path: string, io: Pick<ReportIo, 'stderr'>): void {
  if (damage.entries === 0)
    throw new UserError(
      'HISTORY_EMPTY',
      `No line of ${path} is a history entry of this version.`,
      'Name the history.ndjson of a run; a polling log is read by "rehearse import".',
    );
  if (damage.truncated) io.stderr('The last line of the history is cut off and left out.\n');
  const tell = (what: string, count: number): void => {
    if (count > 0) io.stderr(`${what}, left out: ${count}.\n`);
  };
  tell('Lines that are no entries', damage.garbageLines);
  tell('Entries that this version cannot read', damage.lost);
  tell('Entries of kinds that this version does not know', damage.strange);
}
