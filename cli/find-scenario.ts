/** A scenario by the name that was typed, or from a file of the user's own. */
import type { Scenario } from '../harness/scenario.js';
import { scenarios } from '../scenarios/index.js';
import { UserError } from '../sim/user-error.js';
import type { CommandContext } from './context.js';
import { nearest } from './nearest.js';

/** @throws UserError `SCENARIO_UNKNOWN`, with the nearest name */
export function findScenario(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    scenarios.map((scenario) => scenario.name),
  );
  throw new UserError(
    'SCENARIO_UNKNOWN',
    `There is no scenario "${name.slice(0, 80)}".`,
    near === undefined
      ? 'See rehearse list for those there are.'
      : `Did you mean ${near}? See rehearse list for all of them.`,
  );
}

export interface FoundScenario {
  readonly scenario: Scenario;
  /** What the file sets, each `NAME=VALUE`, as `--set` does. */
  readonly set: readonly string[];
}

/**
 * One that ships, by its name; or one of the user's own, by its file.
 * @throws UserError `SCENARIO_UNKNOWN`, `SCENARIO_FILE_…`
 */
export async function findScenarioOrFile(
  name: string,
  context: CommandContext,
): Promise<FoundScenario> {
  const isFile = /[/\\]|\.(ya?ml|json|m?[jt]s)$/.test(name);
  if (!isFile) return { scenario: findScenario(name), set: [] };
  const { loadScenario } = await import('./user-scenario/load.js');
  return loadScenario(name, context);
}

/** What is set on the command line goes before what the file sets. */
export function allSettings(ofFile: readonly string[], given: readonly string[]): string[] {
  const nameOf = (text: string): string => (text.split('=')[0] ?? '').replace(/^--/, '');
  const names = new Set(given.map(nameOf));
  return [...ofFile.filter((text) => !names.has(nameOf(text))), ...given];
}
