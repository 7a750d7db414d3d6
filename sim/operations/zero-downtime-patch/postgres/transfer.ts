/** Carries parked sessions over a restart: examined before it, re-attached and restored after. */
import type { PostgresSession } from '../../../endpoint/postgres/session.js';
import { sessionKindOf } from '../../../endpoint/session-kind.js';
import { EngineError } from '../../../engine/ask.js';
import type { Admin } from '../../../engine/postgres/admin.js';
import { type AdvisoryLock, advisoryLocks } from '../../../engine/postgres/advisory-locks.js';
import {
  examinationQuery,
  parseExamination,
  parseTemporaryTables,
  type SessionContents,
  temporaryTablesQuery,
} from '../../../engine/postgres/examine.js';
import { parseRestored, restoreSteps } from '../../../engine/postgres/restore.js';
import type { ServerAddress } from '../../../server/server.js';
import { backend, cStrings, type WholeMessage } from '../../../wire/postgres/messages.js';
import { eachOf } from '../each-of.js';
import { atOnceMax, type DropSession, type Loss } from '../edition.js';
import { allListen, reasonOfParked } from './rules.js';

const talkMsMax = 10_000;
const queryCanceled = '57014';
const triesMax = 5;

/** A parked session and what it holds. */
export interface Examined {
  readonly session: PostgresSession;
  readonly contents: SessionContents;
}

/** Examines the parked sessions; those that cannot be preserved are dropped with their reason. */
export async function examineAll(
  sessions: readonly PostgresSession[],
  admin: Admin,
  drop: DropSession,
): Promise<Examined[]> {
  const carried: Examined[] = [];
  const locks = await advisoryLocks(admin).catch(() => null);
  await eachOf(sessions, atOnceMax, async (session) => {
    const contents = locks === null ? null : await examineAgain(session, locks);
    if (contents === null) {
      if (session.state !== 'closed') drop(session, 'not-examined');
      return;
    }
    const reason = reasonOfParked(contents);
    if (reason === null) carried.push({ session, contents });
    else drop(session, reason);
  });
  const listening = allListen(
    carried.map(({ session, contents }) => ({
      owner: sessionKindOf(session.owner.applicationName).owner,
      channels: contents.channels.length,
    })),
  );
  if (!listening) return carried;
  return carried.filter(({ session, contents }) => {
    if (contents.channels.length === 0) return true;
    drop(session, 'all-sessions-listening');
    return false;
  });
}

/**
 * A cancel that the client sent just before it was held may hit our question in place of the
 * client's own: then it is asked again.
 */
async function examineAgain(
  session: PostgresSession,
  locks: ReadonlyMap<number, AdvisoryLock[]>,
): Promise<SessionContents | null> {
  for (let tries = 1; tries <= triesMax; tries++) {
    try {
      return await examine(session, locks);
    } catch (error) {
      if (!(error instanceof EngineError && error.sqlState === queryCanceled)) return null;
    }
  }
  return null;
}

async function examine(
  session: PostgresSession,
  locks: ReadonlyMap<number, AdvisoryLock[]>,
): Promise<SessionContents> {
  const question = examinationQuery(session.owner.user, [...session.traffic.customSettings]);
  const examined = parseExamination(await session.talk(question, 1, talkMsMax));
  const temporaryTables = examined.hasTemporarySchema
    ? parseTemporaryTables(await session.talk(temporaryTablesQuery, 1, talkMsMax))
    : 0;
  const held = locks.get(session.serverProcessId ?? 0) ?? [];
  return { ...examined, temporaryTables, advisoryLocks: held };
}

/**
 * Re-attaches a detached session and restores what it held.
 * @returns why it could not be put back, or null, and what is lost all the same
 */
export async function attach(
  { session, contents }: Examined,
  address: ServerAddress,
  preparedStatements: 'survive' | 'lost',
): Promise<{ failure: string | null; lost: Loss[] }> {
  await session.reconnect(address);
  const survive = preparedStatements === 'survive';
  const { traffic } = session;
  const statements = contents.statements.length + (traffic.unnamedParse === null ? 0 : 1);
  const unnamed = survive ? traffic.unnamedParse : null;
  if (!survive) traffic.forgetUnnamed();
  const reported = new Map(session.reportedByServer);
  const whole = withEncoding(contents, session, reported);
  const { steps, lost } = restoreSteps(whole, survive, unnamed);
  if (!survive && statements > 0) lost.push(`${statements} prepared statements`);
  if (steps.length > 0) {
    const bytes = Buffer.concat(steps.map((step) => step.bytes));
    const answer = await session.talk(bytes, steps.length, talkMsMax);
    const restored = parseRestored(steps, answer);
    if (restored.failure !== null) return { failure: restored.failure, lost: [] };
    lost.push(...restored.lost);
    for (const [name, value] of reportedIn(answer)) reported.set(name, value);
  }
  if (survive && traffic.unnamedParseLost) lost.push('the unnamed prepared statement: too long');
  if (traffic.customSettingsLost) lost.push('custom settings: more names than are remembered');
  session.announceChanges(reported);
  return { failure: null, lost: lost.map((what) => ({ what })) };
}

/** Adds the client's encoding where it is not the one that the new connection began with. */
function withEncoding(
  contents: SessionContents,
  { traffic }: PostgresSession,
  reported: ReadonlyMap<string, string>,
): SessionContents {
  const name = 'client_encoding';
  const value = traffic.reported.get(name);
  if (value === undefined || value === reported.get(name)) return contents;
  return { ...contents, settings: [...contents.settings, { name, value }] };
}

function* reportedIn(messages: readonly WholeMessage[]): Generator<[string, string]> {
  for (const { type, body } of messages) {
    const [name, value] = type === backend.parameterStatus ? cStrings(body) : [];
    if (name !== undefined && value !== undefined) yield [name, value];
  }
}
