/** From a checked scenario of a user's own to one that can be run. Pure. */
import type { ClusterEngine } from '../../sim/sim.js';
import { forEachEngine, ofEngine } from '../engines.js';
import type { Phase, Scenario, Topology } from '../scenario.js';
import type { Step } from '../step.js';
import { settingSwitches, switchName } from '../switches.js';
import { oneCluster, primaryOf } from '../topology.js';
import { type Donated, donorsOf } from './donors.js';
import { groupedSteps } from './grouped-steps.js';
import type { Problem } from './problem.js';
import type { CheckedScenario } from './schema.js';
import { type FaultOf, StepCompiler } from './steps.js';
import { impossibleSteps, unreadableObjectives } from './what-cannot-be.js';

/** What there is, of which a user may name some. */
export interface KnownWorld {
  /** The rehearsals that ship. */
  readonly scenarios: readonly Scenario[];
  readonly timingProfiles: readonly string[];
  /** Reads `latency=20ms`. @throws UserError */
  readonly faultOf: FaultOf;
  /** What lies between two versions of an engine. @throws UserError `VERSION_INVALID` */
  readonly upgradeOf: (engine: ClusterEngine, from: string, to: string) => Scenario['upgrade'];
  /** Where the file is: commands run there. */
  readonly folder: string;
  readonly hasFolder: (path: string) => boolean;
  /** As it is told. */
  readonly file: string;
}

export type Compiled =
  | {
      readonly scenario: Scenario;
      /** Its settings, as they are given by `--set NAME=VALUE`. */
      readonly set: readonly string[];
      readonly problems?: undefined;
    }
  | { readonly scenario?: undefined; readonly problems: readonly Problem[] };

export function compileScenario(checked: CheckedScenario, known: KnownWorld): Compiled {
  const problems = unreadableObjectives(checked);
  const compiled =
    checked.extends === undefined
      ? ownScenario(checked, known, problems)
      : extended(checked, checked.extends, known, problems);
  if (problems.length > 0 || compiled === null) return { problems };
  return compiled;
}

type Built = { readonly scenario: Scenario; readonly set: readonly string[] } | null;

/** Everything as in the one that ships, but for what is said here. */
function extended(
  checked: CheckedScenario,
  name: string,
  known: KnownWorld,
  problems: Problem[],
): Built {
  const found = known.scenarios.find((one) => one.name === name);
  if (found === undefined) {
    const names = known.scenarios.map((one) => one.name);
    const what = `there is no rehearsal "${name}" to extend`;
    problems.push(unknown('SCENARIO_UNKNOWN', ['extends'], what, name, names));
    return null;
  }
  for (const key of ['phases', 'steps', 'topology', 'timing', 'upgrade'] as const)
    if (checked[key] !== undefined)
      problems.push({
        ...{ code: 'KEY_CONTRADICTS', path: [key], ofKey: true },
        what: `"${key}" is that of ${name}, which is extended: leave it out`,
      });
  const engine = checked.engine ?? found.engine;
  const isThere = forEachEngine(found).some((one) => one.engine === engine);
  if (!isThere) {
    const engines = forEachEngine(found).map((one) => one.engine);
    const what = `${name} does not exist for ${engine} (it does for ${engines.join(', ')})`;
    problems.push({ code: 'ENGINE_UNSUITED', path: ['engine'], what });
    return null;
  }
  const base = ofEngine(found, engine);
  const names = settingSwitches(base).map(switchName);
  for (const key of Object.keys(checked.set ?? {}))
    if (!names.includes(key)) {
      const what = `${name} has no switch "${key}" (it has ${names.join(', ') || 'none'})`;
      problems.push({ ...unknown('SET_UNKNOWN', ['set', key], what, key, names), ofKey: true });
    }
  if (checked.versions?.to !== undefined) upgradeOf(checked, engine, known, problems);
  const { from = base.versions.from } = checked.versions ?? {};
  const to = checked.versions?.to ?? (base.upgrade === 'none' ? from : base.versions.to);
  const scenario: Scenario = {
    ...base,
    name: checked.name,
    title: checked.title ?? `${base.title}, as ${known.file} has it`,
    summary: checked.summary ?? base.summary,
    versions: { from, to },
    objectives: checked.objectives ?? base.objectives,
    otherEngines: [],
  };
  const set = Object.entries(checked.set ?? {}).map(([key, value]) => `${key}=${String(value)}`);
  return { scenario, set };
}

