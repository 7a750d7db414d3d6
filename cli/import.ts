/** `rehearse import`: a polling log of somebody else's becomes a history and a report. */
import { open } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { requireDurationMs } from '../harness/duration.js';
import type { Entry } from '../harness/history/entry.js';
import { importLog } from '../harness/history/import/import.js';
import type { LagUnit } from '../harness/history/import/lag.js';
import { importTold } from '../harness/history/import/told.js';
import { parseObjective } from '../harness/verdict/objective.js';
import { messageOf, UserError } from '../sim/user-error.js';
import { directly, type HistoryIo } from './report.js';
import {
  measuredWhole,
  prepareReports,
  putReports,
  type RenderOptions,
  type ReporterRequest,
  writtenFiles,
} from './reporters.js';
import { tool } from './tool.js';
import { refuseExisting, writeHistory } from './write-history.js';

export interface ImportCommandOptions {
  /** The log. */
  readonly file: string;
  /** How long the loop slept between attempts, such as `0.5s`. */
  readonly sleep?: string;
  /** Of a lag metric whose file does not say it. */
  readonly lagUnit?: LagUnit;
  readonly objective?: readonly string[];
  readonly reporter?: readonly ReporterRequest[];
  readonly json?: boolean;
  /** A folder for the history and the reports; none of them may be there already. */
  readonly out?: string;
}

/** Prose included; how many attempts there may be is a limit of the import itself. */
const fileBytesMax = 64 * 1024 * 1024;
const chunkBytes = 1024 * 1024;

/**
 * Reads the log, the events or the metric, and prints the report. The exit code is the verdict's;
 * without an objective 0.
 * @throws UserError `IMPORT_UNREADABLE`, `IMPORT_TOO_LARGE`, `IMPORT_EMPTY`, `DURATION_INVALID`,
 *   `IMPORT_HOSTS`, `IMPORT_JSON`, `IMPORT_LAG_UNIT`, `OBJECTIVE_INVALID`,
 *   `OUT_UNUSABLE`, `REPORT_UNWRITABLE`; the stop signal's reason
 */
export async function runImport(options: ImportCommandOptions, io: HistoryIo): Promise<0 | 1 | 2> {
  const objectives = options.objective ?? [];
  for (const objective of objectives) parseObjective(objective);
  if (options.out !== undefined)
    refuseExisting(resolve(io.cwd, options.out), ['history.ndjson', ...writtenFiles(options)]);
  const sleepMs =
    options.sleep === undefined ? undefined : requireDurationMs('--sleep', options.sleep);
  const path = resolve(io.cwd, options.file);
  const { entries, prepared } = await (io.unheard ?? directly)(async () => {
    const text = await readLog(path);
    const naming = { name: basename(options.file), tool: tool(), objectives };
    const told = importTold(text, {
      ...naming,
      ...(options.lagUnit === undefined ? {} : { lagUnit: options.lagUnit }),
    });
    const imported =
      told ?? importLog(text, { ...naming, ...(sleepMs === undefined ? {} : { sleepMs }) });
    const measured = measuredWhole(imported);
    return { entries: imported, prepared: await prepareReports(measured, rendered(options), io) };
  });
  io.stop?.throwIfAborted();
  if (sleepMs === undefined && sleepIn(entries) === 0) io.stderr(noTimes);
  for (const entry of entries)
    if (entry.kind === 'note' && entry.data.code === 'import-lag') io.stderr(entry.data.text);
  if (options.out !== undefined) writeHistory(resolve(io.cwd, options.out), entries);
  return putReports(prepared, io);
}

/** Bounds take the worst case, and so do not need them. */
const noTimes =
  'note: the table says when attempts began, not how long they took: latencies, and polls shown ' +
  'as slow, are the time to the next row. --sleep says how long its loop paused between attempts.';

/** What the reading took for the pause between attempts, milliseconds: 0 for a table. */
function sleepIn(entries: readonly Entry[]): unknown {
  const [first] = entries;
  const started = first?.kind === 'run' && first.data.stage === 'started' ? first.data : null;
  return started?.settings.sleepMs;
}

/** The objectives are in the history already. */
function rendered({ json, reporter, out }: ImportCommandOptions): RenderOptions {
  return {
    ...(json === undefined ? {} : { json }),
    ...(reporter === undefined ? {} : { reporter }),
    ...(out === undefined ? {} : { out }),
  };
}

async function readLog(path: string): Promise<string> {
  const text = await readUpTo(path, fileBytesMax).catch((error: unknown) => {
    throw new UserError(
      'IMPORT_UNREADABLE',
      `The log ${path} cannot be read: ${messageOf(error)}.`,
      'Name the file that the polling loop wrote.',
    );
  });
  if (text === null)
    throw new UserError(
      'IMPORT_TOO_LARGE',
      `The log ${path} has more than ${fileBytesMax / 1024 / 1024} MB.`,
      'Cut it to the hours around the operation.',
    );
  return text;
}

/** The text of a file, or null where there is more of it; a pipe does not say beforehand. */
async function readUpTo(path: string, bytesMax: number): Promise<string | null> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > bytesMax) return null;
    const chunks: Buffer[] = [];
    for (let bytes = 0; bytes <= bytesMax; ) {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(chunkBytes) });
      if (bytesRead === 0) return Buffer.concat(chunks).toString('utf8');
      chunks.push(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
    return null;
  } finally {
    await file.close();
  }
}
