/** The options of `rehearse run`, from text to a checked plan. */
import { existsSync } from 'node:fs';
import { requireDurationMs } from '../harness/duration.js';
import { parseFault } from '../harness/fault-schedule.js';
import { parseCensus, parseSessionCounts } from '../harness/load/census.js';
import {
  type GivenSessions,
  type PlannedDatabase,
  type PlanRequest,
  planRun,
  type RunPlan,
  type ServedServers,
  type Versions,
} from '../harness/plan.js';
import type { Scenario } from '../harness/scenario.js';
import { clusterFaultKinds } from '../sim/cluster/faults/index.js';
import { newSeed } from '../sim/rng.js';
import { communityEngines } from '../sim/server/versions.js';
import type { LateSessions } from '../sim/sim.js';
import { messageOf, UserError } from '../sim/user-error.js';
import type { DatabaseOptions } from './database/options.js';
import { readBounded } from './files.js';
import { type NetworkOptions, networkOption } from './network-option.js';
import { patchChoices, publishedDefects, refuse } from './operation-options.js';
import type { Look } from './output.js';
import type { ReporterRequest } from './reporters.js';
import type { EngineOption } from './scenario-engine.js';
import type { ServerOptions } from './servers/request.js';
import { givenSwitches } from './set-option.js';
import { type ThroughOptions, throughOption } from './through-option.js';
import { timingOption } from './timing-option.js';

/** As commander hands them over. */
export interface RunOptions
  extends Look,
    Omit<ServerOptions, 'engine'>,
    DatabaseOptions,
    NetworkOptions,
    ThroughOptions {
  readonly engine?: EngineOption;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly seed?: string;
  readonly timing: string;
  readonly pace: string;
  readonly interval: string;
  readonly timeout?: string;
  readonly edgeInterval: string;
  readonly objective: readonly string[];
  readonly sessions?: string;
  readonly fault: readonly string[];
  readonly longRunning?: string;
  readonly lateSessions?: LateSessions;
  readonly preparedStatements?: 'survive' | 'lost';
  readonly lastInsertId?: 'survive' | 'lost';
  readonly pendingParameter: readonly string[];
  readonly set: readonly string[];
  readonly skip: readonly string[];
  readonly rollback?: boolean;
  readonly abortAt?: string;
  readonly yes?: boolean;
  readonly steady?: string;
  readonly settle?: string;
  readonly writesPerSecond: string;
  readonly out?: string;
  readonly access?: string;
  readonly reporter: readonly ReporterRequest[];
  readonly lines?: boolean;
  readonly tui?: boolean;
  readonly format: 'text' | 'tsv' | 'ndjson';
}

/**
 * Checks every option and makes the plan.
 * @throws UserError with the option's own code
 */
export function planFromOptions(
  scenario: Scenario,
  options: RunOptions,
  versions: Versions,
  servers: ServedServers,
  database?: PlannedDatabase,
): RunPlan {
  const request = requestFrom(scenario, options, versions, servers);
  return planRun(database === undefined ? request : { ...request, database });
}

function requestFrom(
  scenario: Scenario,
  options: RunOptions,
  versions: Versions,
  servers: ServedServers,
): PlanRequest {
  const tick = { minMs: 10, maxMs: 60_000 };
  const { timeout, edgeInterval } = options;
  const defects = scenario.defects.filter((one) => one.exercised).map(({ name }) => name);
  return {
    scenario,
    seed: seedOption(options.seed),
    versions,
    servers,
    offline: options.offline === true,
    timing: timingOption(options.timing),
    pace: numberOption('--pace', options.pace, 1, 1_000_000),
    intervalMs: requireDurationMs('--interval', options.interval, tick),
    timeoutMs: timeout === undefined ? null : requireDurationMs('--timeout', timeout, tick),
    edgeIntervalMs:
      edgeInterval === 'off'
        ? null
        : requireDurationMs('--edge-interval', edgeInterval, { minMs: 5, maxMs: 10_000 }),
    objectives: options.objective,
    sessions: sessionsOption(options.sessions, scenario),
    faults: options.fault.map((fault) => parseFault(fault, clusterFaultKinds, defects)),
    patch: patchChoices(scenario, options, versions),
    publishedDefects: publishedDefects(scenario, versions.awsFrom),
    switches: givenSwitches(scenario, options.set, options, options.skip),
    pendingParameters: pendingParameters(scenario, options.pendingParameter),
    waitsMs: {
      ...waitOption('steady', options.steady),
      ...waitOption('settle', options.settle),
    },
    writesPerSecond: numberOption('--writes-per-second', options.writesPerSecond, 0, 10_000),
    rollback: options.rollback === true,
    abortAt: abortAtOption(options),
    doorway: networkOption(options, servers.engine),
    through: throughOption(options, servers.engine),
  };
}

