/** Carries parked sessions over a restart: examined before it, re-attached and restored after. */
import type { ClusterRecord } from '../../../cluster/cluster.js';
import type { MysqlMember } from '../../../cluster/member.js';
import type { MysqlSession } from '../../../endpoint/mysql/session.js';
import { examineSession, type MysqlSessionContents } from '../../../engine/mysql/examine.js';
import { restoreSteps, runRestoration } from '../../../engine/mysql/restore.js';
import { freshVariables, surveySessions } from '../../../engine/mysql/survey.js';
import type { PatchDefect, ZeroDowntimePatchParameters } from '../../../sim.js';
import { eachOf } from '../each-of.js';
import { atOnceMax, type Carried, type DropSession, type Loss } from '../edition.js';
import type { DropReason } from '../reasons.js';
import { reasonOfParked } from './rules.js';

const talkMsMax = 10_000;

/**
 * What the client of a transaction that was open gets at its next statement. The text is that of
 * a published report (qiita.com, Ryo-0131, of an Aurora minor upgrade); the number is the one that
 * Aurora Serverless uses for the same words about its scaling. AWS documents neither.
 */
const transactionAborted = {
  number: 1105,
  sqlState: 'HY000',
  text: 'The last transaction was aborted due to Zero Downtime Patch. Please retry.',
};

interface Examined {
  readonly session: MysqlSession;
  readonly contents: MysqlSessionContents;
  readonly inTransaction: boolean;
}

/** Examines the parked sessions; those that cannot be preserved are dropped with their reason. */
export async function examineAll(
  sessions: readonly MysqlSession[],
  cluster: ClusterRecord,
  member: MysqlMember,
  parameters: ZeroDowntimePatchParameters,
  drop: DropSession,
): Promise<Carried[]> {
  const ids = sessions.flatMap(({ serverProcessId }) => serverProcessId ?? []);
  const version = { ...(await member.version()), flavour: member.flavour };
  const survey = await surveySessions(member.admin, version, ids).catch(() => null);
  const examined: Examined[] = [];
  await eachOf(sessions, atOnceMax, async (session) => {
    const { temporaryTables, serverProcessId } = session;
    const ask = (sql: string): ReturnType<MysqlSession['ask']> => session.ask(sql, talkMsMax);
    const parked = { connectionId: serverProcessId ?? 0, ask, temporaryTables };
    const contents =
      survey === null ? null : await examineSession(survey, parked).catch(() => null);
    if (contents === null) {
      if (session.state !== 'closed') drop(session, 'not-examined');
      return;
    }
    const reason = reasonOfParked(contents);
    const inTransaction = session.inTransaction && !contents.preparedXa;
    if (reason === null) examined.push({ session, contents, inTransaction });
    else drop(session, reason, guessOf(reason, contents));
  });
  tellIdleDefects(examined, cluster, parameters);
  // The new server's own: asked once, by whoever needs it first.
  let fresh: ReturnType<typeof freshVariables> | undefined;
  const freshNow = (): ReturnType<typeof freshVariables> => {
    fresh ??= freshVariables(member.admin, member.flavour);
    return fresh;
  };
  return examined.map((one) => ({
    session: one.session,
    attach: async () => {
      one.session.reusesStatementIds = parameters.defects.includes('zdp-wrong-statement');
      await one.session.reconnect(cluster.serverAddress);
      return await restore(one, await freshNow(), parameters);
    },
  }));
}

/** Where it is not known for sure that the session has what it is dropped for. */
function guessOf(reason: DropReason, contents: MysqlSessionContents): string | undefined {
  return reason === 'temporary-table' && contents.temporaryTablesGuessed
    ? 'a guess: it made one, and whether it is still there is not known'
    : undefined;
}

/** A defect with nobody to meet it was not rehearsed, whatever comes out: an error note says so. */
function tellIdleDefects(
  examined: readonly Examined[],
  cluster: ClusterRecord,
  { defects }: ZeroDowntimePatchParameters,
): void {
  const lacks = (what: string): string => `no session that is preserved has ${what}`;
  const some = (has: (contents: MysqlSessionContents) => boolean): boolean =>
    examined.some(({ contents }) => has(contents));
  const idle: [PatchDefect, string][] = [];
  if (!some(({ preparedStatements }) => preparedStatements > 0))
    idle.push(['zdp-wrong-statement', lacks('a prepared statement')]);
  if (!some(({ role }) => role !== null)) idle.push(['zdp-lost-roles', lacks('an active role')]);
  for (const [defect, why] of idle) {
    if (!defects.includes(defect)) continue;
    cluster.note('error', 'fault-idle', `the defect ${defect} met nobody: ${why}`);
  }
}

async function restore(
  { session, contents, inTransaction }: Examined,
  fresh: ReadonlyMap<string, string>,
  parameters: ZeroDowntimePatchParameters,
): Promise<{ failure: string | null; lost: Loss[] }> {
  const lastInsertId = parameters.lastInsertId ?? 'lost';
  const role = parameters.defects.includes('zdp-lost-roles') ? 'lost' : 'survive';
  const { steps, lost } = restoreSteps(contents, { fresh, lastInsertId, role });
  const restored = await runRestoration((sql) => session.ask(sql, talkMsMax), steps);
  if (restored.failure !== null) return { failure: restored.failure, lost: [] };
  if (inTransaction) session.abortTransaction(transactionAborted);
  const { preparedStatements } = contents;
  const whole = [
    ...(inTransaction ? ['its open transaction, which is rolled back'] : []),
    ...(preparedStatements > 0 ? [`${preparedStatements} prepared statements`] : []),
    ...(contents.role !== null && role === 'lost' ? ['its role'] : []),
    ...lost,
    ...restored.lost,
  ];
  const losesId = contents.lastInsertId !== null && lastInsertId === 'lost';
  const minor: Loss[] = losesId ? [{ what: 'LAST_INSERT_ID()', minor: true }] : [];
  return { failure: null, lost: [...whole.map((what) => ({ what })), ...minor] };
}
