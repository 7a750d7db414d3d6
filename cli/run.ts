/** `rehearse run SCENARIO`. */
import { startRun } from '../harness/conductor/threads.js';
import { readHistory } from '../harness/history/read.js';
import { measure } from '../harness/measure/measure.js';
import type { RunPlan } from '../harness/plan.js';
import { exitCodeOf, judgeMeasurement } from '../harness/verdict/judge.js';
import { parseObjective } from '../harness/verdict/objective.js';
import { hostId } from '../sim/server/host-id.js';
import { accessFile } from './access-file.js';
import type { CommandContext } from './context.js';
import { dryRunDocument, dryRunText } from './dry-run.js';
import { findScenario } from './find-scenario.js';
import { makeRunFolder, type RunFolder } from './run-folder.js';
import { planFromOptions, type RunOptions } from './run-options.js';
import { showRun } from './show-run.js';
import { json } from './text.js';
import { tool } from './tool.js';
import { versionsOption } from './versions-option.js';
import { writeReports } from './write-reports.js';

/**
 * Plans, runs, judges and reports.
 * @returns the exit code that the verdict asks for
 */
export async function runCommand(
  name: string,
  options: RunOptions,
  context: CommandContext,
): Promise<number> {
  const { output, clock, cwd } = context;
  const scenario = findScenario(name);
  const plan = planFromOptions(scenario, options, versionsOption(scenario, options));
  for (const objective of plan.objectives) parseObjective(objective);
  if (options.dryRun === true) {
    if (options.json === true) output.data(json(dryRunDocument(plan)));
    else output.data(dryRunText(scenario, plan, output.columns));
    return 0;
  }
  const folder = makeRunFolder(cwd, plan.scenario, clock.anchor.wallClock, options.out);
  const end = await conduct(plan, folder, options, context);
  const history = await readHistory(folder.history);
  const { entries } = history;
  const measurement = measure(entries, history);
  const report = judgeMeasurement(measurement);
  end(report);
  const { json: isJson = false, reporter: reporters } = options;
  writeReports({ output, folder, entries, report, measurement, json: isJson, reporters });
  return exitCodeOf(report);
}

/** Runs the threads to their end, showing what happens. */
async function conduct(
  plan: RunPlan,
  folder: RunFolder,
  options: RunOptions,
  { output, clock, cwd, stop }: CommandContext,
): ReturnType<typeof showRun> {
  const ended = new AbortController();
  const threads = startRun({
    clock,
    plan,
    history: folder.history,
    tool: tool(),
    owner: { pid: process.pid, hostId: hostId() },
    accessFile: options.access === undefined ? null : accessFile(cwd, options.access),
    conductorScript: new URL('./conductor-thread.js', import.meta.url),
  });
  const onStop = (): void => threads.stop(reasonOf(stop));
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  const shown = showRun(output, {
    clock,
    history: folder.history,
    format: options.format,
    toStderr: options.json === true,
    progress: options.lines !== true,
    ended: ended.signal,
  });
  try {
    await threads.ended;
  } finally {
    stop.removeEventListener('abort', onStop);
    ended.abort();
    await shown;
  }
  return shown;
}

function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : String(reason);
}
