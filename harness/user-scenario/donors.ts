/**
 * What the operations of a user's scenario need that it does not say: taken from the rehearsals
 * that ship and start the same ones. Pure.
 */
import type { ClusterEngine } from '../../sim/sim.js';
import type { TimingProfile } from '../../sim/timing.js';
import { forEachEngine } from '../engines.js';
import type { Choices, Scenario, Switch, Topology } from '../scenario.js';
import type { OperationStep, StartStep } from '../step.js';
import { settingSwitches } from '../switches.js';
import type { KnownWorld } from './compile.js';
import type { Problem, ValuePath } from './problem.js';
import type { CheckedScenario } from './schema.js';

/** An operation as a rehearsal that ships starts it. */
export interface Donor {
  readonly settings: Readonly<Record<string, unknown>>;
  /** The values that a setting may take, where there is a list of them. */
  readonly allowed: ReadonlyMap<string, readonly (string | number | boolean)[] | null>;
}

export interface Donated {
  readonly operations: ReadonlyMap<string, Donor>;
  readonly timingProfiles: readonly TimingProfile[];
  readonly topology: Topology | undefined;
  readonly choices: Choices | undefined;
}

export function donorsOf(
  checked: CheckedScenario,
  engine: ClusterEngine,
  upgrade: Scenario['upgrade'],
  known: KnownWorld,
  problems: Problem[],
): Donated {
  const all = known.scenarios.flatMap(forEachEngine);
  const names = [...new Set(all.flatMap((one) => startsOf(one).map(({ operation }) => operation)))];
  const operations = new Map<string, Donor>();
  const donors: Scenario[] = [];
  for (const { operation, path } of operationsIn(checked)) {
    if (!names.some((name) => name === operation)) {
      const what = `there is no operation "${operation}" (there are ${names.join(', ')})`;
      const near = { typed: operation, known: names };
      problems.push({ code: 'OPERATION_UNKNOWN', path, what, near });
      continue;
    }
    const donor = bestOf(all, operation, engine, upgrade);
    if (donor === undefined) {
      const what = `no rehearsal does ${operation} on ${engine}`;
      problems.push({ code: 'OPERATION_UNSUITED', path, what });
      continue;
    }
    donors.push(donor);
    operations.set(operation, donorOf(donor, operation));
  }
  return {
    operations,
    timingProfiles: profilesOf(checked, donors, known, problems),
    topology: donors.find(({ topology }) => topology !== undefined)?.topology,
    choices: donors.find(({ choices }) => choices !== undefined)?.choices,
  };
}

/** One whose step between versions is the same goes before one whose is not. */
function bestOf(
  all: readonly Scenario[],
  operation: string,
  engine: ClusterEngine,
  upgrade: Scenario['upgrade'],
): Scenario | undefined {
  const fitting = all.filter(
    (one) => one.engine === engine && startsOf(one).some((start) => start.operation === operation),
  );
  return fitting.find((one) => one.upgrade === upgrade) ?? fitting[0];
}

function startsOf({ phases }: Scenario): (StartStep | OperationStep)[] {
  return phases
    .flatMap(({ steps }) => steps)
    .flatMap((step) => (step.step === 'start' || step.step === 'operation' ? [step] : []));
}

function donorOf(scenario: Scenario, operation: string): Donor {
  const start = startsOf(scenario).find((one) => one.operation === operation);
  const settings = { ...start?.settings } as Record<string, unknown>;
  const switches = settingSwitches(scenario).flatMap(
    ({ setting }: Switch): [string, readonly (string | number | boolean)[] | null][] =>
      setting?.of === 'operation' && setting.operation === operation
        ? [[setting.name, setting.allowed]]
        : [],
  );
  return { settings, allowed: new Map(switches) };
}

interface Named {
  readonly operation: string;
  readonly path: ValuePath;
}

/** Every operation that is named, those of ways back too. */
function operationsIn({ phases = [], steps = [] }: CheckedScenario): Named[] {
  return [
    ...inSteps(steps, ['steps']),
    ...phases.flatMap(({ steps: own, back }, index) => [
      ...inSteps(own, ['phases', index, 'steps']),
      ...inSteps(back?.steps ?? [], ['phases', index, 'back', 'steps']),
    ]),
  ];
}

type AnyStep = { readonly step: string; readonly operation?: string; readonly undo?: unknown };

function inSteps(steps: readonly AnyStep[], path: ValuePath): Named[] {
  return steps.flatMap((step, index) => {
    const here = [...path, index];
    const own = step.operation === undefined ? [] : [step.operation];
    const undo = Array.isArray(step.undo) ? (step.undo as AnyStep[]) : [];
    return [
      ...own.map((operation) => ({ operation, path: [...here, 'operation'] })),
      ...inSteps(undo, [...here, 'undo']),
    ];
  });
}

function profilesOf(
  { timing }: CheckedScenario,
  donors: readonly Scenario[],
  { timingProfiles }: KnownWorld,
  problems: Problem[],
): TimingProfile[] {
  if (timing === undefined) return [...new Set(donors.flatMap((donor) => donor.timingProfiles))];
  for (const [index, name] of timing.entries())
    if (!timingProfiles.includes(name)) {
      const what = `there is no timing profile "${name}"`;
      const near = { typed: name, known: timingProfiles };
      problems.push({ code: 'TIMING_UNKNOWN', path: ['timing', index], what, near });
    }
  return timing.filter((name) => timingProfiles.includes(name)) as TimingProfile[];
}
