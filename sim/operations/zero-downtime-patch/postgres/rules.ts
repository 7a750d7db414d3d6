/**
 * Which sessions a zero-downtime patch of Aurora PostgreSQL drops so that it can complete. Pure.
 * Source: AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.MinorUpgrade.html, the limitations of
 * zero-downtime patching. That page gives no number for "long-running"; AWS's own advice looks
 * for queries older than 5 minutes (repost.aws, aurora-postgresql-zdp-cluster-upgrade).
 */
import type { BusySession } from '../../../engine/postgres/activity.js';
import type { SessionContents } from '../../../engine/postgres/examine.js';
import type { DropReason } from '../reasons.js';

/** Why a busy session is dropped now; null = it may still come to rest. */
export function reasonOfBusy(busy: BusySession, longRunningMs: number): DropReason | null {
  if (busy.replicates) return 'replication';
  if (busy.definesData) return 'ddl';
  if (busy.locksTable) return 'table-lock';
  if (busy.active && busy.queryMs !== null && busy.queryMs >= longRunningMs)
    return 'long-running-query';
  if (busy.transactionMs !== null && busy.transactionMs >= longRunningMs)
    return 'long-running-transaction';
  return null;
}

/** Why a parked session is dropped by what it holds; null = it is preserved. */
export function reasonOfParked(contents: SessionContents): DropReason | null {
  if (contents.temporaryTables > 0) return 'temporary-table';
  if (contents.heldCursors > 0) return 'with-hold-cursor';
  return null;
}

/** The rule about LISTEN looks at the application's sessions: our instruments never listen. */
export function allListen(
  sessions: readonly { owner: 'instrument' | 'application'; channels: number }[],
): boolean {
  const applications = sessions.filter((session) => session.owner === 'application');
  return applications.length > 0 && applications.every((session) => session.channels > 0);
}
