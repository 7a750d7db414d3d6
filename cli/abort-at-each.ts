/** `rehearse run SCENARIO --abort-at each`: one complete run for each phase, and one table. */
import { extname, join } from 'node:path';
import { phasesToBackOutOf } from '../harness/back-out-phases.js';
import { backOutTable, backOutTableText, type RowRun } from '../harness/report/back-out-table.js';
import type { Scenario } from '../harness/scenario.js';
import { exitCodeOf } from '../harness/verdict/judge.js';
import { exitCodes } from '../sim/user-error.js';
import { requireSomebodyToAsk } from './approval.js';
import type { CommandContext } from './context.js';
import { dryRunDocument, dryRunText } from './dry-run.js';
import { runPlanned } from './run.js';
import type { RunOptions } from './run-options.js';
import { makePlan } from './run-plan.js';
import { json } from './text.js';

/**
 * Each run has a world of its own, the same seed, and reports of its own: `report.xml` of the
 * phase `create` is `report-create.xml`.
 * @throws what a run throws, once the rows before it are told
 * @returns the worst exit code that any of them asks for: a failure before an unknown verdict
 */
export async function abortAtEach(
  scenario: Scenario,
  options: RunOptions,
  context: CommandContext,
): Promise<number> {
  const { output, stop } = context;
  const { abortAt: _each, ...rest } = options;
  const whole = await makePlan(scenario, rest, context);
  const names = phasesToBackOutOf(whole.phases).map(({ name }) => name);
  const seeded = { ...rest, seed: whole.seed };
  const planOf = (abortAt: string) => makePlan(scenario, { ...seeded, abortAt }, context);
  if (options.dryRun === true) {
    const plans = await Promise.all(names.map(planOf));
    if (options.json === true) output.data(json(plans.map(dryRunDocument)));
    else for (const plan of plans) output.data(`${dryRunText(scenario, plan, output.columns)}\n`);
    return exitCodes.pass;
  }
  if (options.yes !== true) requireSomebodyToAsk(whole.phases, process.stdin.isTTY === true);
  const runs: RowRun[] = [];
  let failure: { readonly error: unknown } | null = null;
  for (const name of names) {
    if (stop.aborted || failure !== null) break;
    output.log(`\n== ${runs.length + 1} of ${names.length}: back out of ${name}`);
    const out = options.out === undefined ? {} : { out: join(options.out, name) };
    // What stdout is for is the table alone.
    const reporter = rest.reporter.map((one) => ({ ...one, path: pathFor(one.path, name) }));
    const each = { ...seeded, ...out, reporter, abortAt: name, json: true };
    try {
      const { report, folder } = await runPlanned(await planOf(name), each, context, 'lines');
      runs.push({ report, run: folder.shown });
    } catch (error) {
      failure = { error };
    }
  }
  // The rows that there are took minutes to get: they are told whatever became of the next one.
  if (failure !== null && runs.length === 0) throw failure.error;
  const table = backOutTable(runs, names);
  output.log('');
  output.data(options.json === true ? json(table) : backOutTableText(table).trimEnd());
  if (failure !== null) throw failure.error;
  const codes = runs.map(({ report }) => exitCodeOf(report));
  if (codes.includes(exitCodes.fail)) return exitCodes.fail;
  const isWhole = runs.length === names.length && codes.every((code) => code === exitCodes.pass);
  return isWhole ? exitCodes.pass : exitCodes.unknown;
}

/** Where a run's report goes, so that the next one does not write over it. */
function pathFor(path: string | null, phase: string): string | null {
  if (path === null) return null;
  const ending = extname(path);
  return `${path.slice(0, path.length - ending.length)}-${phase}${ending}`;
}
