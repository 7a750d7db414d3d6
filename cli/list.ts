/** `rehearse list`: the scenarios there are. */
import { forEachEngine, versionsTitle } from '../harness/engines.js';
import type { Scenario } from '../harness/scenario.js';
import { scenarios } from '../scenarios/index.js';
import type { CommandContext } from './context.js';
import { json, wrap } from './text.js';

export function listCommand(options: { json?: boolean }, { output }: CommandContext): number {
  if (options.json === true) {
    output.data(json(scenarios.map(brief)));
    return 0;
  }
  for (const scenario of scenarios) {
    const engines = forEachEngine(scenario).map((one) => `${one.engine} ${versionsTitle(one)}`);
    output.data(wrap(engines.join(', '), output.columns, '    ', `${scenario.name}  `));
    output.data(wrap(scenario.title, output.columns, '  '));
  }
  output.log('\nMore about one: rehearse describe SCENARIO');
  output.log('One of your own: rehearse run ./our-upgrade.yaml, see docs/adding-a-scenario.md');
  return 0;
}

function brief(scenario: Scenario): object {
  const { name, title, engine, versions, summary, upgrade } = scenario;
  const engines = forEachEngine(scenario).map((one) => ({
    engine: one.engine,
    versions: one.versions,
  }));
  return { name, title, engine, versions, upgrade, engines, summary };
}