function ownScenario(checked: CheckedScenario, known: KnownWorld, problems: Problem[]): Built {
  const { engine, versions } = checked;
  const missing = (key: string): void =>
    void problems.push({ code: 'KEY_MISSING', path: [key], what: `"${key}" is missing` });
  if (engine === undefined) missing('engine');
  if (versions === undefined) missing('versions');
  if (checked.set !== undefined)
    problems.push({
      ...{ code: 'KEY_CONTRADICTS', path: ['set'], ofKey: true },
      what: '"set" is for a rehearsal that is extended: write settings to the step itself',
    });
  if (checked.phases === undefined && checked.steps === undefined) missing('phases');
  if (checked.phases !== undefined && checked.steps !== undefined)
    problems.push({
      ...{ code: 'KEY_CONTRADICTS', path: ['steps'], ofKey: true },
      what: 'there are "phases" as well: write the steps into them',
    });
  if (engine === undefined || versions === undefined) return null;
  const { from, to = from } = versions;
  const upgrade = upgradeOf(checked, engine, known, problems);
  const donated = donorsOf(checked, engine, upgrade, known, problems);
  const compiler = new StepCompiler(known, donated, problems);
  const phases = surrounded(compiler, checked, problems);
  problems.push(...impossibleSteps(checked, engine, known));
  const scenario: Scenario = {
    name: checked.name,
    title: checked.title ?? checked.name,
    engine,
    summary: checked.summary ?? `The procedure of ${known.file}, step by step.`,
    versions: { from, to },
    upgrade,
    topology: topologyOf(checked, donated),
    phases,
    objectives: checked.objectives ?? ['writes.lost == 0', 'writes.duplicated == 0'],
    timingProfiles: donated.timingProfiles,
    beforeT0: [],
    ...(donated.choices === undefined ? {} : { choices: donated.choices }),
    switches: [],
    defects: [],
    parts: [],
    real: [
      'the servers, and what the steps do to them: statements, commands, requests',
      'every connection, refusal and error that a client gets on the wire',
      'the writes: each one acknowledged by COMMIT is looked for afterwards',
    ],
    modelled: ['how long operations of AWS take, and the texts of their events'],
    sources: [{ label: 'file', where: known.file }],
  };
  return { scenario, set: [] };
}

function upgradeOf(
  { upgrade, versions }: CheckedScenario,
  engine: ClusterEngine,
  known: KnownWorld,
  problems: Problem[],
): Scenario['upgrade'] {
  const { from = '', to = from } = versions ?? {};
  try {
    const told = known.upgradeOf(engine, from, to);
    return upgrade ?? told;
  } catch (error) {
    const what = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    problems.push({ code: 'VERSION_INVALID', path: ['versions'], what });
    return 'none';
  }
}

const reserved: ReadonlySet<string> = new Set(['start', 'verify', 'rollback', 'back-out', 'after']);

/** The user's phases between those that measure before and after, unless they have their own. */
function surrounded(
  compiler: StepCompiler,
  checked: CheckedScenario,
  problems: Problem[],
): Phase[] {
  const own = checked.phases ?? groupedSteps(checked.steps ?? []);
  const base = checked.phases === undefined ? 'steps' : 'phases';
  const phases = own.map((phase, index) => compiler.phase(phase, index, base));
  const seen = new Set<string>();
  for (const [index, { name }] of own.entries()) {
    const path = base === 'phases' ? ['phases', index, 'name'] : ['steps'];
    if (reserved.has(name))
      problems.push({ code: 'PHASE_RESERVED', path, what: `"${name}" is a phase of every run` });
    if (seen.has(name))
      problems.push({ code: 'PHASE_TWICE', path, what: `there are two phases "${name}"` });
    seen.add(name);
  }
  const steady = waiting('steady', 6_000, 'Sessions and probes run as ever.');
  const settle = waiting('settle', 3_000, 'Sessions and probes run with what came of it.');
  return [
    ...(seen.has('steady') ? [] : [steady]),
    ...withT0(phases),
    ...(seen.has('settle') ? [] : [settle]),
    {
      name: 'verify',
      what: 'Probes stop, every acknowledged write is looked for, the server is asked what it is.',
      steps: [{ step: 'verify' }],
    },
  ];
}

function waiting(option: 'steady' | 'settle', durationMs: number, what: string): Phase {
  const back = { possible: true, what: 'Nothing was done yet.', steps: [] };
  const steps: Step[] = [{ step: 'wait', durationMs, option }];
  return { name: option, what, steps, ...(option === 'steady' ? { back } : {}) };
}

/** Where no operation tells T0, it is where the first thing is done. */
function withT0(phases: readonly Phase[]): Phase[] {
  const does = (phase: Phase, kind: (step: Step) => boolean): boolean => phase.steps.some(kind);
  const isTold = phases.some(
    (phase) => phase.t0 === true || does(phase, ({ step }) => step === 'operation'),
  );
  if (isTold) return [...phases];
  const first = phases.findIndex((phase) => does(phase, ({ step }) => step !== 'wait'));
  return phases.map((phase, index) => (index === first ? { ...phase, t0: true } : phase));
}

function topologyOf({ topology }: CheckedScenario, donated: Donated): Topology {
  const base = donated.topology ?? oneCluster;
  if (topology === undefined) return base;
  const primary = primaryOf(base);
  const { readers, standby, takesReplicas } = topology;
  const has = (role: string): number => primary.members.filter((one) => one === role).length;
  const readerCount = readers ?? has('reader');
  const hasStandby = standby ?? has('standby') > 0;
  const members = [
    ...(hasStandby ? (['standby'] as const) : []),
    ...Array.from({ length: readerCount }, () => 'reader' as const),
  ];
  const changed = {
    ...primary,
    members,
    ...(takesReplicas === undefined ? {} : { takesReplicas }),
  };
  return { clusters: base.clusters.map((one) => (one === primary ? changed : one)) };
}

function unknown(
  code: string,
  path: Problem['path'],
  what: string,
  typed: string,
  known: readonly string[],
): Problem {
  return { code, path, what, near: { typed, known } };
}
