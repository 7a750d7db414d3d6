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
import { UserError } from '../sim/user-error.js';
import { makeFolders, messageOf, writeWhole } from './files.js';

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

/** Judges, prints, and writes the files; the exit code is the verdict's. */
export async function renderReports(
  entries: readonly Entry[],
  options: RenderOptions,
  io: ReportIo & { readonly cwd: string },
): Promise<0 | 1 | 2> {
  const objectives = options.objective ?? [];
  for (const objective of objectives) parseObjective(objective);
  const measurement = measure(entries, options.damage);
  const report = judgeMeasurement(measurement, objectives.length === 0 ? {} : { objectives });
  const rendered = (name: ReporterName): string =>
    render(name, { entries, measurement, report }, options, io);
  const wanted = options.reporter ?? [];
  if (options.out !== undefined) writeFiles(resolve(io.cwd, options.out), wanted, rendered);
  // With a folder for them, the reporters' text goes there, and stdout keeps to one document.
  const shown = options.json ? ['json' as const] : options.out === undefined ? wanted : [];
  for (const name of shown.length === 0 ? ['summary' as const] : shown) io.stdout(rendered(name));
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
  const { columns, ascii = false } = look;
  const text = columns === undefined ? { ascii } : { ascii, columns };
  const folder = options.folder === undefined ? {} : { folder: options.folder };
  switch (name) {
    case 'json':
      return renderJson(report);
    case 'markdown':
      return renderMarkdown(report, { ascii, measurement });
    case 'lines':
      return renderLines(entries, report, text);
    case 'summary':
      return renderSummary(report, { ...text, ...folder, measurement });
  }
}

/** The files that `renderReports` writes into the folder named by `out`. */
export function writtenFiles({ reporter = [] }: Pick<RenderOptions, 'reporter'>): string[] {
  return filesOf(reporter).map((name) => reportFiles[name]);
}

function filesOf(wanted: readonly ReporterName[]): readonly ReporterName[] {
  return wanted.length === 0 ? ['json', 'markdown'] : [...new Set(wanted)];
}

function writeFiles(
  folder: string,
  wanted: readonly ReporterName[],
  rendered: (name: ReporterName) => string,
): void {
  try {
    makeFolders(folder);
    for (const name of filesOf(wanted)) writeWhole(join(folder, reportFiles[name]), rendered(name));
  } catch (error) {
    throw new UserError(
      'REPORT_UNWRITABLE',
      `The reports cannot be written to ${folder}: ${messageOf(error)}.`,
      'Name a folder that can be written with --out.',
      'environment',
    );
  }
}
