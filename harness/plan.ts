/**
 * The plan of a run: everything that can be known before anything is started. Scenario, options
 * and seed give the plan; the same three always give the same one. Serialisable: it goes to the
 * conductor as it is, `--dry-run` prints it, and the history's first entry holds it.
 */
import { rng } from '../sim/rng.js';
import type {
  ClusterOptions,
  LateSessions,
  Need,
  OwnDatabase,
  PatchDefect,
  UserLike,
} from '../sim/sim.js';
import {
  type DrawnDuration,
  drawDurations,
  type TimingChoice,
  type TimingOverrides,
} from '../sim/timing.js';
import { UserError } from '../sim/user-error.js';
import { backedOutPhases } from './back-out-phases.js';
import { formatDuration } from './duration.js';
import type { ParsedFault, ScheduledFault } from './fault-schedule.js';
import type { Draw } from './history/entry.js';
import type { ToldProcedure } from './history/procedure-data.js';
import { type CensusSession, defaultSessions } from './load/census.js';
import { type PlannedLane, planLanes } from './planned-lanes.js';
import { settingsOf } from './planned-settings.js';
import { withRollback } from './rollback-phases.js';
import type { Phase, Scenario, Topology, WaitOption } from './scenario.js';
import { type GivenSwitches, type Switched, switched } from './switches.js';
import { type PlannedThrough, throughObjectives } from './through/planned-through.js';
import { toldProcedure } from './told-procedure.js';

export type { PlannedLane };

/** Community versions and their AWS names. */
export interface Versions {
  readonly from: string;
  readonly to: string;
  readonly awsFrom: string;
  readonly awsTo: string;
}

/** A defect of the operation that the version before has, as AWS or its users published it. */
export interface PublishedDefect {
  readonly name: string;
  readonly what: string;
  readonly source: string;
  /** AWS versions that mended it. */
  readonly fixedIn: readonly string[];
}

/** The servers that a run uses, chosen from what there is. */
export interface ServedServers {
  readonly provider: 'embedded' | 'docker';
  readonly engine: ClusterOptions['server'];
  /** Versions of that engine. */
  readonly from: string;
  readonly to: string;
  /** Whether it is what was asked for, another patch level of it, or a stand-in. */
  readonly match: 'exact' | 'patch-level' | 'stand-in';
  /** One line: what was picked and why. */
  readonly why: string;
  /** Where a stand-in serves: why its findings are not those of what was asked for. */
  readonly substitute: { readonly why: string; readonly accepted: boolean } | null;
  /** Where containers come from: images by engine, and what goes before every image's name. */
  readonly images: Readonly<Record<string, string>>;
  readonly imagePrefix: string | null;
}

/** How applications in containers reach the writer endpoint. */
export interface PlannedDoorway {
  /** The name that they dial, and the port. */
  readonly alias: string;
  readonly port: number;
  /** A network that is there already; null: one of the run's own. */
  readonly network: string | null;
}

export interface Timing {
  readonly choice: TimingChoice;
  readonly overrides: TimingOverrides;
  /** As shown: the choice, or the file the overrides came from. */
  readonly label: string;
}

