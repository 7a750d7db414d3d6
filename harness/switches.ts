/**
 * The switches of a scenario that set something: what a user gave for them, worked into the
 * scenario's phases, its clusters and its durations. Pure.
 */
import { UserError } from '../sim/user-error.js';
import { formatDuration, requireDurationMs } from './duration.js';
import type {
  OperationStep,
  Phase,
  Scenario,
  StartStep,
  Step,
  Switch,
  SwitchSetting,
  Topology,
  When,
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

/** The name of a switch: its option without the dashes, `skip-lag-check` for `--skip lag-check`. */
export function switchName({ option }: Pick<Switch, 'option'>): string {
  return option.replace(/^--/, '').replaceAll(' ', '-');
}

/** What `--skip` takes in a scenario. */
export function skippable(scenario: Pick<Scenario, 'switches'>): string[] {
  return settingSwitches(scenario).flatMap((one) =>
    one.setting.of === 'skip' ? [switchName(one).replace(/^skip-/, '')] : [],
  );
}

/**
 * @param given by names that the scenario has
 * @throws UserError `SETTING_INVALID`, `DURATION_INVALID`
 */
export function switched(scenario: Scenario, given: GivenSwitches): Switched {
  const { phases, topology = oneCluster } = scenario;
  let now: Switched = { phases, topology, lengths: {}, settings: {} };
  const chosen = new Map<string, string>();
  for (const one of settingSwitches(scenario)) {
    const name = switchName(one);
    const text = given.get(name);
    const applied = text === undefined ? now : { ...now, ...apply(one, text, now) };
    const choice = choiceOf(one, text);
    if (choice !== undefined) chosen.set(name, choice);
    const set = choice ?? settingText(one, applied);
    now = { ...applied, settings: { ...now.settings, [settingKey(one)]: set } };
  }
  return { ...now, phases: phasesWhere(now.phases, chosen) };
}

/** The value of a switch by which phases and steps are there or not. */
function choiceOf(one: SettingSwitch, text: string | undefined): string | undefined {
  const { setting } = one;
  if (setting.of === 'choice')
    return text === undefined ? setting.allowed[0] : oneOf(one, text, setting.allowed);
  if (setting.of !== 'skip') return undefined;
  return text === undefined ? 'false' : oneOf(one, text, ['true', 'false']);
}

/** Those that are there, with the steps that are. A phase without any step is none. */
function phasesWhere(
  phases: readonly Phase[],
  chosen: ReadonlyMap<string, string>,
): readonly Phase[] {
  if (chosen.size === 0) return phases;
  const isThere = ({ when = {} }: { readonly when?: When }): boolean =>
    Object.entries(when).every(([name, values]) => values.includes(chosen.get(name) ?? ''));
  return phases
    .filter(isThere)
    .map((phase) => ({ ...phase, steps: phase.steps.filter(isThere) }))
    .filter(({ steps }) => steps.length > 0);
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
    case 'wait':
      return { phases: withWait(now.phases, setting.step, lengthOf(one, text)) };
    case 'choice':
    case 'skip':
      return {};
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
    startsIt(step, operation)
      ? ({ ...step, settings: { ...step.settings, [name]: value } } as Step)
      : step;
  return phases.map((phase) => ({ ...phase, steps: phase.steps.map(set) }));
}

function withWait(phases: readonly Phase[], name: string, durationMs: number): Phase[] {
  const set = (step: Step): Step =>
    step.step === 'wait' && step.name === name ? { ...step, durationMs } : step;
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
    case 'wait': {
      const steps = phases.flatMap((phase) => phase.steps);
      const wait = steps.find((step) => step.step === 'wait' && step.name === setting.step);
      return wait?.step === 'wait' ? formatDuration(wait.durationMs) : one.byDefault;
    }
    case 'choice':
    case 'skip':
      return one.byDefault;
  }
}

function startsIt(step: Step, operation: string): step is StartStep | OperationStep {
  return (step.step === 'start' || step.step === 'operation') && step.operation === operation;
}

function settingIn(
  phases: readonly Phase[],
  { operation, name }: { readonly operation: string; readonly name: string },
): unknown {
  const start = phases.flatMap(({ steps }) => steps).find((step) => startsIt(step, operation));
  if (start === undefined || !startsIt(start, operation)) return undefined;
  const settings = new Map<string, unknown>(Object.entries(start.settings ?? {}));
  return settings.get(name);
}
