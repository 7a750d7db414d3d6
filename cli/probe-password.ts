/** Where `rehearse probe` has its password from: never from its own arguments. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { WireEngine } from '../harness/probe/target.js';
import { UserError } from '../sim/user-error.js';

export interface PasswordOptions {
  readonly passwordEnv?: string;
  readonly passwordFile?: string;
  readonly passwordCommand?: string;
}

/** How long a password command may take. */
const commandTimeoutMs = 30_000;
const commandBytesMax = 64 * 1024;

/** The variable that an engine's own clients read. */
export const passwordVariables: Readonly<Record<WireEngine, string>> = {
  postgres: 'PGPASSWORD',
  mysql: 'MYSQL_PWD',
};

/** Gives an engine's password; empty where there is none. */
export type PasswordOf = (engine: WireEngine) => string;

/**
 * Gets the password from the one source that is named, or else for each engine from the variable
 * that its own clients read.
 * @throws UserError `PASSWORD_SOURCE_AMBIGUOUS`, `PASSWORD_UNAVAILABLE`
 */
export async function getPassword(
  options: PasswordOptions,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<PasswordOf> {
  const named = await namedPassword(options, env, cwd);
  return (engine) => named ?? env[passwordVariables[engine]] ?? '';
}

async function namedPassword(
  { passwordEnv, passwordFile, passwordCommand }: PasswordOptions,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<string | null> {
  const named = [passwordEnv, passwordFile, passwordCommand].filter((one) => one !== undefined);
  if (named.length > 1)
    throw new UserError(
      'PASSWORD_SOURCE_AMBIGUOUS',
      'More than one source of the password is named.',
      'Keep one of --password-env, --password-file and --password-command.',
    );
  if (passwordEnv !== undefined) {
    const value = env[passwordEnv];
    if (value === undefined) throw unavailable(`The variable ${passwordEnv} is not set.`);
    return value;
  }
  if (passwordFile !== undefined) return fromFile(resolve(cwd, passwordFile));
  return passwordCommand === undefined ? null : fromCommand(passwordCommand, env, cwd);
}

function fromFile(path: string): string {
  try {
    return firstLine(readFileSync(path, 'utf8'));
  } catch (error) {
    throw unavailable(
      `The password file cannot be read: ${error instanceof Error ? error.message : 'unknown'}.`,
    );
  }
}

/** The first line that a shell command prints, as of `aws rds generate-db-auth-token`. */
function fromCommand(
  command: string,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<string> {
  return new Promise((done, failed) => {
    execFile(
      '/bin/sh',
      ['-c', command],
      { timeout: commandTimeoutMs, maxBuffer: commandBytesMax, env: { ...env }, cwd },
      (error, stdout) => {
        const password = firstLine(stdout);
        if (error === null && password !== '') done(password);
        // Neither the command nor what it printed is repeated: both may hold secrets.
        else if (error === null) failed(unavailable('The password command printed nothing.'));
        else failed(unavailable(`The password command failed (${String(error.code)}).`));
      },
    );
  });
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? '';
}

function unavailable(what: string): UserError {
  return new UserError(
    'PASSWORD_UNAVAILABLE',
    what,
    'Give it by PGPASSWORD or MYSQL_PWD, --password-env NAME, --password-file FILE or ' +
      '--password-command CMD.',
    'environment',
  );
}
