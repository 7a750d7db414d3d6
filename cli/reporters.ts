/** Renders a judged history with the reporters that a user asked for. */
import { join, resolve } from 'node:path';
import type { Entry } from '../harness/history/entry.js';
import type { ReadDamage } from '../harness/measure/history-gaps.js';
import { type Measurement, measure } from '../harness/measure/measure.js';
import { renderJson } from '../harness/report/json.js';
import { renderLines } from '../harness/report/lines.js';
import { renderMarkdown } from '../harness/report/markdown.js';
import { renderSummary } from '../harness/report/summary.js';
import { exitCodeOf, judgeMeasurement } from '../harness/verdict/judge.js';
import { parseObjective } from '../harness/verdict/objective.js';
import type { RunReport } from '../harness/verdict/run-report.js';
import { messageOf, UserError } from '../sim/user-error.js';
import { makeFolders, writeWhole } from './files.js';

export const reporterNames = ['summary', 'json', 'markdown', 'lines'] as const;
export type ReporterName = (typeof reporterNames)[number];

/** The files that reporters write into a folder. */
export const reportFiles: Readonly<Record<ReporterName, string>> = {
  summary: 'summary.txt',
  json: 'verdict.json',
  markdown: 'summary.md',
  lines: 'lines.txt',
};

/** Where a command writes; the text has its line ends. */
export interface ReportIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly columns?: number;
  readonly ascii?: boolean;
}

export interface RenderOptions {
  readonly reporter?: readonly ReporterName[];
  readonly json?: boolean;
  readonly out?: string;
  readonly objective?: readonly string[];
  /** Shown at the end of the summary. */
  readonly folder?: string;
  /** What could not be read of the history. */
  readonly damage?: ReadDamage;
}

/** A history that is measured, and its lines for the reporter that prints them. */
export interface Measured {
  readonly measurement: Measurement;
  readonly lines: (
    report: RunReport,
    look: Pick<ReportIo, 'columns' | 'ascii'>,
  ) => string | Promise<string>;
}

export function measuredWhole(entries: readonly Entry[], damage?: ReadDamage): Measured {
  return {
    measurement: measure(entries, damage),
    lines: (report, look) => renderLines(entries, report, lookOf(look)),
  };
}

/** The reports as texts: nothing of them is printed or written yet. */
export interface PreparedReports {
  readonly report: RunReport;
  readonly shown: readonly string[];
  /** By the path of their file. */
  readonly files: ReadonlyMap<string, string>;
  /** The folder of the files, or null. */
  readonly folder: string | null;
}

/** Judges and renders. */
export async function prepareReports(
  { measurement, lines }: Measured,
  options: RenderOptions,
  io: ReportIo & { readonly cwd: string },
): Promise<PreparedReports> {
  const objectives = options.objective ?? [];
  for (const objective of objectives) parseObjective(objective);
  const report = judgeMeasurement(measurement, objectives.length === 0 ? {} : { objectives });
  const text = async (name: ReporterName): Promise<string> =>
    name === 'lines' ? lines(report, io) : renderMeasured(name, measurement, report, options, io);
  const wanted = options.reporter ?? [];
  const folder = options.out === undefined ? null : resolve(io.cwd, options.out);
  const files = new Map<string, string>();
  for (const name of folder === null ? [] : filesOf(wanted))
    files.set(join(folder ?? '', reportFiles[name]), await text(name));
  // With a folder for them, the reporters' text goes there, and stdout keeps to one document.
  const asked = options.json ? ['json' as const] : folder === null ? wanted : [];
  const shown: string[] = [];
  for (const name of asked.length === 0 ? ['summary' as const] : asked)
    shown.push(await text(name));
  return { report, shown, files, folder };
}

/** Writes the files, then prints; the exit code is the verdict's. */
export function putReports(prepared: PreparedReports, io: ReportIo): 0 | 1 | 2 {
  const { report, shown, files, folder } = prepared;
  if (folder !== null) writeFiles(folder, files);
  for (const text of shown) io.stdout(text);
  return exitCodeOf(report);
}

interface Judged {
  readonly entries: readonly Entry[];
  readonly measurement: Measurement;
  readonly report: RunReport;
}

/** One report as text. */
export function render(
  name: ReporterName,
  { entries, measurement, report }: Judged,
  options: Pick<RenderOptions, 'folder'>,
  look: Pick<ReportIo, 'columns' | 'ascii'>,
): string {
  return name === 'lines'
    ? renderLines(entries, report, lookOf(look))
    : renderMeasured(name, measurement, report, options, look);
}

function renderMeasured(
  name: Exclude<ReporterName, 'lines'>,
  measurement: Measurement,
  report: RunReport,
  options: Pick<RenderOptions, 'folder'>,
  look: Pick<ReportIo, 'columns' | 'ascii'>,
): string {
  const { ascii = false } = look;
  const folder = options.folder === undefined ? {} : { folder: options.folder };
  switch (name) {
    case 'json':
      return renderJson(report);
    case 'markdown':
      return renderMarkdown(report, { ascii, measurement });
    case 'summary':
      return renderSummary(report, { ...lookOf(look), ...folder, measurement });
  }
}

/** How a text is to look. */
export function lookOf({ columns, ascii = false }: Pick<ReportIo, 'columns' | 'ascii'>): {
  ascii: boolean;
  columns?: number;
} {
  return columns === undefined ? { ascii } : { ascii, columns };
}

/** The files that `prepareReports` makes for the folder named by `out`. */
export function writtenFiles({ reporter = [] }: Pick<RenderOptions, 'reporter'>): string[] {
  return filesOf(reporter).map((name) => reportFiles[name]);
}

function filesOf(wanted: readonly ReporterName[]): readonly ReporterName[] {
  return wanted.length === 0 ? ['json', 'markdown'] : [...new Set(wanted)];
}

function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  try {
    makeFolders(folder);
    for (const [path, text] of files) writeWhole(path, text);
  } catch (error) {
    throw new UserError(
      'REPORT_UNWRITABLE',
      `The reports cannot be written to ${folder}: ${messageOf(error)}.`,
      'Name a folder that can be written with --out.',
      'environment',
    );
  }
}
