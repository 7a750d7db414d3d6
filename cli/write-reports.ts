/** Writes a run's reports into its folder and prints the closing words. */
import { dirname, join, resolve } from 'node:path';
import type { Entry } from '../harness/history/entry.js';
import type { Measurement } from '../harness/measure/measure.js';
import { renderLines } from '../harness/report/lines.js';
import type { RunReport } from '../harness/verdict/run-report.js';
import { messageOf } from '../sim/user-error.js';
import { embeddedFile } from './embed-history.js';
import { makeFolders, writeWhole } from './files.js';
import type { Output } from './output.js';
import { type ReporterName, renderReport, reportFiles, type TextLook } from './render.js';
import { appendStepSummary, lookOf, type ReporterRequest, stepSummaryOf } from './reporters.js';
import type { RunFolder } from './run-folder.js';

export interface ReportsOptions {
  readonly output: Output;
  readonly folder: RunFolder;
  /** Where the paths of reporters are taken from. */
  readonly cwd: string;
  readonly entries: readonly Entry[];
  readonly measurement: Measurement;
  readonly report: RunReport;
  /**
   * What stdout is for: one JSON document, the summary, or lines that a program reads, with the
   * summary on stderr.
   */
  readonly stdout: 'json' | 'summary' | 'lines';
  /** Written beside those that every run folder holds, into it or where they say. */
  readonly reporters: readonly ReporterRequest[];
  /** The file of GitHub Actions for what a job's page shows. */
  readonly stepSummary?: string | undefined;
}

const always: readonly ReporterName[] = ['json', 'markdown', 'html'];

export function writeReports(options: ReportsOptions): void {
  const { output, folder, reporters, report, cwd } = options;
  const text = (name: ReporterName, look: TextLook): string => textOf(name, options, look);
  const unnamed = reporters.filter(({ path }) => path === null).map(({ name }) => name);
  for (const name of new Set([...always, ...unnamed]))
    writeReport(output, join(folder.path, reportFiles[name]), () => text(name, {}));
  for (const { name, path } of reporters)
    if (path !== null) writeReport(output, resolve(cwd, path), () => text(name, {}));
  const stepSummary = stepSummaryOf(reporters, options, report);
  if (stepSummary !== null)
    appendStepSummary(stepSummary, options.stepSummary, (warning) => output.log(warning.trimEnd()));
  // Actions takes its commands from stderr as well, where they are in no document's way.
  if (unnamed.includes('github')) output.log(text('github', {}).trimEnd());
  if (options.stdout === 'json') output.data(text('json', {}).trimEnd());
  else {
    const summary = `\n${text('summary', output.look)}`.trimEnd();
    if (options.stdout === 'summary') output.data(summary);
    else output.log(summary);
  }
}

function textOf(name: ReporterName, options: ReportsOptions, look: TextLook): string {
  const { folder, entries, report } = options;
  if (name === 'lines') return renderLines(entries, report, lookOf(look));
  const history = () => embeddedFile(folder.history);
  return renderReport(name, { ...options, history }, folder.shown, look);
}

/** A report that cannot be written does not undo the verdict: it is told, and the run stands. */
function writeReport(output: Output, path: string, text: () => string): void {
  try {
    makeFolders(dirname(path));
    writeWhole(path, text());
  } catch (error) {
    output.log(`warning: ${path} was not written: ${messageOf(error)}`);
  }
}
