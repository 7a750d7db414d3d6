/**
 * The data directory that every server of one version begins with. It holds a secret of its own,
 * which the first start of each copy replaces by that server's.
 */
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnIdentity } from '../account.js';
import { type CommandEnd, runCommand } from '../command.js';
import type { EngineContext } from '../engine.js';
import { randomSecret } from '../random-secret.js';
import { initFailed, obtainTemplateFolder } from '../template-folder.js';
import { initdbProgram } from './package-folder.js';

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

const secretName = 'secret';

/** A template and the superuser's password that its copies have until their first start. */
export interface Template {
  readonly dataDirectory: string;
  readonly secret: string;
}

/**
 * The template for some binaries.
 * @param binaries the package's folder to run
 * @throws UserError `ENGINE_INIT_FAILED`
 */
export async function obtainTemplate(
  context: EngineContext,
  binaries: string,
  packageVersion: string,
): Promise<Template> {
  const folder = await obtainTemplateFolder(context, {
    engine: 'postgres',
    version: packageVersion,
    ingredients: [buildScript, locales],
    build: (draft, started) => build(context, binaries, draft, started),
  });
  return templateIn(folder);
}

/** The template in a folder. */
export function templateIn(folder: string): Template {
  const secret = readFileSync(join(folder, secretName), 'utf8').trim();
  return { dataDirectory: join(folder, 'data'), secret };
}

/** The file beside a template's data that says how its copies are entered at first. */
export function secretFile(secret: string): Record<string, string> {
  return { [secretName]: `${secret}\n` };
}

async function build(
  { account, clock }: EngineContext,
  binaries: string,
  draft: string,
  started: (pid: number) => void,
): Promise<void> {
  writeFileSync(join(draft, 'secret'), `${randomSecret()}\n`, { mode: 0o600 });
  if (account !== undefined) chownSync(join(draft, 'secret'), account.uid, account.gid);
  let end: CommandEnd | undefined;
  for (const locale of locales) {
    const program = initdbProgram(binaries);
    const command = ['/bin/sh', '-c', buildScript, 'initdb', program, draft, locale];
    const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
    const options = { ...spawnIdentity(account), cwd: '/', env, started };
    end = await runCommand(clock, command, 120_000, options);
    if (end.code === 0) return;
    if (!end.stdout.includes('locale')) break;
  }
  throw initFailed('postgres', 'initdb could not make a data directory', end);
}
