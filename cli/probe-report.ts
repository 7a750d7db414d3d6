/** The end of `rehearse probe`: the report of its history, or of its running sums. */
import { stat } from 'node:fs/promises';
import { readHistory } from '../harness/history/read.js';
import { measure } from '../harness/measure/measure.js';
import type { RunningSummary } from '../harness/probe/running-summary.js';
import { renderJson } from '../harness/report/json.js';
import { renderSummary } from '../harness/report/summary.js';
import { exitCodeOf, judgeMeasurement } from '../harness/verdict/judge.js';
import { exitCodes } from '../sim/user-error.js';
import type { CommandContext } from './context.js';
import type { ProbeOptions, ProbeSettings } from './probe-plan.js';
import type { RunFolder } from './run-folder.js';
import { table } from './text.js';

/** Histories up to this size are read whole for the report; it takes about five times as much. */
const reportBytesMax = 32 * 1024 * 1024;

export interface EndOfProbe {
  readonly options: ProbeOptions;
  readonly settings: ProbeSettings;
  readonly context: CommandContext;
  readonly folder: RunFolder;
  readonly totals: RunningSummary;
  readonly completed: boolean;
}

/** Prints the report and gives the exit code. */
export async function endOfProbe(end: EndOfProbe): Promise<number> {
  const { options, settings, context, folder } = end;
  const { output } = context;
  const size = (await stat(folder.history)).size;
  if (size > reportBytesMax) return endOfLongProbe(end);
  const history = await readHistory(folder.history);
  const measurement = measure(history.entries, history);
  const report = judgeMeasurement(measurement);
  if (options.json === true) output.data(renderJson(report).trimEnd());
  else {
    const { ascii, columns } = output;
    const summary = renderSummary(report, { measurement, folder: folder.shown, ascii, columns });
    // Beside the published lines or the history itself the summary would be no data.
    if (settings.format === 'text') output.data(summary.trimEnd());
    else output.log(summary.trimEnd());
  }
  return exitCodeOf(report);
}

/** A history of many hours: its sums were taken as it grew; the full report is a command away. */
function endOfLongProbe({
  settings,
  context,
  folder,
  totals,
  completed,
  options,
}: EndOfProbe): number {
  const { output } = context;
  const lanes = [...totals.finish()].map(([name, lane]) => ({ name, ...lane }));
  if (options.json === true) {
    output.data(JSON.stringify({ schema: 'rehearse-probe-totals/1', completed, lanes }, null, 2));
  } else {
    const rows = lanes.map((lane) => [
      lane.name,
      `${lane.polls} polls`,
      `${lane.failed} failed`,
      `${lane.unknown} unknown`,
      `${lane.outages} outages`,
      `down ${(lane.lowerMs / 1e3).toFixed(2)} s to ${upper(lane.upperMs)}`,
    ]);
    if (settings.format === 'text') output.data(table(rows));
    else output.log(table(rows));
  }
  output.log(`The history is large; the full report: rehearse report ${folder.shown}`);
  if (!completed || settings.objectives.length > 0) return exitCodes.unknown;
  return exitCodes.pass;
}

function upper(upperMs: number | null): string {
  return upperMs === null ? 'no upper bound' : `${(upperMs / 1e3).toFixed(2)} s`;
}
