/** Carries parked sessions over a restart: examined before it, re-attached and restored after. */
import type { Clock } from '../../clock.js';
import type { Endpoint } from '../../endpoint/endpoint.js';
import type { Session } from '../../endpoint/session.js';
import { sessionKindOf } from '../../endpoint/session-kind.js';
import type { Admin } from '../../engine/postgres/admin.js';
import { type AdvisoryLock, advisoryLocks } from '../../engine/postgres/advisory-locks.js';
import {
  examinationQuery,
  parseExamination,
  parseTemporaryTables,
  type SessionContents,
  temporaryTablesQuery,
} from '../../engine/postgres/examine.js';
import { parseRestored, restoreSteps } from '../../engine/postgres/restore.js';
import { backend, cStrings, type WholeMessage } from '../../wire/postgres/messages.js';
import { allListen, type DropReason, reasonOfParked } from './rules.js';

/** How many sessions are examined or re-attached at a time. */
const atOnceMax = 32;
const talkMsMax = 10_000;

/** A parked session and what it holds. */
export interface Carried {
  readonly session: Session;
  readonly contents: SessionContents;
}

/** Examines the parked sessions; those that cannot be preserved are dropped with their reason. */
export async function examineAll(
  sessions: readonly Session[],
  admin: Admin,
  drop: (session: Session, reason: DropReason) => void,
): Promise<Carried[]> {
  const carried: Carried[] = [];
  const locks = await advisoryLocks(admin).catch(() => null);
  await eachOf(sessions, atOnceMax, async (session) => {
    const contents = locks === null ? null : await examine(session, locks).catch(() => null);
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
      owner: sessionKindOf(session.parameters).owner,
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

async function examine(
  session: Session,
  locks: ReadonlyMap<number, AdvisoryLock[]>,
): Promise<SessionContents> {
  const user = session.parameters.get('user') ?? '';
  const question = examinationQuery(user, [...session.traffic.customSettings]);
  const examined = parseExamination(await session.talk(question, 1, talkMsMax));
  const temporaryTables = examined.hasTemporarySchema
    ? parseTemporaryTables(await session.talk(temporaryTablesQuery, 1, talkMsMax))
    : 0;
  const held = locks.get(session.serverProcessId ?? 0) ?? [];
  return { ...examined, temporaryTables, advisoryLocks: held };
}

export interface AttachOptions {
  readonly clock: Clock;
  readonly endpoint: Endpoint;
  readonly preparedStatements: 'survive' | 'lost';
  readonly drop: (session: Session, reason: DropReason, why: string) => void;
  /** Told what a preserved session has lost all the same. */
  readonly onLoss: (session: Session, what: string) => void;
}

/** Re-attaches and restores the sessions; returns those that made it. */
export async function attachAll(
  carried: readonly Carried[],
  options: AttachOptions,
): Promise<Session[]> {
  const attached: Session[] = [];
  await eachOf(carried, atOnceMax, async (one) => {
    const { session } = one;
    const failure = await attach(one, options).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    if (session.state === 'closed') return;
    if (failure === null) attached.push(session);
    else options.drop(session, 'transfer-failed', failure);
  });
  return attached;
}

/** @returns why it could not be put back, or null */
async function attach(
  { session, contents }: Carried,
  options: AttachOptions,
): Promise<string | null> {
  const upstream = await options.endpoint.reconnect(session);
  session.attach(upstream);
  const survive = options.preparedStatements === 'survive';
  const { traffic } = session;
  const unnamed = survive ? traffic.unnamedParse : null;
  if (!survive) traffic.unnamedParse = null;
  const reported = new Map(upstream.reported);
  const whole = withEncoding(contents, session, reported);
  const { steps, lost } = restoreSteps(whole, survive, unnamed);
  if (steps.length > 0) {
    const bytes = Buffer.concat(steps.map((step) => step.bytes));
    const answer = await session.talk(bytes, steps.length, talkMsMax);
    const restored = parseRestored(steps, answer);
    if (restored.failure !== null) return restored.failure;
    lost.push(...restored.lost);
    for (const [name, value] of reportedIn(answer)) reported.set(name, value);
  }
  if (survive && traffic.unnamedParseLost) lost.push('the unnamed prepared statement: too long');
  if (traffic.customSettingsLost) lost.push('custom settings: more names than are remembered');
  for (const what of lost) options.onLoss(session, what);
  session.announceChanges(reported);
  return null;
}

/** Adds the client's encoding where it is not the one that the new connection began with. */
function withEncoding(
  contents: SessionContents,
  { traffic }: Session,
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

/** Works through the items, so many at a time. */
async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
