/** Writes a run's reports into its folder and prints the closing words. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Measurement } from '../harness/measure/measure.js';
import { renderJson } from '../harness/report/json.js';
import { renderMarkdown } from '../harness/report/markdown.js';
import { renderSummary } from '../harness/report/summary.js';
import type { RunReport } from '../harness/verdict/run-report.js';
import type { Output } from './output.js';
import type { RunFolder } from './run-folder.js';

/** Reports that `--reporter` adds to those that every run folder holds. */
export const extraReporters = ['text', 'json', 'markdown'] as const;
export type ExtraReporter = (typeof extraReporters)[number];

/** The file of each reporter; the first two are always written. */
const files: Readonly<Record<ExtraReporter, string>> = {
  json: 'verdict.json',
  markdown: 'summary.md',
  text: 'summary.txt',
};

export interface ReportsOptions {
  readonly output: Output;
  readonly folder: RunFolder;
  readonly report: RunReport;
  readonly measurement: Measurement;
  readonly json: boolean;
  readonly reporters: readonly string[];
}

export function writeReports(options: ReportsOptions): void {
  const { output, folder, report, measurement } = options;
  const render: Readonly<Record<ExtraReporter, () => string>> = {
    json: () => renderJson(report),
    markdown: () => renderMarkdown(report, { measurement }),
    text: () => renderSummary(report, { measurement, folder: folder.shown }),
  };
  const wanted = extraReporters.filter(
    (name) => name !== 'text' || options.reporters.includes(name),
  );
  for (const name of wanted) writeReport(output, join(folder.path, files[name]), render[name]());
  if (options.json) {
    output.data(renderJson(report).trimEnd());
    return;
  }
  const { columns, ascii } = output;
  const summary = renderSummary(report, { measurement, folder: folder.shown, columns, ascii });
  output.data(`\n${summary.trimEnd()}`);
}

/** A report that cannot be written does not undo the verdict: it is told, and the run stands. */
function writeReport(output: Output, path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    output.log(`warning: ${path} was not written: ${error instanceof Error ? error.message : ''}`);
  }
}
