/** The end of `rehearse probe`: the report of its history, or of its running sums. */
import { stat } from 'node:fs/promises';
import { readHistory } from '../harness/history/read.js';
import { type Measurement, measure } from '../harness/measure/measure.js';
import type { RunningSummary } from '../harness/probe/running-summary.js';
import { renderJson } from '../harness/report/json.js';
import { renderSummary } from '../harness/report/summary.js';
import { exitCodeOf, judgeMeasurement } from '../harness/verdict/judge.js';
import type { RunReport } from '../harness/verdict/run-report.js';
import type { CommandContext } from './context.js';
import type { ProbeOptions, ProbeSettings } from './probe-plan.js';
import type { RunFolder } from './run-folder.js';

/** Histories up to this size are read whole for the report; it takes about five times as much. */
const reportBytesMax = 32 * 1024 * 1024;

export interface EndOfProbe {
  readonly options: ProbeOptions;
  readonly settings: ProbeSettings;
  readonly context: CommandContext;
  readonly folder: RunFolder;
  readonly totals: RunningSummary;
}

/** Prints the report and gives the exit code. */
export async function endOfProbe(end: EndOfProbe): Promise<number> {
  const { options, settings, context, folder } = end;
  const { output } = context;
  const isLong = (await stat(folder.history)).size > reportBytesMax;
  const measurement = isLong ? end.totals.measurement() : await measureFile(folder.history);
  const report = judgeMeasurement(measurement);
  if (isLong) report.notes.push(totalsNote(report.durationMs));
  if (options.json === true) output.data(renderJson(report).trimEnd());
  else {
    const { ascii, columns } = output;
    const summary = renderSummary(report, { measurement, folder: folder.shown, ascii, columns });
    // Beside the published lines or the history itself the summary would be no data.
    if (settings.format === 'text') output.data(summary.trimEnd());
    else output.log(summary.trimEnd());
  }
  if (isLong) output.log(`The history is large; the full report: rehearse report ${folder.shown}`);
  return exitCodeOf(report);
}

async function measureFile(path: string): Promise<Measurement> {
  const history = await readHistory(path);
  return measure(history.entries, history);
}

/** A history of many hours: it was measured as it grew, and the report says so. */
function totalsNote(offsetMs: number): RunReport['notes'][number] {
  const text =
    'the history is large and was measured as it grew: latencies, versions served, the timeline ' +
    'and all but the first thousand outages of a lane are left out';
  return { offsetMs, level: 'info', code: 'measured-as-it-grew', text };
}
