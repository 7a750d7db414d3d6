/** `--set NAME=VALUE`, and the same by a switch's own option: what of a scenario is set. */
import type { Scenario } from '../harness/scenario.js';
import { type GivenSwitches, settingSwitches, skippable, switchName } from '../harness/switches.js';
import { UserError } from '../sim/user-error.js';
import { nearest } from './nearest.js';
import { switchOptions } from './switch-options.js';

/**
 * What was given by either way.
 * @param sets each `NAME=VALUE`
 * @param options as commander hands them over; those of other scenarios are refused
 * @param skips what `--skip` names
 * @throws UserError `SET_INVALID`, `SET_UNKNOWN`, `SKIP_UNKNOWN`, `OPTION_UNSUITED`,
 *   `OPTIONS_CONTRADICT`
 */
export function givenSwitches(
  scenario: Scenario,
  sets: readonly string[],
  options: object,
  skips: readonly string[] = [],
): GivenSwitches {
  const names = settingSwitches(scenario).map(switchName);
  const given = new Map<string, string>();
  for (const skip of skips) {
    if (!skippable(scenario).includes(skip)) throw unknownSkip(scenario, skip);
    give(given, `skip-${skip}`, 'true', `--skip ${skip}`);
  }
  for (const text of sets) {
    const { name, value } = readSet(text);
    if (!names.includes(name)) throw unknownName(scenario, name, names);
    give(given, name, value, `--set ${name}`);
  }
  for (const [name, value] of namedOptions(options)) {
    if (!names.includes(name)) throw unsuited(scenario, name, value);
    give(given, name, value, `--${name}`);
  }
  return given;
}

function give(given: Map<string, string>, name: string, value: string, by: string): void {
  const before = given.get(name);
  if (before !== undefined && before !== value)
    throw new UserError(
      'OPTIONS_CONTRADICT',
      `${by} ${value} contradicts ${name}=${before}, which is given too.`,
      'Give it once.',
    );
  given.set(name, value);
}

function readSet(text: string): { name: string; value: string } {
  const groups = text.length <= 200 ? /^(?:--)?([a-z][a-z0-9-]*)=(.+)$/.exec(text) : null;
  const [, name, value] = groups ?? [];
  if (name !== undefined && value !== undefined) return { name, value };
  throw new UserError(
    'SET_INVALID',
    `--set cannot be "${text.slice(0, 80)}".`,
    'Write it as --set NAME=VALUE; rehearse describe SCENARIO lists the names.',
  );
}

/** Those of commander's values that are switches of some scenario, by the names of switches. */
function namedOptions(options: object): [string, string][] {
  const values = new Map<string, unknown>(Object.entries(options));
  return switchOptions().flatMap((one): [string, string][] => {
    const name = switchName(one);
    const value = values.get(camelCase(name));
    if (one.flag && value === true) return [[name, 'true']];
    return typeof value === 'string' ? [[name, value]] : [];
  });
}

/** As commander names the value of an option. */
function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function unknownName(scenario: Scenario, name: string, names: readonly string[]): UserError {
  const near = nearest(name, names);
  const known = names.length === 0 ? 'nothing can be set' : `it has ${names.join(', ')}`;
  return new UserError(
    'SET_UNKNOWN',
    `${scenario.name} has no switch "${name}" to set: ${known}.`,
    near === undefined
      ? `See rehearse describe ${scenario.name}.`
      : `Did you mean ${near}? See rehearse describe ${scenario.name}.`,
  );
}

function unknownSkip(scenario: Scenario, name: string): UserError {
  const known = skippable(scenario);
  const near = nearest(name, known);
  return new UserError(
    'SKIP_UNKNOWN',
    `${scenario.name} has no step "${name.slice(0, 80)}" that can be skipped: ` +
      `${known.length === 0 ? 'none can be' : `there are ${known.join(', ')}`}.`,
    near === undefined
      ? `See rehearse describe ${scenario.name}.`
      : `Did you mean ${near}? See rehearse describe ${scenario.name}.`,
  );
}

function unsuited({ name: scenario }: Scenario, name: string, value: string): UserError {
  return new UserError(
    'OPTION_UNSUITED',
    `--${name} ${value.slice(0, 80)} is nothing that ${scenario} can do.`,
    `Leave --${name} out; see rehearse describe ${scenario}.`,
  );
}