/** @throws UserError `OPTIONS_CONTRADICT` */
function abortAtOption({ abortAt, rollback }: RunOptions): string | null {
  if (abortAt !== undefined && rollback === true)
    throw new UserError(
      'OPTIONS_CONTRADICT',
      '--rollback goes back from the end, --abort-at from the end of one phase.',
      'Give one of them.',
    );
  return abortAt ?? null;
}

function seedOption(seed: string | undefined): string {
  if (seed === undefined) return newSeed();
  if (/^[\w.-]{1,64}$/.test(seed)) return seed;
  throw new UserError(
    'SEED_INVALID',
    `--seed cannot be "${seed.slice(0, 80)}".`,
    'Give up to 64 letters, digits, dots, dashes or underscores.',
  );
}

/** @throws UserError `NUMBER_INVALID` */
export function numberOption(option: string, text: string, min: number, max: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UserError(
    'NUMBER_INVALID',
    `${option} cannot be "${text.slice(0, 80)}".`,
    `Give a number from ${min} to ${max}.`,
  );
}

function waitOption<K extends 'steady' | 'settle'>(
  name: K,
  text: string | undefined,
): Partial<Record<K, number>> {
  if (text === undefined) return {};
  const waitMs = requireDurationMs(`--${name}`, text, { maxMs: 24 * 3_600_000 });
  return { [name]: waitMs } as Record<K, number>;
}

function sessionsOption(
  text: string | undefined,
  { engine }: Pick<Scenario, 'engine'>,
): GivenSessions | null {
  if (text === undefined) return null;
  const wire = communityEngines[engine] === 'postgres' ? 'postgres' : 'mysql';
  if (existsSync(text)) return { sessions: parseCensus(readCensus(text), wire), label: text };
  if (/[./\\]/.test(text))
    throw censusUnreadable(text, 'There is no such file, and it is no list of counts.');
  return { sessions: parseSessionCounts(text, wire), label: text };
}

/** One line for each of the most sessions that a rehearsal opens, settings included. */
const censusBytesMax = 4_000_000;

function readCensus(path: string): string {
  let text: string | null;
  try {
    text = readBounded(path, censusBytesMax);
  } catch (error) {
    throw censusUnreadable(path, `${messageOf(error)}.`);
  }
  if (text === null) throw censusUnreadable(path, `It is longer than ${censusBytesMax} bytes.`);
  return text;
}

function censusUnreadable(path: string, why: string): UserError {
  return new UserError(
    'SESSIONS_UNREADABLE',
    `The census file ${path.slice(0, 200)} cannot be read. ${why}`,
    'Name a readable YAML or JSON file, or counts such as idle=3,temp-table=1.',
  );
}

function pendingParameters(scenario: Scenario, names: readonly string[]): string[] {
  const option = '--pending-parameter';
  if (!scenario.switches.some((one) => one.option === option)) refuse(scenario, option, names[0]);
  return names.map(parameterName);
}

function parameterName(name: string): string {
  if (/^[a-z_][a-z0-9_.]{0,62}$/.test(name)) return name;
  throw new UserError(
    'PARAMETER_INVALID',
    `--pending-parameter cannot be "${name.slice(0, 80)}".`,
    'Give the name of a server parameter, such as max_connections.',
  );
}
