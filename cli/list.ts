/** `rehearse list`: the scenarios there are. */
import { scenarios } from '../scenarios/index.js';
import type { CommandContext } from './context.js';
import { json, wrap } from './text.js';

export function listCommand(options: { json?: boolean }, { output }: CommandContext): number {
  if (options.json === true) {
    const brief = scenarios.map(({ name, title, engine, versions, summary }) => ({
      name,
      title,
      engine,
      versions,
      summary,
    }));
    output.data(json(brief));
    return 0;
  }
  for (const scenario of scenarios) {
    const { from, to } = scenario.versions;
    output.data(`${scenario.name}  ${scenario.engine} ${from} -> ${to}`);
    output.data(wrap(scenario.title, output.columns, '  '));
  }
  output.log('\nMore about one: rehearse describe SCENARIO');
  return 0;
}
