/**
 * Data directories made once and copied for each server: `initdb` takes half a second, a copy a
 * few hundredths. A template holds a secret of its own, which the first start of each copy
 * replaces by that server's.
 */
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../clock.js';
import { UserError } from '../../../user-error.js';
import { type Account, spawnIdentity } from '../account.js';
import { type CommandEnd, runCommand } from '../command.js';
import { draftFolder, moveIntoPlace } from '../drafts.js';
import { removeFolder } from '../remove-folder.js';
import { initdbProgram } from './package-folder.js';
import { randomSecret } from './scram-verifier.js';

/** The superuser of every server here, named as the one of RDS so that `postgres` stays free. */
export const adminUser = 'rdsadmin';

/** Runs on every machine with glibc; macOS has no C.UTF-8 before its version 14. */
const locales = ['C.UTF-8', 'C'];

/** Passwords only, and only over loopback. `md5` takes SCRAM and MD5 verifiers alike. */
const hostRules = ['host all all 127.0.0.1/32 md5', 'host replication all 127.0.0.1/32 md5'];

/** `$1` initdb, `$2` the draft, `$3` the locale. Runs as the servers' account. */
const buildScript = `
umask 077
"$1" -D "$2/data" -U ${adminUser} --pwfile="$2/secret" -A scram-sha-256 \\
  --encoding=UTF8 --locale="$3" -N --no-instructions >"$2/initdb.log" 2>&1 || {
  cat "$2/initdb.log"; rm -rf "$2/data"; exit 1; }
printf '%s\\n' '${hostRules.join("' '")}' >"$2/data/pg_hba.conf"
printf '%s\\n' "include '../parameters.conf'" >>"$2/data/postgresql.conf"
`;

/** A template and the superuser's password that its copies have until their first start. */
export interface Template {
  readonly dataDirectory: string;
  readonly secret: string;
}

/** What decides how a template comes out. */
export interface TemplateRequest {
  readonly clock: Clock;
  /** The binaries package to run. */
  readonly folder: string;
  readonly packageVersion: string;
  /** The folder of all templates. */
  readonly templates: string;
  readonly account: Account | undefined;
}

/**
 * The template for some binaries, made where it is not there yet. Safe beside other processes
 * that make the same one: each makes its own, the first to finish names it.
 * @throws UserError `ENGINE_INIT_FAILED`
 */
export async function obtainTemplate(request: TemplateRequest): Promise<Template> {
  const target = join(request.templates, templateName(request.packageVersion));
  if (!existsSync(target)) await buildTemplate(request, target);
  const secret = readFileSync(join(target, 'secret'), 'utf8').trim();
  return { dataDirectory: join(target, 'data'), secret };
}

/**
 * Copies a template's data directory to `target` as the servers' account. `cp` shares blocks with
 * the original where the file system can, and is several times faster than Node's own copying.
 * @throws UserError `ENGINE_INIT_FAILED`
 */
export async function copyTemplate(
  clock: Clock,
  template: Template,
  target: string,
  account: Account | undefined,
): Promise<void> {
  const sharing = process.platform === 'darwin' ? '-c' : '--reflink=auto';
  const command = ['cp', '-RP', sharing, template.dataDirectory, target];
  const end = await runCommand(clock, command, 60_000, { ...spawnIdentity(account), cwd: '/' });
  if (end.code !== 0) throw initFailed('a data directory could not be copied', end);
}

function templateName(packageVersion: string): string {
  const recipe = JSON.stringify([packageVersion, buildScript, locales]);
  const hash = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  return `postgres-${packageVersion}-${hash}`;
}

async function buildTemplate(request: TemplateRequest, target: string): Promise<void> {
  const { account, clock } = request;
  const draft = await draftFolder(request.templates);
  try {
    writeFileSync(join(draft, 'secret'), `${randomSecret()}\n`, { mode: 0o600 });
    chmodSync(draft, 0o700);
    if (account !== undefined) {
      chownSync(join(draft, 'secret'), account.uid, account.gid);
      chownSync(draft, account.uid, account.gid);
    }
    let end: CommandEnd | undefined;
    for (const locale of locales) {
      const program = initdbProgram(request.folder);
      const command = ['/bin/sh', '-c', buildScript, 'initdb', program, draft, locale];
      const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
      const options = { ...spawnIdentity(account), cwd: '/', env };
      end = await runCommand(clock, command, 120_000, options);
      if (end.code === 0) break;
      if (!end.stdout.includes('locale')) break;
    }
    if (end?.code !== 0) throw initFailed('initdb could not make a data directory', end);
    await moveIntoPlace(draft, target);
  } finally {
    await removeFolder(clock, draft, account);
  }
}

function initFailed(what: string, end: CommandEnd | undefined): UserError {
  const said = `${end?.stdout ?? ''}\n${end?.stderr ?? ''}`.trim().split('\n').slice(-4).join(' ');
  const noAccount = said.includes('could not look up effective user');
  return new UserError(
    'ENGINE_INIT_FAILED',
    `PostgreSQL: ${what} (${(end?.broken ?? said).slice(0, 400)}).`,
    noAccount
      ? 'Run as a user that has an entry in /etc/passwd.'
      : 'Check that the disk has room and that the folder for caches can be written to.',
    'environment',
  );
}
