/** The switches of scenarios that are options of `run`. */
import { forEachEngine } from '../harness/engines.js';
import { settingSwitches } from '../harness/switches.js';
import { scenarios } from '../scenarios/index.js';

export interface SwitchOption {
  /** As typed: `--stale-dns`. */
  readonly option: string;
  readonly values: string;
  /** The scenarios that have it. */
  readonly scenarios: readonly string[];
}

/** The switches of all scenarios that set something, each once. */
export function switchOptions(): SwitchOption[] {
  const all = new Map<string, SwitchOption>();
  for (const { option, values, name } of scenarios.flatMap(switchesOf)) {
    const known = all.get(option);
    const names = new Set([...(known?.scenarios ?? []), name]);
    all.set(option, { option, values: known?.values ?? values, scenarios: [...names] });
  }
  return [...all.values()];
}

function switchesOf(scenario: (typeof scenarios)[number]) {
  const { name } = scenario;
  return forEachEngine(scenario).flatMap((one) =>
    settingSwitches(one).map(({ option, values }) => ({ option, values, name })),
  );
}
