/** `rehearse compare`: two runs, or a rehearsal and the real day's probe log, side by side. */
import { open, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { compareSides, exitCodeOf } from '../harness/compare/compare.js';
import type { Comparison } from '../harness/compare/comparison.js';
import { renderComparisonHtml } from '../harness/compare/html.js';
import { type Side, sideOf } from '../harness/compare/side.js';
import { renderComparisonJson, renderComparisonText } from '../harness/compare/text.js';
import { noTolerance, parseTolerance } from '../harness/compare/tolerance.js';
import { requireDurationMs } from '../harness/duration.js';
import { importLog } from '../harness/history/import/import.js';
import { parseHistory, readHistory } from '../harness/history/read.js';
import { type Measurement, measure } from '../harness/measure/measure.js';
import { messageOf, UserError } from '../sim/user-error.js';
import { readBounded } from './files.js';
import { damageOf, directly, findHistory, type HistoryIo, tellDamage } from './report.js';
import { lookOf, type ReporterRequest, writeReportFile } from './reporters.js';
import { tool } from './tool.js';

export interface CompareOptions {
  /** `latest`, a run's folder, a history file, or a log as `rehearse import` reads it. */
  readonly a: string;
  readonly b: string;
  /** `20%` of the first's value, or `500ms`. */
  readonly tolerance?: string;
  /** `A=B`: a lane of the first and its like in the second. */
  readonly lane?: readonly string[];
  /** Of logs: how long their loop slept between attempts. */
  readonly sleep?: string;
  readonly json?: boolean;
  /** `summary`, `json` and `html` alone. */
  readonly reporter?: readonly ReporterRequest[];
}

/** Of either side; what is larger is to be cut to the hours around the operation. */
const historyBytesMax = 256 * 1024 * 1024;
const logBytesMax = 64 * 1024 * 1024;

/**
 * Prints how the second relates to the first: 0 nothing is worse, 1 something is, 2 it cannot be
 * told.
 * @throws UserError `TOLERANCE_INVALID`, `LANE_PAIR`, `DURATION_INVALID`, `REPORTER_UNKNOWN`,
 *   `HISTORY_NOT_FOUND`, `HISTORY_UNREADABLE`, `COMPARE_TOO_LARGE`, `REPORT_UNWRITABLE`, and what
 *   reading a log throws; the stop signal's reason
 */
export async function runCompare(options: CompareOptions, io: HistoryIo): Promise<0 | 1 | 2> {
  const tolerance =
    options.tolerance === undefined ? noTolerance : parseTolerance(options.tolerance);
  const sleepMs =
    options.sleep === undefined ? undefined : requireDurationMs('--sleep', options.sleep);
  const lanes = lanePairs(options.lane ?? []);
  const reporters = options.reporter ?? [];
  const wanted = reporters.map(({ name, path }) => ({ render: rendererOf(name, io), path }));
  const comparison = await (io.unheard ?? directly)(async () => {
    const a = await readSide(options.a, sleepMs, io);
    const b = await readSide(options.b, sleepMs, io);
    return compareSides(a, b, tolerance, lanes);
  });
  io.stop?.throwIfAborted();
  for (const { render, path } of wanted)
    if (path !== null) writeReportFile(resolve(io.cwd, path), render(comparison));
  const printed = wanted.filter(({ path }) => path === null).map(({ render }) => render);
  const asked = options.json ? [rendererOf('json', io)] : printed;
  const shown = asked.length === 0 ? [rendererOf('summary', io)] : asked;
  for (const render of shown) io.stdout(render(comparison));
  return exitCodeOf(comparison);
}

/** @throws UserError `LANE_PAIR` */
function lanePairs(texts: readonly string[]): Map<string, string> {
  return new Map(
    texts.map((text) => {
      const [, inA, inB] = /^([^=]+)=([^=]+)$/.exec(text) ?? [];
      if (inA !== undefined && inB !== undefined) return [inA, inB];
      throw new UserError(
        'LANE_PAIR',
        `--lane cannot be "${text.slice(0, 80)}".`,
        'Write the name in the first, "=", and the name in the second.',
      );
    }),
  );
}

type Renderer = (comparison: Comparison) => string;

/** @throws UserError `REPORTER_UNKNOWN` */
function rendererOf(name: ReporterRequest['name'], io: HistoryIo): Renderer {
  switch (name) {
    case 'summary':
      return (comparison) => renderComparisonText(comparison, lookOf(io));
    case 'json':
      return renderComparisonJson;
    case 'html':
      return renderComparisonHtml;
    default:
      throw new UserError(
        'REPORTER_UNKNOWN',
        `A comparison has no reporter "${name}".`,
        'Use one of summary, json, html.',
      );
  }
}

async function readSide(named: string, sleepMs: number | undefined, io: HistoryIo): Promise<Side> {
  const path = await findHistory(named, io.cwd);
  return sideOf(named, await measurementOf(path, sleepMs, io));
}

async function measurementOf(
  path: string,
  sleepMs: number | undefined,
  io: HistoryIo,
): Promise<Measurement> {
  if (!(await isHistory(path))) return measure(readLog(path, sleepMs));
  const { size } = await stat(path);
  if (size > historyBytesMax) throw tooLarge(path, historyBytesMax);
  const history = await readHistory(path, io.stop);
  tellDamage(damageOf(history), path, io);
  return measure(history.entries, history);
}

/** The first entry names lanes, steps and draws: longer than this none is. */
const headBytes = 1024 * 1024;

/** Whether entries are at its begin; all else is for the reader of logs. */
async function isHistory(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r');
    try {
      const head = Buffer.alloc(headBytes);
      const { bytesRead } = await file.read(head, 0, headBytes, 0);
      const { entries, unknown } = parseHistory(`${head.toString('utf8', 0, bytesRead)}\n`);
      return entries.length + unknown.length > 0;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

function readLog(path: string, sleepMs: number | undefined): ReturnType<typeof importLog> {
  let text: string | null;
  try {
    text = readBounded(path, logBytesMax);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (text === null) throw tooLarge(path, logBytesMax);
  const naming = { name: basename(path), tool: tool() };
  return importLog(text, sleepMs === undefined ? naming : { ...naming, sleepMs });
}

function unreadable(path: string, error: unknown): UserError {
  return new UserError(
    'HISTORY_UNREADABLE',
    `${path} cannot be read: ${messageOf(error)}.`,
    'Name a run folder, a history file, or the log of a polling loop.',
  );
}

function tooLarge(path: string, bytesMax: number): UserError {
  return new UserError(
    'COMPARE_TOO_LARGE',
    `${path} has more than ${bytesMax / 1024 / 1024} MB.`,
    'Cut it to the hours around the operation.',
  );
}
