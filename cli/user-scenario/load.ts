/** A scenario file of a user's own, YAML or TypeScript: read, checked, and made ready to run. */
import { statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { requestOf } from '../../harness/conductor/fault-timeline.js';
import { parseFault } from '../../harness/fault-schedule.js';
import type { Scenario } from '../../harness/scenario.js';
import { checkShape } from '../../harness/user-scenario/check.js';
import { compileScenario, type KnownWorld } from '../../harness/user-scenario/compile.js';
import { type Problem, pathText } from '../../harness/user-scenario/problem.js';
import { type Place, type ReadYaml, readYaml } from '../../harness/user-scenario/read-yaml.js';
import { scenarios } from '../../scenarios/index.js';
import { clusterFaultKinds } from '../../sim/cluster/faults/index.js';
import { communityEngines, readClusterVersion, seriesOf } from '../../sim/server/versions.js';
import type { FaultRequest } from '../../sim/sim.js';
import { timingTable } from '../../sim/timing.js';
import { messageOf, UserError } from '../../sim/user-error.js';
import type { CommandContext } from '../context.js';
import { codeOf, readBounded } from '../files.js';
import { nearest } from '../nearest.js';
import { loadModule } from './load-module.js';

const yamlEndings = ['.yaml', '.yml', '.json'];
const moduleEndings = ['.ts', '.mts', '.js', '.mjs'];
const bytesMax = 1_000_000;
const problemsShown = 20;

export interface LoadedScenario {
  readonly scenario: Scenario;
  /** Its settings, each `NAME=VALUE`. */
  readonly set: readonly string[];
}

/**
 * @throws UserError `SCENARIO_FILE_MISSING`, `…_UNREADABLE`, `…_EMPTY`, `…_TOO_LARGE`,
 *   `…_NOT_TEXT`, `…_KIND_UNKNOWN`, `…_FAILED`, `…_NO_DEFAULT`, and `SCENARIO_FILE_INVALID` with
 *   all that is wrong in it
 */
export async function loadScenario(name: string, context: CommandContext): Promise<LoadedScenario> {
  const path = resolve(context.cwd, name);
  const ending = extname(path);
  const text = readText(path, name);
  if (moduleEndings.includes(ending)) {
    const value = await loadModule(path, name, context);
    return compiled(value, path, name, ({ path: at, ofKey }) =>
      ofKey === true ? `${pathText(at.slice(0, -1))}` : pathText(at),
    );
  }
  if (!yamlEndings.includes(ending))
    throw fileError(
      'KIND_UNKNOWN',
      `${name} ends in none of ${[...yamlEndings, ...moduleEndings].join(', ')}.`,
      'Name a scenario file of one of these kinds, or a rehearsal of rehearse list.',
    );
  const read = readYaml(text);
  if ('problems' in read)
    throw invalid(
      name,
      read.problems.map((one) => ({ ...one, where: placeText(name, one.place) })),
    );
  return compiled(read.value, path, name, (problem) => placeOf(read, name, problem));
}

function readText(path: string, name: string): string {
  let text: string | null;
  try {
    const found = statSync(path);
    if (!found.isFile()) {
      const kind = found.isDirectory() ? 'a folder' : 'no file';
      throw fileError('UNREADABLE', `${name} is ${kind}.`, 'Name a scenario file.');
    }
    text = readBounded(path, bytesMax);
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (codeOf(error) === 'ENOENT')
      throw fileError(
        'MISSING',
        `There is no file ${name}.`,
        'Name a scenario file, or a rehearsal of rehearse list.',
      );
    throw fileError('UNREADABLE', `${name} cannot be read: ${messageOf(error)}.`, 'Mend that.');
  }
  if (text === null)
    throw fileError(
      'TOO_LARGE',
      `${name} is longer than ${bytesMax / 1e6} MB.`,
      'A scenario names its steps; keep data in files of their own.',
    );
  if (/[\0\ufffd]/.test(text))
    throw fileError('NOT_TEXT', `${name} is no text in UTF-8.`, 'Name a scenario file.');
  if (text.trim() === '')
    throw fileError('EMPTY', `${name} is empty.`, 'See docs/adding-a-scenario.md for an example.');
  return text;
}

type WhereOf = (problem: Problem) => string;

function compiled(value: unknown, path: string, name: string, whereOf: WhereOf): LoadedScenario {
  const fail = (problems: readonly Problem[]): UserError =>
    invalid(
      name,
      problems.map((one) => ({ ...one, where: whereOf(one) })),
    );
  const checked = checkShape(value);
  if (checked.problems !== undefined) throw fail(checked.problems);
  const made = compileScenario(checked.scenario, knownWorld(path));
  if (made.problems !== undefined) throw fail(made.problems);
  if (scenarios.some((one) => one.name === made.scenario.name)) {
    const what = `"${made.scenario.name}" is the name of a rehearsal that ships: take another`;
    throw fail([{ code: 'NAME_TAKEN', path: ['name'], what }]);
  }
  return made;
}

function knownWorld(path: string): KnownWorld {
  return {
    scenarios,
    timingProfiles: Object.keys(timingTable),
    faultOf,
    upgradeOf: (engine, fromText, toText) => {
      const from = readClusterVersion(engine, fromText);
      const to = readClusterVersion(engine, toText);
      if (from.aws === to.aws && from.community === to.community) return 'none';
      const server = communityEngines[engine];
      if (isOlder(to.community, from.community))
        throw new UserError('VERSION_INVALID', `${toText} is older than ${fromText}.`, 'Go up.');
      const isSameSeries = seriesOf(server, from.community) === seriesOf(server, to.community);
      return isSameSeries ? 'minor' : 'major';
    },
    folder: dirname(path),
    hasFolder: (folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true,
    file: basename(path),
  };
}

/** By the numbers between the dots, as far as both have them. */
function isOlder(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (const [index, number] of (left ?? []).entries()) {
    const other = right?.[index] ?? number;
    if (number !== other) return number < other;
  }
  return false;
}

/** When it begins and ends, the step says. */
function faultOf(text: string): FaultRequest {
  const parsed = parseFault(text, clusterFaultKinds, []);
  if (parsed.kind === 'endpoint' && !/[@:]/.test(text)) return requestOf(parsed.fault);
  throw new UserError(
    'FAULT_INVALID',
    `"${text}" has a time, which is the step's.`,
    'Leave it out.',
  );
}

function placeOf(read: ReadYaml, name: string, { path, ofKey, code }: Problem): string {
  const at = code === 'KEY_MISSING' ? path.slice(0, -1) : path;
  return placeText(name, read.place(at, ofKey === true));
}

function placeText(name: string, { line, column }: Place): string {
  return `${name}:${line}:${column}`;
}

type PlacedProblem = Problem & { readonly where: string };

function invalid(name: string, problems: readonly PlacedProblem[]): UserError {
  const lines = problems.slice(0, problemsShown).map(problemText);
  const more = problems.length - lines.length;
  const count = problems.length === 1 ? '1 mistake' : `${problems.length} mistakes`;
  return fileError(
    'INVALID',
    [
      `${name} has ${count}.`,
      ...lines.map((line) => `  ${line}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ].join('\n'),
    'See docs/adding-a-scenario.md for all that a scenario file may say.',
  );
}

function problemText({ where, code, what, near }: PlacedProblem): string {
  const meant = near === undefined ? undefined : nearest(near.typed, near.known);
  return `${where}: ${code}: ${what}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

function fileError(code: string, what: string, todo: string): UserError {
  return new UserError(`SCENARIO_FILE_${code}`, what, todo);
}
