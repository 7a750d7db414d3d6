/** Shows a run while its history grows: one line for each transition, and a line of progress. */
import { follow } from '../harness/history/read.js';
import { type LineFormat, LineRenderer } from '../harness/report/lines.js';
import type { RunReport } from '../harness/verdict/run-report.js';
import type { Clock } from '../sim/clock.js';
import { type Asking, askAt } from './approval.js';
import type { CommandContext } from './context.js';
import type { Output } from './output.js';

/** How a run is shown while it goes on. */
export interface RunShow {
  /** Asks a question of the run's. */
  readonly ask: Asking;
  /**
   * Shows the history as it grows, until the run has ended or the signal says so, and then what is
   * in the file by then. Resolves with what prints the closing lines.
   */
  begin(ended: AbortSignal): Promise<(report: RunReport) => void>;
  /** Resolves once nobody is looking around any more. */
  lookedAt(): Promise<void>;
  close(): void;
}

export interface LinesOptions {
  readonly history: string;
  readonly format: LineFormat;
  /** True where stdout is kept for one JSON document: the lines go to stderr. */
  readonly toStderr: boolean;
  /** False: nothing is drawn over. */
  readonly progress: boolean;
}

/** One line for each transition, and a line of progress. */
export function runLines({ output, clock, env }: CommandContext, options: LinesOptions): RunShow {
  const workflowCommands = env.GITHUB_ACTIONS === 'true';
  return {
    ask: askAt(process.stdin, output),
    begin: (ended) => showRun(output, { ...options, clock, workflowCommands, ended }),
    lookedAt: async () => undefined,
    close: () => undefined,
  };
}

interface ShowOptions extends LinesOptions {
  readonly clock: Clock;
  /** Whether what is printed is read by GitHub Actions. */
  readonly workflowCommands: boolean;
  /** Ends the showing, after what is in the file by then. */
  readonly ended: AbortSignal;
}

const progressEveryMs = 250;

async function showRun(output: Output, options: ShowOptions): Promise<(report: RunReport) => void> {
  const { toStderr, format, clock, history, ended } = options;
  const isTty = toStderr ? output.stderrIsTty : output.stdoutIsTty;
  const renderer = new LineRenderer({
    format,
    workflowCommands: options.workflowCommands,
    ascii: output.ascii,
    ...(isTty && format === 'text' ? { columns: output.columns } : {}),
  });
  const write = (line: string): void => (toStderr ? output.log(line) : output.data(line));
  const draws = options.progress && isTty && output.stderrIsTty && format === 'text';
  const clear = (): void => {
    if (draws) output.draw('\r\u001b[K');
  };
  let drawnAtNs = Number.NEGATIVE_INFINITY;
  for await (const entries of follow(history, { clock, signal: ended })) {
    const lines = renderer.pushAll(entries);
    if (lines.length > 0) clear();
    for (const line of lines) write(line);
    if (!draws || clock.nowNs() - drawnAtNs < progressEveryMs * 1e6) continue;
    drawnAtNs = clock.nowNs();
    output.draw(`\r${renderer.progress().slice(0, output.columns - 1)}\u001b[K`);
  }
  clear();
  return (report) => {
    for (const line of renderer.end(report)) write(line);
  };
}
