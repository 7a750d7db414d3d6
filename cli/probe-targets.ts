/** Whom `rehearse probe` polls: URLs without passwords, TLS modes and authorities. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type ConnectionTarget,
  isLoopback,
  type TlsMode,
  tlsModes,
  type WireEngine,
} from '../harness/probe/target.js';
import { UserError } from '../sim/user-error.js';
import { passwordVariables } from './probe-password.js';

export interface TargetOptions {
  /**
   * `name=postgres://user@host:5432/database`, or `mysql://` and `mariadb://`; the name and its
   * `=` are optional.
   */
  readonly target: readonly string[];
  readonly tls?: string;
  readonly ca?: string;
}

/** What is particular to the URLs of an engine. */
interface UrlRules {
  readonly port: number;
  /** Who logs in where neither the URL nor the environment says so. */
  readonly user: string;
  /** The parameters that are used, in lower case; the others are told and ignored. */
  readonly tlsParameters: readonly string[];
  readonly caParameters: readonly string[];
}

const urlRules: Readonly<Record<WireEngine, UrlRules>> = {
  postgres: {
    port: 5432,
    user: 'postgres',
    tlsParameters: ['sslmode'],
    caParameters: ['sslrootcert'],
  },
  mysql: {
    port: 3306,
    user: 'root',
    tlsParameters: ['ssl-mode', 'ssl_mode', 'sslmode'],
    caParameters: ['ssl-ca', 'ssl_ca'],
  },
};

/** The schemes of URLs, without their colon. */
const engineOfScheme: Readonly<Record<string, WireEngine>> = {
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
};

/** The words that MySQL's own clients have for the modes. */
const mysqlTlsModes: Readonly<Record<string, TlsMode>> = {
  disabled: 'disable',
  required: 'require',
  verify_ca: 'verify-ca',
  verify_identity: 'verify-full',
};

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

const example =
  'Name what to probe: --target prod=postgres://user@host:5432/database, or mysql:// and ' +
  'mariadb:// with port 3306.';

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
  const { url, engine } = parseUrl(name, address);
  const rules = urlRules[engine];
  const parameters = [...new Set(url.searchParams.keys())];
  if (url.password !== '' || parameters.some((parameter) => /pass|pwd/i.test(parameter)))
    throw new UserError(
      'PASSWORD_IN_ARGV',
      `The URL of target ${name} holds a password, and every user of this machine can read it.`,
      `Leave it out and use ${passwordVariables[engine]}, --password-env, --password-file or ` +
        '--password-command.',
    );
  warnOfIgnored(name, parameters, rules, warn);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const { user, database } = login(url, name, engine, env);
  const ca = options.ca ?? parameter(url, rules.caParameters);
  // Who names an authority wants it checked, through a tunnel on loopback too.
  const asked = options.tls ?? parameter(url, rules.tlsParameters);
  const mode = tlsMode(name, engine, host, asked ?? (ca === null ? undefined : 'verify-full'));
  const checked = mode === 'verify-ca' || mode === 'verify-full';
  const caPem = ca === null || !checked ? null : readAuthorities(resolve(cwd, ca));
  const port = url.port === '' ? rules.port : Number(url.port);
  return { name, engine, host, port, user, database, tls: { mode, caPem } };
}

/** Says what is wrong with a URL without repeating it. */
function parseUrl(name: string, address: string): { url: URL; engine: WireEngine } {
  const invalid = (what: string): UserError =>
    new UserError('TARGET_INVALID', `Target ${name} ${what}.`, example);
  const [, scheme = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(address) ?? [];
  const engine = engineOfScheme[scheme.toLowerCase()];
  if (engine === undefined)
    throw invalid(
      scheme === ''
        ? 'is no URL'
        : 'is no URL of a database that can be probed: it begins with none of ' +
            'postgres://, mysql:// and mariadb://',
    );
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null) throw invalid('has a malformed URL: look at its host and port');
  if (url.hostname === '') throw invalid('has a URL without a host');
  if (url.port === '0') throw invalid('has a URL with port 0');
  return { url, engine };
}

/** Postgres takes the user's name for the database; MySQL can do without one. */
function login(
  url: URL,
  name: string,
  engine: WireEngine,
  env: Readonly<Record<string, string | undefined>>,
): { user: string; database: string } {
  const pg = engine === 'postgres';
  const given = decode(url.username, name) || (pg ? env.PGUSER : undefined) || env.USER;
  const user = given || urlRules[engine].user;
  const path = decode(url.pathname.slice(1), name);
  return { user, database: path || (pg ? env.PGDATABASE || user : '') };
}

/** The value of the first parameter that has one of the names, whatever its case. */
function parameter(url: URL, names: readonly string[]): string | null {
  for (const [key, value] of url.searchParams) if (names.includes(key.toLowerCase())) return value;
  return null;
}

function warnOfIgnored(
  target: string,
  parameters: readonly string[],
  { tlsParameters, caParameters }: UrlRules,
  warn: (text: string) => void,
): void {
  const used = [...tlsParameters, ...caParameters];
  const ignored = parameters.filter((name) => !used.includes(name.toLowerCase()));
  if (ignored.length === 0) return;
  // A name that is none may be a secret that lost its own.
  const shown = ignored.map((one) =>
    /^[a-z][a-z_]{0,39}$/.test(one) ? one : 'one without a name',
  );
  warn(`warning: the URL of target ${target} has parameters that are ignored: ${shown.join(', ')}`);
}

/** Away from this machine a certificate is verified unless the user says otherwise. */
function tlsMode(
  name: string,
  engine: WireEngine,
  host: string,
  asked: string | null | undefined,
): TlsMode {
  if (asked === undefined || asked === null) return isLoopback(host) ? 'disable' : 'verify-full';
  const word = engine === 'mysql' ? asked.toLowerCase() : asked;
  const own = engine === 'mysql' ? mysqlTlsModes[word.replaceAll('-', '_')] : undefined;
  const known = own ?? tlsModes.find((mode) => mode === word);
  if (known !== undefined) return known;
  const choices = engine === 'mysql' ? Object.keys(mysqlTlsModes).map(upper) : tlsModes;
  throw new UserError(
    'TLS_INVALID',
    `Target ${name} asks for the TLS mode "${asked}".`,
    `Choose one of ${choices.join(', ')}: the others do without TLS or checks unasked.`,
  );
}

function upper(word: string): string {
  return word.toUpperCase();
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
