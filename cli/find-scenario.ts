/** A scenario by the name that was typed. */
import type { Scenario } from '../harness/scenario.js';
import { scenarios } from '../scenarios/index.js';
import { UserError } from '../sim/user-error.js';
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
