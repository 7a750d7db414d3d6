/** A zero-downtime patch as Aurora MySQL does it. */
import type { ClusterRecord } from '../../../cluster/cluster.js';
import type { MysqlMember } from '../../../cluster/member.js';
import { MysqlSession } from '../../../endpoint/mysql/session.js';
import type { Session } from '../../../endpoint/session.js';
import { activityOf } from '../../../engine/mysql/activity.js';
import type { ZeroDowntimePatchParameters } from '../../../sim.js';
import type { Edition } from '../edition.js';
import * as say from '../messages.js';
import type { DropReason } from '../reasons.js';
import { reasonOfBusy } from './rules.js';
import { mysqlRunbook } from './runbook.js';
import { examineAll } from './transfer.js';

const activityMsMax = 500;
/** How long a session may take to end its statement once that was cancelled. */
const cancelMsMax = 1_000;

export function mysqlEdition(
  cluster: ClusterRecord,
  member: MysqlMember,
  parameters: ZeroDowntimePatchParameters,
): Edition {
  return {
    runbook: mysqlRunbook(cluster, member, parameters),
    success: 'zdp.success.mysql',
    fallback: 'zdp.fallback.mysql',
    begun: [say.attempting('cluster'), say.attempting('instance')],
    started: () => [],
    ending: {
      online: [],
      patched: [],
      complete: () => [say.patched],
    },
    blockers: (busy) => blockers(busy, member),
    cancel: (busy) => cancel(busy, cluster, member),
    beforeStop: () => endDumps(member),
    examine: (parked, drop) =>
      examineAll(parked.filter(isMysql), cluster, member, parameters, drop),
  };
}

function isMysql(session: Session): session is MysqlSession {
  return session instanceof MysqlSession;
}

async function blockers(
  busy: readonly Session[],
  { admin, flavour }: MysqlMember,
): Promise<Map<Session, DropReason>> {
  const byId = new Map<number, Session>();
  for (const session of busy) {
    if (session.serverProcessId !== undefined) byId.set(session.serverProcessId, session);
  }
  const found = new Map<Session, DropReason>();
  if (byId.size === 0) return found;
  // Without an answer nobody is dropped by rule; the deadline decides.
  const ids = [...byId.keys()];
  const activity = await activityOf(admin, { flavour }, ids, activityMsMax).catch(() => []);
  for (const one of activity) {
    const session = byId.get(one.connectionId);
    const reason = reasonOfBusy(one);
    if (session !== undefined && reason !== null) found.set(session, reason);
  }
  return found;
}

/** AWS cancels what runs and keeps the connection; the client gets error 1317. */
async function cancel(
  busy: readonly Session[],
  { clock }: ClusterRecord,
  { admin }: MysqlMember,
): Promise<void> {
  for (const { serverProcessId, state } of busy) {
    if (state !== 'running' || serverProcessId === undefined) continue;
    await admin.ask(`kill query ${serverProcessId}`, activityMsMax).catch(() => []);
  }
  const stop = new AbortController();
  const all = Promise.all(busy.map((session) => session.parked()));
  await Promise.race([all, clock.sleep(cancelMsMax, stop.signal).catch(() => {})]);
  stop.abort();
}

/**
 * A MySQL server gives those who read its binary log ten seconds when it goes down, and does not
 * notice that they have left: the outage would be that much longer.
 */
async function endDumps({ admin }: MysqlMember): Promise<void> {
  const dumps = `select id from information_schema.processlist where command like 'Binlog Dump%'`;
  const rows = await admin.ask(dumps, activityMsMax).catch(() => []);
  for (const [id] of rows) await admin.ask(`kill ${id}`, activityMsMax).catch(() => []);
}
