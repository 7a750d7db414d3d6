/** The report as one JSON document. */
import type { RunReport } from '../verdict/run-report.js';

/** Two-space JSON with its line end. */
export function renderJson(report: RunReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
