/** Renders a judged history with the reporters that a user asked for. */
import { appendFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Entry } from '../harness/history/entry.js';
import type { ReadDamage } from '../harness/measure/history-gaps.js';
import { type Measurement, measure } from '../harness/measure/measure.js';
import type { EmbeddedHistory } from '../harness/report/html/page.js';
import { renderLines } from '../harness/report/lines.js';
import { renderMarkdown } from '../harness/report/markdown.js';
import { exitCodeOf, judgeMeasurement } from '../harness/verdict/judge.js';
import { parseObjective } from '../harness/verdict/objective.js';
import type { RunReport } from '../harness/verdict/run-report.js';
import { messageOf, UserError } from '../sim/user-error.js';
import { embeddedText } from './embed-history.js';
import { makeFolders, writeWhole } from './files.js';
import {
  type Judged,
  lookOf,
  type ReporterName,
  renderReport,
  reportFiles,
  type TextLook,
} from './render.js';

export { lookOf, type ReporterName, reporterNames, reportFiles } from './render.js';

/** A reporter, and the file that it is to write, where the user named one. */
export interface ReporterRequest {
  readonly name: ReporterName;
  readonly path: string | null;
}

/** Where a command writes; the text has its line ends. */
export interface ReportIo extends TextLook {
  stdout(text: string): void;
  stderr(text: string): void;
  /** The file of GitHub Actions for what a job's page shows. */
  readonly stepSummary?: string | undefined;
}

export interface RenderOptions {
  readonly reporter?: readonly ReporterRequest[];
  readonly json?: boolean;
  readonly out?: string;
  readonly objective?: readonly string[];
  /** Shown at the end of the summary. */
  readonly folder?: string;
  /** What could not be read of the history. */
  readonly damage?: ReadDamage;
}

/** A history that is measured, and its lines for the reporter that prints them. */
export interface Measured extends Pick<Judged, 'entries' | 'history'> {
  readonly measurement: Measurement;
  readonly lines: (report: RunReport, look: TextLook) => string | Promise<string>;
}

/** @param history the file as it is; by default the entries' own text */
export function measuredWhole(
  entries: readonly Entry[],
  damage?: ReadDamage,
  history: () => EmbeddedHistory | null = () => embeddedText(textOf(entries)),
): Measured {
  return {
    measurement: measure(entries, damage),
    entries,
    history,
    lines: (report, look) => renderLines(entries, report, lookOf(look)),
  };
}

function textOf(entries: readonly Entry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

/** The reports as texts: nothing of them is printed or written yet. */
export interface PreparedReports {
  readonly report: RunReport;
  readonly shown: readonly string[];
  /** By the path of their file. */
  readonly files: ReadonlyMap<string, string>;
  /** For the page of a job of GitHub Actions; null where it is not asked for. */
  readonly stepSummary: string | null;
}

/** Judges and renders. */
export async function prepareReports(
  measured: Measured,
  options: RenderOptions,
  io: ReportIo & { readonly cwd: string },
): Promise<PreparedReports> {
  const { measurement, lines } = measured;
  const objectives = options.objective ?? [];
  for (const objective of objectives) parseObjective(objective);
  const report = judgeMeasurement(measurement, objectives.length === 0 ? {} : { objectives });
  const text = async (name: ReporterName): Promise<string> =>
    name === 'lines'
      ? lines(report, io)
      : renderReport(name, { ...measured, report }, options.folder, io);
  const wanted = options.reporter ?? [];
  const unnamed = wanted.filter(({ path }) => path === null).map(({ name }) => name);
  const files = new Map<string, string>();
  if (options.out !== undefined)
    for (const name of filesOf(unnamed))
      files.set(join(resolve(io.cwd, options.out), reportFiles[name]), await text(name));
  for (const { name, path } of wanted)
    if (path !== null) files.set(resolve(io.cwd, path), await text(name));
  // With a folder for them, the reporters' text goes there, and stdout keeps to one document.
  const asked = options.json ? ['json' as const] : options.out === undefined ? unnamed : [];
  const shown: string[] = [];
  for (const name of asked.length === 0 ? ['summary' as const] : asked)
    shown.push(await text(name));
  return { report, shown, files, stepSummary: stepSummaryOf(wanted, measured, report) };
}

/** What the reporter `github` adds to the page of its job. */
export function stepSummaryOf(
  wanted: readonly ReporterRequest[],
  { measurement }: Pick<Judged, 'measurement'>,
  report: RunReport,
): string | null {
  const isAsked = wanted.some(({ name }) => name === 'github');
  return isAsked ? renderMarkdown(report, { measurement }) : null;
}

/** Writes the files, then prints; the exit code is the verdict's. */
export function putReports(prepared: PreparedReports, io: ReportIo): 0 | 1 | 2 {
  const { report, shown, files, stepSummary } = prepared;
  for (const [path, text] of files) writeReportFile(path, text);
  if (stepSummary !== null) appendStepSummary(stepSummary, io.stepSummary, io.stderr);
  for (const text of shown) io.stdout(text);
  return exitCodeOf(report);
}

/** That it cannot be written does not undo what was measured: it is told. */
export function appendStepSummary(
  text: string,
  path: string | undefined,
  tell: (warning: string) => void,
): void {
  if (path === undefined || path === '') return;
  try {
    appendFileSync(path, `${text}\n`);
  } catch (error) {
    tell(`warning: the step summary was not written to ${path}: ${messageOf(error)}\n`);
  }
}

/** The files that `prepareReports` makes for the folder named by `out`. */
export function writtenFiles({ reporter = [] }: Pick<RenderOptions, 'reporter'>): string[] {
  const unnamed = reporter.filter(({ path }) => path === null).map(({ name }) => name);
  return filesOf(unnamed).map((name) => reportFiles[name]);
}

function filesOf(wanted: readonly ReporterName[]): readonly ReporterName[] {
  return wanted.length === 0 ? ['json', 'markdown'] : [...new Set(wanted)];
}

/**
 * Writes a report to a file, whose folder is made where it is missing.
 * @throws UserError `REPORT_UNWRITABLE`
 */
export function writeReportFile(path: string, text: string): void {
  try {
    makeFolders(dirname(path));
    writeWhole(path, text);
  } catch (error) {
    throw new UserError(
      'REPORT_UNWRITABLE',
      `The report ${path} cannot be written: ${messageOf(error)}.`,
      'Name a place that can be written to.',
      'environment',
    );
  }
}
