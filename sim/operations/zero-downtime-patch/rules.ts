/**
 * Which sessions a zero-downtime patch of Aurora PostgreSQL drops so that it can complete. Pure.
 * Source: AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.MinorUpgrade.html, the limitations of
 * zero-downtime patching. That page gives no number for "long-running"; AWS's own advice looks
 * for queries older than 5 minutes (repost.aws, aurora-postgresql-zdp-cluster-upgrade).
 */
import type { BusySession } from '../../engine/postgres/activity.js';
import type { SessionContents } from '../../engine/postgres/examine.js';

export const dropReasons = {
  'long-running-query': 'a long-running query was in progress',
  'long-running-transaction': 'a long-running transaction was in progress',
  ddl: 'a data definition statement was running',
  'table-lock': 'a table lock was in use',
  'temporary-table': 'a temporary table was in use',
  'with-hold-cursor': 'a cursor WITH HOLD was in use',
  'all-sessions-listening': 'all sessions were listening on notification channels',
  replication: 'it streams WAL; replication connections are not preserved here',
  late: 'it was still busy at the quiet-point deadline and --late-sessions is drop',
  'no-quiet-point': 'no quiet point was found in time: an ordinary restart drops every session',
  'zdp-failed': 'zero-downtime patching failed (published defect): an ordinary restart',
  'not-examined': 'what it holds could not be read, so it could not be handed over whole',
  'server-connection-lost': 'its server connection ended during the patch',
  'broken-by-fault': 'a fault of this rehearsal broke its connection during the patch',
  'engine-did-not-start': 'no engine could be started over the data again',
  'operation-failed': 'the patch could not go on',
  'transfer-failed':
    'its hand-over failed; AWS counts such in the log as ZD_SOCKET_TRANSFER_CONN_DROPPED',
} as const;

export type DropReason = keyof typeof dropReasons;

const documented: readonly DropReason[] = [
  'long-running-query',
  'long-running-transaction',
  'ddl',
  'table-lock',
  'temporary-table',
  'with-hold-cursor',
  'all-sessions-listening',
];

/** The reason in a sentence, with where it is documented. */
export function dropDetail(reason: DropReason): string {
  const source = documented.includes(reason)
    ? 'documented: AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.MinorUpgrade.html'
    : 'this rehearsal';
  return `${dropReasons[reason]} (${source})`;
}

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