/** What the servers are filled with and set to, where it is not ours. */
export interface PlannedDatabase {
  /** Null: an empty database. */
  readonly own: OwnDatabase | null;
  /** What files and parameters need that not every server has. */
  readonly needs: readonly Need[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly userLike: UserLike;
  /** As shown, by the names of the options: never with a password in it. */
  readonly settings: Readonly<Record<string, string | string[]>>;
}

/** Application sessions from the command line or a file. */
export interface GivenSessions {
  readonly sessions: readonly CensusSession[];
  /** As the user wrote it: counts, or the file's name. */
  readonly label: string;
}

/** What a zero-downtime patch is started with, by options of its own. */
export interface PatchChoices {
  readonly longRunningMs: number;
  readonly lateSessions: LateSessions;
  readonly preparedStatements: 'survive' | 'lost';
  /** Null where the engine has no such function. */
  readonly lastInsertId: 'survive' | 'lost' | null;
}

/** The choices a user has; every field is already checked. */
export interface PlanRequest {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly versions: Versions;
  readonly servers: ServedServers;
  /** Default: an empty database, and an application without privileges. */
  readonly database?: PlannedDatabase;
  /** Whether nothing may be downloaded. */
  readonly offline: boolean;
  readonly timing: Timing;
  readonly pace: number;
  readonly intervalMs: number;
  /** Null: each lane's own. */
  readonly timeoutMs: number | null;
  readonly edgeIntervalMs: number | null;
  readonly objectives: readonly string[];
  /** The application's sessions as they were given; null: the default sessions. */
  readonly sessions: GivenSessions | null;
  readonly faults: readonly ParsedFault[];
  /** Null where nothing is patched. */
  readonly patch: PatchChoices | null;
  /** What was given of the scenario's switches that set something. Default: nothing. */
  readonly switches?: GivenSwitches;
  readonly pendingParameters: readonly string[];
  /** Those of the scenario's defects that the version before has. */
  readonly publishedDefects: readonly PublishedDefect[];
  readonly waitsMs: Readonly<Partial<Record<WaitOption, number>>>;
  readonly writesPerSecond: number;
  /** Whether going back to a snapshot is rehearsed too. Default: it is not. */
  readonly rollback?: boolean;
  /** The phase at whose end the run is backed out of. Default: it goes to its end. */
  readonly abortAt?: string | null;
  /** Default: containers do not reach it. */
  readonly doorway?: PlannedDoorway | null;
  /** What stands between clients and the writer. Default: nothing. */
  readonly through?: PlannedThrough | null;
}

export interface RunPlan {
  readonly scenario: string;
  readonly title: string;
  readonly engine: Scenario['engine'];
  readonly upgrade: Scenario['upgrade'];
  readonly topology: Topology;
  readonly seed: string;
  readonly versions: Versions;
  readonly servers: ServedServers;
  readonly database: PlannedDatabase;
  readonly offline: boolean;
  readonly phases: readonly Phase[];
  readonly lanes: readonly PlannedLane[];
  readonly durations: readonly DrawnDuration[];
  /** Every drawn value of the run, with its source. */
  readonly schedule: readonly Draw[];
  readonly faults: readonly ScheduledFault[];
  readonly defects: readonly PatchDefect[];
  readonly publishedDefects: readonly (PublishedDefect & { readonly exercised: boolean })[];
  readonly objectives: readonly string[];
  readonly sessions: readonly CensusSession[];
  readonly sessionsFrom: 'default' | 'given' | 'none';
  readonly writesPerSecond: number;
  /** Null where nothing is patched. */
  readonly patch: PatchChoices | null;
  readonly pendingParameters: readonly string[];
  readonly doorway: PlannedDoorway | null;
  readonly through: PlannedThrough | null;
  /** The phase at whose end the run is backed out of, or null. */
  readonly abortAt: string | null;
  readonly settings: Readonly<Record<string, string | number | boolean | string[]>>;
  /** What the history tells of all this in words. */
  readonly procedure: ToldProcedure;
  /** When T0 is expected, milliseconds after the first phase begins. */
  readonly expectedT0Ms: number;
}

const emptyDatabase: PlannedDatabase = {
  own: null,
  needs: [],
  parameters: {},
  userLike: 'application',
  settings: {},
};

/**
 * Makes the plan.
 * @throws UserError `FAULT_TOO_EARLY` for a fault before the run begins, `PHASE_UNKNOWN`
 */
export function planRun(request: PlanRequest): RunPlan {
  const { scenario, seed, versions } = request;
  const settled = switched(scenario, request.switches ?? new Map());
  const { topology } = settled;
  const lanes = planLanes(topology, request);
  const sessions = request.sessions?.sessions ?? defaultSessions;
  const durations = planDurations(request, settled.lengths);
  const waiting = settled.phases.map((phase) => withWaits(phase, request.waitsMs));
  const phases = phasesOf(request, waiting);
  const expectedT0Ms = timeToT0Ms(waiting, durations, scenario.beforeT0 ?? []);
  const faults = request.faults.flatMap((fault) =>
    fault.kind === 'endpoint' ? [fault.fault] : [],
  );
  for (const fault of faults) checkFaultTime(fault, expectedT0Ms);
  const defects = request.faults.flatMap((fault) => (fault.kind === 'defect' ? [fault.name] : []));
  return {
    scenario: scenario.name,
    title: scenario.title,
    engine: scenario.engine,
    upgrade: scenario.upgrade,
    topology,
    seed,
    versions,
    servers: request.servers,
    database: request.database ?? emptyDatabase,
    offline: request.offline,
    phases,
    lanes,
    durations,
    schedule: [...durations.map(toDraw), ...lanes.map(lanePhaseDraw)],
    faults,
    defects,
    publishedDefects: request.publishedDefects.map((defect) => ({
      ...defect,
      exercised: defects.some((name) => name === defect.name),
    })),
    objectives: mergeObjectives(
      throughObjectives(defaultObjectives(request), request.through ?? null),
      request.objectives,
    ),
    sessions,
    sessionsFrom: sessionsFrom(request.sessions),
    writesPerSecond: request.writesPerSecond,
    patch: request.patch,
    pendingParameters: request.pendingParameters,
    doorway: request.doorway ?? null,
    through: request.through ?? null,
    abortAt: request.abortAt ?? null,
    settings: settingsOf(request, phases, settled),
    procedure: toldProcedure(scenario, request.abortAt == null ? phases : waiting),
    expectedT0Ms,
  };
}

function phasesOf({ rollback, abortAt }: PlanRequest, phases: readonly Phase[]): readonly Phase[] {
  if (abortAt !== undefined && abortAt !== null) return backedOutPhases(phases, abortAt);
  return rollback === true ? withRollback(phases) : phases;
}

/** Where nothing is to be written, nothing can be asked of writes. */
function defaultObjectives(request: PlanRequest): readonly string[] {
  const { scenario, writesPerSecond, abortAt } = request;
  // A run that is backed out of is judged by its way back.
  if (abortAt !== undefined && abortAt !== null) return ['back-out.failed == 0'];
  return writesPerSecond > 0
    ? scenario.objectives
    : scenario.objectives.filter((objective) => !objective.startsWith('writes.'));
}

/** An objective given for a subject takes the place of all the default ones on that subject. */
export function mergeObjectives(defaults: readonly string[], given: readonly string[]): string[] {
  const subjectOf = (objective: string): string => (objective.split(/[<>=!]/)[0] ?? '').trim();
  const replaced = new Set(given.map(subjectOf));
  return [...defaults.filter((objective) => !replaced.has(subjectOf(objective))), ...given];
}

function sessionsFrom(given: GivenSessions | null): RunPlan['sessionsFrom'] {
  if (given === null) return 'default';
  return given.sessions.length === 0 ? 'none' : 'given';
}

/** Drawn from the timing table, but for what a switch was given. */
function planDurations(
  { scenario, timing, pace, seed }: PlanRequest,
  lengths: Switched['lengths'],
): DrawnDuration[] {
  const drawn = scenario.timingProfiles.flatMap((profile) =>
    drawDurations(profile, timing.choice, pace, rng(seed, `timing ${profile}`), timing.overrides),
  );
  return drawn.map((duration) => {
    const given = lengths[duration.name.slice(duration.name.lastIndexOf('.') + 1)];
    if (given === undefined) return duration;
    const { valueMs, source } = given;
    return { ...duration, value: Math.round(valueMs), source, observations: 0 };
  });
}

function withWaits(phase: Phase, waitsMs: PlanRequest['waitsMs']): Phase {
  return {
    ...phase,
    steps: phase.steps.map((step) =>
      step.step === 'wait'
        ? { ...step, durationMs: givenWaitMs(step, waitsMs) ?? step.durationMs }
        : step,
    ),
  };
}

function givenWaitMs(
  { option }: { readonly option?: WaitOption },
  waitsMs: PlanRequest['waitsMs'],
): number | undefined {
  return option === undefined ? undefined : waitsMs[option];
}

/** What passes before the phase at T0, and what its operation does while nobody feels it. */
function timeToT0Ms(
  phases: readonly Phase[],
  durations: readonly DrawnDuration[],
  beforeT0: readonly string[],
): number {
  let elapsedMs = 0;
  for (const phase of phases) {
    if (phase.t0 === true) break;
    for (const step of phase.steps)
      if (step.step === 'wait' || step.step === 'fault') elapsedMs += step.durationMs;
  }
  const isBefore = (name: string): boolean =>
    beforeT0.some((one) => name === one || name.endsWith(`.${one}`));
  const before = durations.filter(({ name }) => isBefore(name));
  return before.reduce((sum, { value }) => sum + value, elapsedMs);
}

function checkFaultTime(fault: ScheduledFault, expectedT0Ms: number): void {
  const atMs = fault.from === 't0' ? expectedT0Ms + fault.offsetMs : fault.offsetMs;
  if (atMs >= 0) return;
  throw new UserError(
    'FAULT_TOO_EARLY',
    `The fault "${fault.text}" would begin ${formatDuration(-atMs)} before the run does.`,
    `T0 is expected ${formatDuration(expectedT0Ms)} after the begin: ` +
      'give a smaller offset or a longer --steady.',
  );
}

function toDraw(drawn: DrawnDuration): Draw {
  const { name, value, unit, source, observations, what, kind, typicalMs, stressMs } = drawn;
  return { name, value, unit, source, observations, what, kind, typicalMs, stressMs };
}

function lanePhaseDraw({ spec, phaseMs }: PlannedLane): Draw {
  return {
    name: `lane.${spec.name}.phaseMs`,
    value: phaseMs,
    unit: 'ms',
    source: 'drawn from the seed: spreads the lanes over the interval',
    observations: 0,
  };
}
