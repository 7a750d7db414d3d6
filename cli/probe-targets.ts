/** Whom `rehearse probe` polls: URLs without passwords, TLS modes and authorities. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type ConnectionTarget,
  isLoopback,
  type TlsMode,
  tlsModes,
} from '../harness/probe/postgres/target.js';
import { UserError } from '../sim/user-error.js';

export interface TargetOptions {
  /** `name=postgres://user@host:5432/database`, the name and its `=` optional. */
  readonly target: readonly string[];
  readonly tls?: string;
  readonly ca?: string;
}

/** What of a URL's parameters is used; the others are told and ignored. */
const parametersUsed = new Set(['sslmode', 'sslrootcert']);
/** The most targets of one probe. */
const targetsMax = 16;

/** A target whose password is still to be had. */
export type PasswordlessTarget = Omit<ConnectionTarget, 'password'>;

/**
 * Reads the targets. No message repeats a URL: it may hold what must not be shown.
 * @param warn is told one line for what is in a URL and does nothing
 * @throws UserError `TARGET_MISSING`, `TARGET_INVALID`, `PASSWORD_IN_ARGV`, `TLS_INVALID`,
 *   `CA_UNREADABLE`
 */
export function parseTargets(
  options: TargetOptions,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  warn: (text: string) => void = () => undefined,
): PasswordlessTarget[] {
  if (options.target.length === 0)
    throw new UserError('TARGET_MISSING', 'There is nothing to probe.', example);
  if (options.target.length > targetsMax)
    throw new UserError(
      'TARGET_INVALID',
      `${options.target.length} targets are more than one probe takes (${targetsMax}).`,
      'Start several probes.',
    );
  const targets = options.target.map((text, index) =>
    parseTarget(text, index, options, env, cwd, warn),
  );
  const names = new Set(targets.map((target) => target.name));
  if (names.size < targets.length)
    throw new UserError('TARGET_INVALID', 'Two targets have the same name.', example);
  return targets;
}

const example = 'Name what to probe: --target prod=postgres://user@host:5432/database.';

function parseTarget(
  text: string,
  index: number,
  options: TargetOptions,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  warn: (text: string) => void,
): PasswordlessTarget {
  const [, given, address = ''] = /^(?:([A-Za-z0-9][\w.-]{0,62})=)?(.*)$/s.exec(text) ?? [];
  const name = given ?? `target${index === 0 ? '' : index + 1}`;
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === '')
    throw new UserError('TARGET_INVALID', `Target ${name} is not a Postgres URL.`, example);
  const parameters = [...new Set(url.searchParams.keys())];
  if (url.password !== '' || parameters.some((parameter) => /pass/i.test(parameter)))
    throw new UserError(
      'PASSWORD_IN_ARGV',
      `The URL of target ${name} holds a password, and every user of this machine can read it.`,
      'Leave it out and use PGPASSWORD, --password-env, --password-file or --password-command.',
    );
  warnOfIgnored(name, parameters, warn);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const user = decode(url.username, name) || env.PGUSER || env.USER || 'postgres';
  const database = decode(url.pathname.slice(1), name) || env.PGDATABASE || user;
  const ca = options.ca ?? url.searchParams.get('sslrootcert');
  // Who names an authority wants it checked, through a tunnel on loopback too.
  const asked = options.tls ?? url.searchParams.get('sslmode');
  const mode = tlsMode(name, host, asked ?? (ca === null ? undefined : 'verify-full'));
  const caPem = ca === null || mode !== 'verify-full' ? null : readAuthorities(resolve(cwd, ca));
  return {
    name,
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    user,
    database,
    tls: { mode, caPem },
  };
}

function warnOfIgnored(
  target: string,
  parameters: readonly string[],
  warn: (text: string) => void,
): void {
  const ignored = parameters.filter((parameter) => !parametersUsed.has(parameter));
  if (ignored.length === 0) return;
  // A name that is none may be a secret that lost its own.
  const shown = ignored.map((one) =>
    /^[a-z][a-z_]{0,39}$/.test(one) ? one : 'one without a name',
  );
  warn(`warning: the URL of target ${target} has parameters that are ignored: ${shown.join(', ')}`);
}

/** Away from this machine a certificate is verified unless the user says otherwise. */
function tlsMode(name: string, host: string, asked: string | undefined): TlsMode {
  if (asked === undefined) return isLoopback(host) ? 'disable' : 'verify-full';
  const known = tlsModes.find((mode) => mode === asked);
  if (known !== undefined) return known;
  throw new UserError(
    'TLS_INVALID',
    `Target ${name} asks for the TLS mode "${asked}".`,
    `Choose one of ${tlsModes.join(', ')}: the others do without TLS or checks unasked.`,
  );
}

function readAuthorities(path: string): string {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : 'unknown');
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw unreadable(path, 'no PEM certificate');
  return pem;
}

function unreadable(path: string, why: string): UserError {
  return new UserError(
    'CA_UNREADABLE',
    `The authorities in ${path} cannot be used: ${why}.`,
    'Name a PEM file, such as the bundle that AWS publishes for RDS.',
  );
}

function decode(part: string, name: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new UserError('TARGET_INVALID', `The URL of target ${name} is malformed.`, example);
  }
}
