/** `rehearse run SCENARIO`. */
import { startRun } from '../harness/conductor/threads.js';
import type { Entry } from '../harness/history/entry.js';
import { type History, readHistory } from '../harness/history/read.js';
import { note, recorder } from '../harness/history/record.js';
import { measure } from '../harness/measure/measure.js';
import type { RunPlan } from '../harness/plan.js';
import { exitCodeOf, judgeMeasurement } from '../harness/verdict/judge.js';
import type { RunReport } from '../harness/verdict/run-report.js';
import { late, within } from '../harness/within.js';
import type { Clock } from '../sim/clock.js';
import { hostId } from '../sim/server/host-id.js';
import { messageOf, UserError } from '../sim/user-error.js';
import { accessFile } from './access-file.js';
import { asksForApproval, requireSomebodyToAsk, yesToAll } from './approval.js';
import type { CommandContext } from './context.js';
import { dryRunDocument, dryRunText } from './dry-run.js';
import { allSettings, findScenarioOrFile } from './find-scenario.js';
import { tellLeftBehind } from './left-behind.js';
import { makeRunFolder, type RunFolder } from './run-folder.js';
import type { RunOptions } from './run-options.js';
import { makePlan } from './run-plan.js';
import { wantsScreen } from './screen.js';
import { type RunShow, runLines } from './show-run.js';
import { json } from './text.js';
import { tool } from './tool.js';
import { writeReports } from './write-reports.js';

/**
 * Plans, runs, judges and reports.
 * @returns the exit code that the verdict asks for
 */
export async function runCommand(
  name: string,
  given: RunOptions,
  context: CommandContext,
): Promise<number> {
  const { output } = context;
  const { scenario, set } = await findScenarioOrFile(name, context);
  const options = { ...given, set: allSettings(set, given.set) };
  if (options.abortAt === 'each')
    return (await import('./abort-at-each.js')).abortAtEach(scenario, options, context);
  const plan = await makePlan(scenario, options, context);
  if (options.dryRun === true) {
    if (options.json === true) output.data(json(dryRunDocument(plan)));
    else output.data(dryRunText(scenario, plan, output.columns));
    return 0;
  }
  const stdout = options.json === true ? 'json' : options.format === 'text' ? 'summary' : 'lines';
  return exitCodeOf((await runPlanned(plan, options, context, stdout)).report);
}

/**
 * Runs a plan, judges it, and writes its reports.
 * @param stdout what its end is told by there; `lines`: by nothing more
 */
export async function runPlanned(
  plan: RunPlan,
  options: RunOptions,
  context: CommandContext,
  stdout: 'json' | 'summary' | 'lines',
): Promise<{ readonly report: RunReport; readonly folder: RunFolder }> {
  const { output, clock, cwd } = context;
  if (options.yes !== true) requireSomebodyToAsk(plan.phases, process.stdin.isTTY === true);
  const folder = makeRunFolder(cwd, plan.scenario, clock.anchor.wallClock, options.out);
  const { showEnd, historyFailure } = await conduct(plan, folder, options, context);
  const history = await historyOf(folder, historyFailure, context);
  const { entries } = history;
  const measurement = measure(entries, history);
  const report = judgeMeasurement(measurement);
  showEnd(report);
  const { reporter: reporters } = options;
  const stepSummary = context.env.GITHUB_STEP_SUMMARY;
  const rendered = { cwd, entries, report, measurement, stdout, reporters, stepSummary } as const;
  writeReports({ output, folder, ...rendered });
  if (historyFailure !== null)
    throw historyLost('HISTORY_UNWRITABLE', `${folder.history} breaks off: ${historyFailure}.`);
  return { report, folder };
}

/** How long the history of a run may take to be read. */
const readLimitMs = 120_000;

/** What is on disk, and what the disk did not take: why. */
async function historyOf(
  folder: RunFolder,
  historyFailure: string | null,
  { clock }: CommandContext,
): Promise<History> {
  const found = await within(clock, readLimitMs, readHistory(folder.history)).catch(
    (error: unknown) => {
      const what = error instanceof UserError ? error.what : messageOf(error);
      throw historyLost('HISTORY_LOST', what);
    },
  );
  if (found === late)
    throw historyLost('HISTORY_LOST', `The disk does not give ${folder.history} back.`);
  if (historyFailure === null) return found;
  return { ...found, entries: [...found.entries, ...unwritten(historyFailure, clock)] };
}

/** The entries that would stand at the end of the history, had there been room for them. */
function unwritten(reason: string, clock: Clock): Entry[] {
  const entries: Entry[] = [];
  const record = recorder('terminal-last', (entry) => entries.push(entry));
  note(record, clock, 'error', 'history-failed', reason);
  record({
    atNs: clock.nowNs(),
    clock: 'harness',
    kind: 'run',
    subject: {},
    data: { stage: 'finished', completed: false, reason },
  });
  return entries;
}

function historyLost(code: string, what: string): UserError {
  const todo = 'Run it again, with --out in a folder that has room and stays where it is.';
  return new UserError(code, what, todo, 'environment');
}

interface Conducted {
  readonly showEnd: (report: RunReport) => void;
  readonly historyFailure: string | null;
}

/** How long the lines of what is on disk may take to be shown once the run has ended. */
const showLimitMs = 60_000;

/** Runs the threads to their end, showing what happens. */
async function conduct(
  plan: RunPlan,
  folder: RunFolder,
  options: RunOptions,
  context: CommandContext,
): Promise<Conducted> {
  const { output, clock, cwd, stop, threadHangs } = context;
  const ended = new AbortController();
  const forget = tellLeftBehind(plan, context);
  const show = await openShow(plan, folder, options, context);
  const threads = startRun({
    clock,
    plan,
    history: folder.history,
    tool: tool(),
    owner: { pid: process.pid, hostId: hostId() },
    accessFile: options.access === undefined ? null : accessFile(cwd, options.access),
    folder: folder.path,
    approve: options.yes === true ? yesToAll(output) : show.ask,
    conductorScript: new URL('./conductor-thread.js', import.meta.url),
  });
  const onStop = (): void => threads.stop(reasonOf(stop));
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  const shown = show.begin(ended.signal);
  try {
    const { historyFailure } = await threads.ended;
    ended.abort();
    const showEnd = await within(clock, showLimitMs, shown);
    await show.lookedAt();
    return { showEnd: showEnd === late ? () => undefined : showEnd, historyFailure };
  } finally {
    stop.removeEventListener('abort', onStop);
    ended.abort();
    await within(clock, showLimitMs, shown);
    show.close();
    forget();
    if (threads.hangs) threadHangs();
  }
}

/** On a screen where there is somebody to look at it, else as lines. */
async function openShow(
  plan: RunPlan,
  { history }: RunFolder,
  options: RunOptions,
  context: CommandContext,
): Promise<RunShow> {
  if (wantsScreen(context, options, process.stdin.isTTY === true))
    return (await import('./run-screen.js')).openRunScreen(history, context);
  return runLines(context, {
    ...{ history, format: options.format, toStderr: options.json === true },
    // Nothing is drawn over a question.
    progress: options.lines !== true && (options.yes === true || !asksForApproval(plan.phases)),
  });
}

function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : String(reason);
}
