/** `rehearse run SCENARIO`. */
import type { CommandContext } from './context.js';
import { dryRunDocument, dryRunText } from './dry-run.js';
import { findScenario } from './find-scenario.js';
import { planFromOptions, type RunOptions } from './run-options.js';
import { json } from './text.js';
import { versionsOption } from './versions-option.js';

export async function runCommand(
  name: string,
  options: RunOptions,
  context: CommandContext,
): Promise<number> {
  const { output } = context;
  const scenario = findScenario(name);
  const plan = planFromOptions(scenario, options, versionsOption(scenario, options));
  if (options.dryRun === true) {
    output.data(
      options.json === true
        ? json(dryRunDocument(plan))
        : dryRunText(scenario, plan, output.columns),
    );
    return 0;
  }
  return 0;
}
