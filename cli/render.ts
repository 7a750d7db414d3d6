/** One report as text, by the reporter's name. */
import type { Entry } from '../harness/history/entry.js';
import type { Measurement } from '../harness/measure/measure.js';
import { renderChange } from '../harness/report/change.js';
import { type EmbeddedHistory, renderHtml } from '../harness/report/html/page.js';
import { renderJson } from '../harness/report/json.js';
import { renderJunit } from '../harness/report/junit.js';
import { renderMarkdown } from '../harness/report/markdown.js';
import { renderSummary } from '../harness/report/summary.js';
import { renderWorkflow } from '../harness/report/workflow-report.js';
import type { RunReport } from '../harness/verdict/run-report.js';

export const reporterNames = [
  'summary',
  'json',
  'markdown',
  'html',
  'junit',
  'github',
  'change',
  'lines',
] as const;
export type ReporterName = (typeof reporterNames)[number];

/** The files that reporters write into a folder. */
export const reportFiles: Readonly<Record<ReporterName, string>> = {
  summary: 'summary.txt',
  json: 'verdict.json',
  markdown: 'summary.md',
  html: 'report.html',
  junit: 'junit.xml',
  github: 'github.txt',
  change: 'change.md',
  lines: 'lines.txt',
};

/** A history that is measured and judged. */
export interface Judged {
  readonly measurement: Measurement;
  readonly report: RunReport;
  /** None where the history is too large to be kept. */
  readonly entries: readonly Entry[];
  /** What goes into a page; asked for only where a page is made. */
  readonly history: () => EmbeddedHistory | null;
}

/** How a text is to look. */
export interface TextLook {
  readonly columns?: number;
  readonly ascii?: boolean;
}

/** @param folder shown at the end of the summary */
export function renderReport(
  name: Exclude<ReporterName, 'lines'>,
  { measurement, report, entries, history }: Judged,
  folder: string | undefined,
  look: TextLook,
): string {
  const { ascii = false } = look;
  const summary = (as: TextLook): string =>
    renderSummary(report, {
      ...lookOf(as),
      ...(folder === undefined ? {} : { folder }),
      measurement,
    });
  switch (name) {
    case 'json':
      return renderJson(report);
    case 'markdown':
      return renderMarkdown(report, { ascii, measurement });
    case 'summary':
      return summary(look);
    case 'html':
      return renderHtml(report, { measurement, entries, history: history() });
    case 'junit':
      return renderJunit(report, summary({ ascii: true }));
    case 'github':
      return renderWorkflow(report, summary({ ascii }));
    case 'change':
      return renderChange(report, { ascii, measurement });
  }
}

export function lookOf({ columns, ascii = false }: TextLook): { ascii: boolean; columns?: number } {
  return columns === undefined ? { ascii } : { ascii, columns };
}
