/** The switches of scenarios that are options of `run`. */
import { forEachEngine } from '../harness/engines.js';
import type { Scenario } from '../harness/scenario.js';
import { settingSwitches } from '../harness/switches.js';
import { scenarios } from '../scenarios/index.js';

export interface SwitchOption {
  /** As typed: `--stale-dns`. */
  readonly option: string;
  readonly values: string;
  /** Whether the option without a value means `true`. */
  readonly flag: boolean;
  /** The scenarios that have it. */
  readonly scenarios: readonly string[];
}

/** The switches of all scenarios that set something, each once. */
export function switchOptions(): SwitchOption[] {
  const all = new Map<string, SwitchOption>();
  for (const { scenarios: owners, ...one } of scenarios.flatMap(switchesOf)) {
    const known = all.get(one.option);
    const names = new Set([...(known?.scenarios ?? []), ...owners]);
    all.set(one.option, { ...one, ...known, scenarios: [...names] });
  }
  return [...all.values()];
}

function switchesOf(scenario: Scenario): SwitchOption[] {
  return forEachEngine(scenario).flatMap((one) =>
    settingSwitches(one).flatMap(({ option, values, setting }) => {
      // `--skip` is one option for all of them.
      if (setting.of === 'skip') return [];
      const flag = setting.of === 'operation' && setting.allowed?.includes(true) === true;
      return [{ option, values, flag, scenarios: [scenario.name] }];
    }),
  );
}
