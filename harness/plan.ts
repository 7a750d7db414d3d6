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
import { formatDuration } from './duration.js';
import type { ParsedFault, ScheduledFault } from './fault-schedule.js';
import type { Draw, LaneKind, LaneSpec } from './history/entry.js';
import { type CensusSession, defaultSessions } from './load/census.js';
import { lanesOf } from './probe/lanes-of.js';
import { withRollback } from './rollback-phases.js';
import type { Phase, Scenario, WaitOption } from './scenario.js';

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
  readonly pendingParameters: readonly string[];
  /** Those of the scenario's defects that the version before has. */
  readonly publishedDefects: readonly PublishedDefect[];
  readonly waitsMs: Readonly<Partial<Record<WaitOption, number>>>;
  readonly writesPerSecond: number;
  /** Whether going back to a snapshot is rehearsed too. Default: it is not. */
  readonly rollback?: boolean;
  /** Default: containers do not reach it. */
  readonly doorway?: PlannedDoorway | null;
}

export interface PlannedLane {
  readonly spec: LaneSpec;
  /** How far the lane's ticks are after the whole interval; spreads the lanes. */
  readonly phaseMs: number;
}

export interface RunPlan {
  readonly scenario: string;
  readonly title: string;
  readonly engine: Scenario['engine'];
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
  readonly settings: Readonly<Record<string, string | number | boolean | string[]>>;
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

/** Lanes that hold a session wait longer: a kept session is to be silent, not to fail. */
const timeoutMsOf: Record<LaneKind, number> = {
  'new-connection': 5_000,
  'held-session': 30_000,
  'idle-session': 30_000,
  writer: 30_000,
  reader: 30_000,
  'replica-lag': 5_000,
  'served-by': 5_000,
  observer: 5_000,
};

/**
 * Makes the plan.
 * @throws UserError `FAULT_TOO_EARLY` for a fault before the run begins
 */
export function planRun(request: PlanRequest): RunPlan {
  const { scenario, seed, versions } = request;
  const lanes = planLanes(request);
  const sessions = request.sessions?.sessions ?? defaultSessions;
  const durations = scenario.timingProfiles.flatMap((profile) =>
    drawDurations(
      profile,
      request.timing.choice,
      request.pace,
      rng(seed, `timing ${profile}`),
      request.timing.overrides,
    ),
  );
  const waiting = scenario.phases.map((phase) => withWaits(phase, request.waitsMs));
  const phases = request.rollback === true ? withRollback(waiting) : waiting;
  const expectedT0Ms = timeToT0Ms(phases, durations, scenario.beforeT0 ?? []);
  const faults = request.faults.flatMap((fault) =>
    fault.kind === 'endpoint' ? [fault.fault] : [],
  );
  for (const fault of faults) checkFaultTime(fault, expectedT0Ms);
  const defects = request.faults.flatMap((fault) => (fault.kind === 'defect' ? [fault.name] : []));
  return {
    scenario: scenario.name,
    title: scenario.title,
    engine: scenario.engine,
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
    objectives: mergeObjectives(defaultObjectives(request), request.objectives),
    sessions,
    sessionsFrom: sessionsFrom(request.sessions),
    writesPerSecond: request.writesPerSecond,
    patch: request.patch,
    pendingParameters: request.pendingParameters,
    doorway: request.doorway ?? null,
    settings: settingsOf(request, phases),
    expectedT0Ms,
  };
}

/** Where nothing is to be written, nothing can be asked of writes. */
function defaultObjectives({ scenario, writesPerSecond }: PlanRequest): readonly string[] {
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

function planLanes(request: PlanRequest): PlannedLane[] {
  return lanesOf({ readers: [] }).map(({ name, kind, target }) => ({
    spec: {
      name,
      kind,
      target,
      intervalMs: request.intervalMs,
      timeoutMs: request.timeoutMs ?? timeoutMsOf[kind],
      edgeIntervalMs: kind === 'observer' ? null : request.edgeIntervalMs,
    },
    phaseMs: Math.floor(rng(request.seed, `lane ${name}`).next() * request.intervalMs),
  }));
}

function withWaits(phase: Phase, waitsMs: PlanRequest['waitsMs']): Phase {
  return {
    ...phase,
    steps: phase.steps.map((step) =>
      step.step === 'wait'
        ? { ...step, durationMs: waitsMs[step.option] ?? step.durationMs }
        : step,
    ),
  };
}

/** The waits before the operation, and what it does while the cluster is untouched. */
function timeToT0Ms(
  phases: readonly Phase[],
  durations: readonly DrawnDuration[],
  beforeT0: readonly string[],
): number {
  let elapsedMs = 0;
  for (const step of phases.flatMap((phase) => phase.steps)) {
    if (step.step === 'start') break;
    if (step.step === 'wait' || step.step === 'fault') elapsedMs += step.durationMs;
  }
  const before = durations.filter(({ name }) => beforeT0.some((one) => name.endsWith(`.${one}`)));
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

function toDraw({ name, value, unit, source, observations }: DrawnDuration): Draw {
  return { name, value, unit, source, observations };
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

function settingsOf(request: PlanRequest, phases: readonly Phase[]): RunPlan['settings'] {
  const waits = phases.flatMap((phase) =>
    phase.steps.flatMap((step) =>
      step.step === 'wait' ? [[step.option, formatDuration(step.durationMs)] as const] : [],
    ),
  );
  const edge = request.edgeIntervalMs;
  const { servers } = request;
  return {
    servers: servers.why,
    timing: request.timing.label,
    pace: request.pace,
    interval: formatDuration(request.intervalMs),
    timeout: request.timeoutMs === null ? 'by lane' : formatDuration(request.timeoutMs),
    edgeInterval: edge === null ? 'off' : formatDuration(edge),
    ...Object.fromEntries(waits),
    sessions: request.sessions?.label ?? 'default',
    writesPerSecond: request.writesPerSecond,
    ...patchSettings(request.patch),
    ...pendingSettings(request),
    faults: request.faults.map((fault) =>
      fault.kind === 'defect' ? fault.name : fault.fault.text,
    ),
    offline: request.offline,
    ...(request.rollback === true ? { rollback: true } : {}),
    ...request.database?.settings,
    ...imageSettings(servers),
    ...doorwaySettings(request.doorway ?? null),
  };
}

function patchSettings(patch: PatchChoices | null): RunPlan['settings'] {
  if (patch === null) return {};
  const { longRunningMs, lateSessions, preparedStatements, lastInsertId } = patch;
  return {
    longRunning: formatDuration(longRunningMs),
    lateSessions,
    preparedStatements,
    ...(lastInsertId === null ? {} : { lastInsertId }),
  };
}

/** Where parameters that wait for a reboot are a choice of the scenario's. */
function pendingSettings({ scenario, pendingParameters }: PlanRequest): RunPlan['settings'] {
  const has = scenario.switches.some(({ option }) => option === '--pending-parameter');
  return has ? { pendingParameters: [...pendingParameters] } : {};
}

function doorwaySettings(doorway: PlannedDoorway | null): RunPlan['settings'] {
  if (doorway === null) return {};
  const { alias, port, network } = doorway;
  return { networkAlias: `${alias}:${port}`, ...(network === null ? {} : { network }) };
}

function imageSettings({ images, imagePrefix }: ServedServers): RunPlan['settings'] {
  const named = Object.entries(images).map(([engine, image]) => `${engine}=${image}`);
  return {
    ...(named.length === 0 ? {} : { images: named }),
    ...(imagePrefix === null ? {} : { imagePrefix }),
  };
}
