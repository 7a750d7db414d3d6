/** A zero-downtime patch as Aurora PostgreSQL does it. */
import type { ClusterRecord } from '../../../cluster/cluster.js';
import { PostgresSession } from '../../../endpoint/postgres/session.js';
import type { Session } from '../../../endpoint/session.js';
import { activityOf } from '../../../engine/postgres/activity.js';
import type { Admin } from '../../../engine/postgres/admin.js';
import { endSenders } from '../../../engine/postgres/replication.js';
import type { ZeroDowntimePatchParameters } from '../../../sim.js';
import type { Edition } from '../edition.js';
import * as say from '../messages.js';
import type { DropReason } from '../reasons.js';
import { reasonOfBusy } from './rules.js';
import { attach, examineAll } from './transfer.js';

export function postgresEdition(
  cluster: ClusterRecord,
  admin: Admin,
  parameters: ZeroDowntimePatchParameters,
): Edition {
  return {
    runbook: null,
    success: 'zdp.success.pg',
    fallback: 'zdp.fallback.pg',
    begun: [say.attempting('cluster'), say.walSendersAdjusted, say.attempting('instance')],
    started: (startupUs) => [say.fastStartup(startupUs)],
    ending: {
      online: [say.online],
      patched: [say.finishedOnAll],
      complete: (from, to) => [say.complete(from, to), say.upgraded],
    },
    blockers: (busy) => blockers(busy, admin, parameters.longRunningMs),
    // AWS documents no such thing for PostgreSQL: those still busy mean an ordinary restart.
    cancel: async () => {},
    // On Aurora readers share or copy storage: none of them keeps the writer from restarting.
    beforeStop: () => endSenders(admin).catch(() => {}),
    examine: async (parked, drop) => {
      const carried = await examineAll(parked.filter(isPostgres), admin, drop);
      return carried.map((one) => ({
        session: one.session,
        attach: () => attach(one, cluster.serverAddress, parameters.preparedStatements),
      }));
    },
  };
}

function isPostgres(session: Session): session is PostgresSession {
  return session instanceof PostgresSession;
}

async function blockers(
  busy: readonly Session[],
  admin: Admin,
  longRunningMs: number,
): Promise<Map<Session, DropReason>> {
  const byProcess = new Map<number, Session>();
  for (const session of busy) {
    if (session.serverProcessId !== undefined) byProcess.set(session.serverProcessId, session);
  }
  const found = new Map<Session, DropReason>();
  if (byProcess.size === 0) return found;
  // Without an answer nobody is dropped by rule; the deadline decides.
  const activity = await activityOf(admin, [...byProcess.keys()], 500).catch(() => []);
  for (const one of activity) {
    const session = byProcess.get(one.processId);
    const reason = reasonOfBusy(one, longRunningMs);
    if (session !== undefined && reason !== null) found.set(session, reason);
  }
  return found;
}
