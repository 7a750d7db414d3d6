/**
 * The switches of a scenario that set something: what a user gave for them, worked into the
 * scenario's phases, its clusters and its durations. Pure.
 */
import { UserError } from '../sim/user-error.js';
import { formatDuration, requireDurationMs } from './duration.js';
import type {
  Phase,
  Scenario,
  StartStep,
  Step,
  Switch,
  SwitchSetting,
  Topology,
} from './scenario.js';
import { oneCluster, primaryOf, withReaders } from './topology.js';

/** What was given, by the names of switches: `{ 'stale-dns': '2s' }`. */
export type GivenSwitches = ReadonlyMap<string, string>;

export interface GivenLength {
  readonly valueMs: number;
  readonly source: string;
}

/** A scenario as it is with what was given. */
export interface Switched {
  readonly phases: readonly Phase[];
  readonly topology: Topology;
  /** Lengths in place of those drawn, by the name of the duration. */
  readonly lengths: Readonly<Record<string, GivenLength>>;
  /** What is told: each switch that sets something, and what it is set to. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A switch that `--set NAME=VALUE` reaches. */
export type SettingSwitch = Switch & { readonly setting: SwitchSetting };

export function settingSwitches({ switches }: Pick<Scenario, 'switches'>): SettingSwitch[] {
  return switches.flatMap((one) =>
    one.setting === undefined ? [] : [{ ...one, setting: one.setting }],
  );
}

/** The name of a switch: its option without the dashes. */
export function switchName({ option }: Pick<Switch, 'option'>): string {
  return option.replace(/^--/, '');
}

/**
 * @param given by names that the scenario has
 * @throws UserError `SETTING_INVALID`, `DURATION_INVALID`
 */
export function switched(scenario: Scenario, given: GivenSwitches): Switched {
  const { phases, topology = oneCluster } = scenario;
  let now: Switched = { phases, topology, lengths: {}, settings: {} };
  for (const one of settingSwitches(scenario)) {
    const text = given.get(switchName(one));
    const applied = text === undefined ? now : { ...now, ...apply(one, text, now) };
    const settings = { ...now.settings, [settingKey(one)]: settingText(one, applied) };
    now = { ...applied, settings };
  }
  return now;
}

/** As the other settings of a plan are named: `staleDns`. */
function settingKey(one: Switch): string {
  return switchName(one).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function apply(one: SettingSwitch, text: string, now: Switched): Partial<Switched> {
  const { setting } = one;
  switch (setting.of) {
    case 'operation': {
      const value =
        setting.allowed === null ? lengthOf(one, text) : oneOf(one, text, setting.allowed);
      return { phases: withSetting(now.phases, setting, value) };
    }
    case 'timing':
      return { lengths: { ...now.lengths, [setting.name]: givenLength(one, text) } };
    case 'readers': {
      const counts = Array.from({ length: setting.max + 1 }, (_, count) => count);
      return { topology: withReaders(now.topology, oneOf(one, text, counts)) };
    }
  }
}

const lengthMsMax = 3_600_000;

function lengthOf({ option }: Switch, text: string): number {
  return requireDurationMs(option, text, { maxMs: lengthMsMax });
}

function givenLength(one: Switch, text: string): GivenLength {
  return { valueMs: lengthOf(one, text), source: `given by ${one.option}` };
}

function oneOf<T extends string | number | boolean>(
  { option }: Switch,
  text: string,
  allowed: readonly T[],
): T {
  const found = allowed.find((value) => String(value) === text);
  if (found !== undefined) return found;
  throw new UserError(
    'SETTING_INVALID',
    `${option} cannot be "${text.slice(0, 80)}".`,
    `Give ${allowed.map(String).join(' or ')}, or leave it out.`,
  );
}

function withSetting(
  phases: readonly Phase[],
  { operation, name }: { readonly operation: string; readonly name: string },
  value: string | number | boolean,
): Phase[] {
  const set = (step: Step): Step =>
    step.step === 'start' && step.operation === operation
      ? ({ ...step, settings: { ...step.settings, [name]: value } } as StartStep)
      : step;
  return phases.map((phase) => ({ ...phase, steps: phase.steps.map(set) }));
}

/** What a switch is set to, as the other settings of a plan are written. */
function settingText(one: SettingSwitch, { phases, topology, lengths }: Switched): string {
  const { setting } = one;
  switch (setting.of) {
    case 'operation': {
      const value = settingIn(phases, setting);
      if (value === undefined) return one.byDefault;
      return setting.allowed === null && typeof value === 'number'
        ? formatDuration(value)
        : String(value);
    }
    case 'timing': {
      const length = lengths[setting.name];
      return length === undefined ? one.byDefault : formatDuration(length.valueMs);
    }
    case 'readers':
      return String(primaryOf(topology).members.filter((role) => role === 'reader').length);
  }
}

function settingIn(
  phases: readonly Phase[],
  { operation, name }: { readonly operation: string; readonly name: string },
): unknown {
  const start = phases
    .flatMap(({ steps }) => steps)
    .find((step) => step.step === 'start' && step.operation === operation);
  if (start === undefined || start.step !== 'start') return undefined;
  const settings = new Map<string, unknown>(Object.entries(start.settings ?? {}));
  return settings.get(name);
}
