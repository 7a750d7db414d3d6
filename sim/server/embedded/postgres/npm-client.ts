/**
 * The npm client as a child process: downloads go through it so that the user's own registry,
 * login, proxy and certificate settings hold.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../../clock.js';
import { UserError } from '../../../user-error.js';
import { type CommandEnd, runCommand } from '../command.js';

/** How to call npm: the one that runs us where one does, else the one beside Node or on PATH. */
export function npmCommand(env: NodeJS.ProcessEnv = process.env): string[] {
  const parent = env.npm_execpath;
  if (parent !== undefined && basename(parent) === 'npm-cli.js' && existsSync(parent))
    return [process.execPath, parent];
  const beside = join(dirname(process.execPath), 'npm');
  return [existsSync(beside) ? beside : 'npm'];
}

/**
 * Every published version of a package.
 * @throws UserError `ENGINE_FETCH_FAILED`
 */
export async function listPublished(
  clock: Clock,
  npm: readonly string[],
  name: string,
): Promise<string[]> {
  const args = ['view', name, 'versions', '--json'];
  const end = await runCommand(clock, [...npm, ...args], 60_000);
  if (end.code !== 0) throw fetchFailed(`npm could not list the versions of ${name}`, end);
  try {
    const versions: unknown = JSON.parse(end.stdout);
    return [versions].flat().filter((version) => typeof version === 'string');
  } catch {
    throw fetchFailed(`npm listed the versions of ${name} in a way that cannot be read`, end);
  }
}

/**
 * Downloads one version of a package as an archive into `folder`; npm checks its integrity.
 * @throws UserError `ENGINE_FETCH_FAILED`
 */
export async function downloadPackage(
  clock: Clock,
  npm: readonly string[],
  spec: string,
  folder: string,
): Promise<void> {
  const args = ['pack', spec, '--pack-destination', folder, '--ignore-scripts', '--silent'];
  const end = await runCommand(clock, [...npm, ...args], 600_000);
  if (end.code !== 0) throw fetchFailed(`npm could not download ${spec}`, end);
}

/** The error of a download that did not succeed, with the end of what npm said about it. */
export function fetchFailed(what: string, end?: CommandEnd): UserError {
  const said = (end?.stderr ?? '')
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim())
    .filter((line) => line !== '' && !/^npm warn|^A complete log/i.test(line))
    .slice(0, 4)
    .join(' ');
  const why = end?.broken === undefined ? said : `the command: ${end.broken}`;
  return new UserError(
    'ENGINE_FETCH_FAILED',
    `${what}${why === '' ? '' : ` (${why.slice(0, 400)})`}.`,
    'Check that npm works here (npm ping), or bring a bundle made with "rehearse fetch … --to" ' +
      'on another machine and name its folder in REHEARSE_ENGINES_DIR.',
    'environment',
  );
}
