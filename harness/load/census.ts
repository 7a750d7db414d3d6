/** Which application sessions to open: counted on the command line or listed in a file. */
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../sim/user-error.js';
import type { ConnectionTarget, WireEngine } from '../probe/target.js';

/** The states that an application session of Postgres can be put into and held in. */
const postgresSessionKinds = [
  'idle',
  'prepared',
  'open-transaction',
  'temp-table',
  'held-cursor',
  'listening',
  'advisory-lock',
  'long-query',
  'ddl',
  'table-lock',
] as const;
export type PostgresSessionKind = (typeof postgresSessionKinds)[number];

/** Those of MySQL and MariaDB. */
const mysqlSessionKinds = [
  'idle',
  'prepared',
  'open-transaction',
  'temp-table',
  'user-lock',
  'long-query',
  'ddl',
  'table-lock',
  'auto-increment',
  'last-insert-id',
] as const;
export type MysqlSessionKind = (typeof mysqlSessionKinds)[number];

export type LoadSessionKind = PostgresSessionKind | MysqlSessionKind;

/** All kinds, of whatever engine. */
export const sessionKinds: readonly LoadSessionKind[] = [
  ...new Set([...postgresSessionKinds, ...mysqlSessionKinds]),
];

/** The kinds that an engine has; without one, all there are. */
export function sessionKindsOf(engine?: WireEngine): readonly LoadSessionKind[] {
  if (engine === undefined) return sessionKinds;
  return engine === 'mysql' ? mysqlSessionKinds : postgresSessionKinds;
}

/** The most sessions that one rehearsal opens. */
export const sessionsMax = 5_000;

const censusSession = z.strictObject({
  kind: z.enum(sessionKinds as [LoadSessionKind, ...LoadSessionKind[]]),
  count: z.number().int().min(1).max(sessionsMax).default(1),
  /** A label for people; several sessions of it are numbered. */
  name: z.string().min(1).max(100).optional(),
  /**
   * Server settings to make with SET, custom ones included: `app.tenant_id` of Postgres, the user
   * variable `@tenant` of MySQL.
   */
  settings: z
    .record(z.string().regex(/^@?[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/), z.string().max(1_000))
    .optional(),
});
const censusSchema = z.looseObject({ sessions: z.array(censusSession).max(sessionsMax) });

/** One line of a census. */
export type CensusSession = z.infer<typeof censusSession>;

/** Application sessions and the login they use. */
export interface SessionsPlan {
  readonly target: ConnectionTarget;
  readonly sessions: readonly CensusSession[];
}

/**
 * What is opened when nobody says otherwise, on every engine: one idle session, with the settings
 * that sessions of its engine have.
 */
export const defaultSessions: readonly CensusSession[] = [{ kind: 'idle', count: 1 }];

/**
 * Reads `idle=3,temp-table=1`; a kind alone counts one; `none` opens none.
 * @param engine whose kinds are allowed; without one, those of every engine
 * @throws UserError `SESSIONS_INVALID`
 */
export function parseSessionCounts(text: string, engine?: WireEngine): CensusSession[] {
  if (text.trim() === 'none') return [];
  const sessions = text.split(',').map((part) => {
    const match = /^\s*([a-z-]+)\s*(?:=\s*(\d{1,6})\s*)?$/.exec(part);
    const kind = sessionKinds.find((known) => known === match?.[1]);
    if (match === null || kind === undefined)
      throw invalid(`"${part.trim()}" is not a kind of session with a count.`, engine);
    return { kind, count: Number(match[2] ?? '1') };
  });
  return bounded(
    sessions.filter((session) => session.count > 0),
    engine,
  );
}

/**
 * Reads a census, JSON or YAML: `sessions: [{ kind, count, name?, settings? }]`.
 * @param engine whose kinds are allowed; without one, those of every engine
 * @throws UserError `SESSIONS_INVALID`
 */
export function parseCensus(text: string, engine?: WireEngine): CensusSession[] {
  let raw: unknown;
  try {
    raw = parseYaml(text, { maxAliasCount: 100, logLevel: 'error' });
  } catch (error) {
    throw invalid(`The census is neither JSON nor YAML: ${firstLine(String(error))}.`, engine);
  }
  const census = censusSchema.safeParse(raw);
  if (!census.success)
    throw invalid(`The census does not fit: ${firstLine(z.prettifyError(census.error))}.`, engine);
  return bounded(census.data.sessions, engine);
}

/**
 * Checks that an engine has the kinds and settings of these sessions.
 * @throws UserError `SESSIONS_INVALID`, naming the kinds that it has
 */
export function checkSessions(sessions: readonly CensusSession[], engine: WireEngine): void {
  const has = sessionKindsOf(engine);
  const title = engine === 'mysql' ? 'MySQL' : 'Postgres';
  for (const { kind, settings } of sessions) {
    if (!has.includes(kind)) throw invalid(`${title} has no sessions of the kind ${kind}.`, engine);
    const variable = Object.keys(settings ?? {}).find((name) => name.startsWith('@'));
    if (variable !== undefined && engine !== 'mysql')
      throw invalid(`${title} has no user variables such as ${variable}.`, engine);
  }
}

function bounded(sessions: CensusSession[], engine: WireEngine | undefined): CensusSession[] {
  const total = sessions.reduce((sum, session) => sum + session.count, 0);
  if (total > sessionsMax)
    throw invalid(`${total} sessions are more than one rehearsal opens (${sessionsMax}).`, engine);
  if (engine !== undefined) checkSessions(sessions, engine);
  return sessions;
}

function invalid(what: string, engine: WireEngine | undefined): UserError {
  const kinds = sessionKindsOf(engine).join(', ');
  return new UserError(
    'SESSIONS_INVALID',
    what,
    `Write for example --sessions idle=3,temp-table=1, of the kinds ${kinds}.`,
  );
}

function firstLine(text: string): string {
  return text.split('\n').slice(0, 2).join(' ').trim().replace(/\.$/, '');
}
