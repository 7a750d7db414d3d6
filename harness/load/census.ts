/** Which application sessions to open: counted on the command line or listed in a file. */
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../sim/user-error.js';
import type { ConnectionTarget } from '../probe/postgres/target.js';

/** The states that an application session can be put into and held in. */
export const sessionKinds = [
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
export type LoadSessionKind = (typeof sessionKinds)[number];

/** The most sessions that one rehearsal opens. */
export const sessionsMax = 5_000;

const censusSession = z.strictObject({
  kind: z.enum(sessionKinds),
  count: z.number().int().min(1).max(sessionsMax).default(1),
  /** A label for people; several sessions of it are numbered. */
  name: z.string().min(1).max(100).optional(),
  /** Server settings to make with SET, custom ones such as `app.tenant_id` included. */
  settings: z
    .record(z.string().regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/), z.string().max(1_000))
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

/** What is opened when nobody says otherwise: one idle session with settings of its own. */
export const defaultSessions: readonly CensusSession[] = [{ kind: 'idle', count: 1 }];

/**
 * Reads `idle=3,temp-table=1`; a kind alone counts one; `none` opens none.
 * @throws UserError `SESSIONS_INVALID`
 */
export function parseSessionCounts(text: string): CensusSession[] {
  if (text.trim() === 'none') return [];
  const sessions = text.split(',').map((part) => {
    const match = /^\s*([a-z-]+)\s*(?:=\s*(\d{1,6})\s*)?$/.exec(part);
    const kind = sessionKinds.find((known) => known === match?.[1]);
    if (match === null || kind === undefined)
      throw invalid(`"${part.trim()}" is not a kind of session with a count.`);
    return { kind, count: Number(match[2] ?? '1') };
  });
  return bounded(sessions.filter((session) => session.count > 0));
}

/**
 * Reads a census, JSON or YAML: `sessions: [{ kind, count, name?, settings? }]`.
 * @throws UserError `SESSIONS_INVALID`
 */
export function parseCensus(text: string): CensusSession[] {
  let raw: unknown;
  try {
    raw = parseYaml(text, { maxAliasCount: 100, logLevel: 'error' });
  } catch (error) {
    throw invalid(`The census is neither JSON nor YAML: ${firstLine(String(error))}.`);
  }
  const census = censusSchema.safeParse(raw);
  if (!census.success)
    throw invalid(`The census does not fit: ${firstLine(z.prettifyError(census.error))}.`);
  return bounded(census.data.sessions);
}

function bounded(sessions: CensusSession[]): CensusSession[] {
  const total = sessions.reduce((sum, session) => sum + session.count, 0);
  if (total > sessionsMax)
    throw invalid(`${total} sessions are more than one rehearsal opens (${sessionsMax}).`);
  return sessions;
}

function invalid(what: string): UserError {
  return new UserError(
    'SESSIONS_INVALID',
    what,
    `Write for example --sessions idle=3,temp-table=1, of the kinds ${sessionKinds.join(', ')}.`,
  );
}

function firstLine(text: string): string {
  return text.split('\n').slice(0, 2).join(' ').trim().replace(/\.$/, '');
}
