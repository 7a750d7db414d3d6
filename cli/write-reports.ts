/** Writes a run's reports into its folder and prints the closing words. */
import { join } from 'node:path';
import type { Entry } from '../harness/history/entry.js';
import type { Measurement } from '../harness/measure/measure.js';
import type { RunReport } from '../harness/verdict/run-report.js';
import { messageOf } from '../sim/user-error.js';
import { writeWhole } from './files.js';
import type { Output } from './output.js';
import { type ReporterName, render, reportFiles } from './reporters.js';
import type { RunFolder } from './run-folder.js';

export interface ReportsOptions {
  readonly output: Output;
  readonly folder: RunFolder;
  readonly entries: readonly Entry[];
  readonly measurement: Measurement;
  readonly report: RunReport;
  /**
   * What stdout is for: one JSON document, the summary, or lines that a program reads, with the
   * summary on stderr.
   */
  readonly stdout: 'json' | 'summary' | 'lines';
  /** Written beside those that every run folder holds. */
  readonly reporters: readonly ReporterName[];
}

const always: readonly ReporterName[] = ['json', 'markdown'];

export function writeReports(options: ReportsOptions): void {
  const { output, folder } = options;
  const named = { folder: folder.shown };
  for (const name of new Set([...always, ...options.reporters]))
    writeReport(output, join(folder.path, reportFiles[name]), render(name, options, named, {}));
  if (options.stdout === 'json') output.data(render('json', options, named, {}).trimEnd());
  else {
    const summary = `\n${render('summary', options, named, output.look)}`.trimEnd();
    if (options.stdout === 'summary') output.data(summary);
    else output.log(summary);
  }
}

/** A report that cannot be written does not undo the verdict: it is told, and the run stands. */
function writeReport(output: Output, path: string, text: string): void {
  try {
    writeWhole(path, text);
  } catch (error) {
    output.log(`warning: ${path} was not written: ${messageOf(error)}`);
  }
}
