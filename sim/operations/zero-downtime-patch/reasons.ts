/** Why a zero-downtime patch drops a session, and where each reason is documented. */
import type { ClusterEngine } from '../../sim.js';

export const dropReasons = {
  'long-running-query': 'a long-running query was in progress',
  'long-running-transaction': 'a long-running transaction was in progress',
  ddl: 'a data definition statement was running',
  'table-lock': 'a table lock was in use',
  'user-lock': 'a user lock (GET_LOCK) was in use',
  'temporary-table': 'a temporary table was in use',
  'with-hold-cursor': 'a cursor WITH HOLD was in use',
  'all-sessions-listening': 'all sessions were listening on notification channels',
  'binlog-dump': 'it reads the binary log',
  replication: 'it streams WAL; replication connections are not preserved here',
  late: 'it was still busy at the quiet-point deadline and --late-sessions is drop',
  'not-cancelled': 'it was still busy after its statement was cancelled',
  'no-quiet-point': 'no quiet point was found in time: an ordinary restart drops every session',
  'zdp-failed': 'zero-downtime patching failed (published defect): an ordinary restart',
  'not-examined': 'what it holds could not be read, so it could not be handed over whole',
  'server-connection-lost': 'its server connection ended during the patch',
  'broken-by-fault': 'a fault of this rehearsal broke its connection during the patch',
  'engine-did-not-start': 'no engine could be started over the data again',
  'operation-failed': 'the patch could not go on',
  'transfer-failed': 'its hand-over failed',
} as const;

export type DropReason = keyof typeof dropReasons;

interface Documented {
  readonly page: string;
  readonly reasons: readonly DropReason[];
}

/** Of Aurora alone: RDS instances are not patched this way. */
const documented: Readonly<Partial<Record<ClusterEngine, Documented>>> = {
  'aurora-postgresql': {
    page: 'AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.MinorUpgrade.html',
    reasons: [
      'long-running-query',
      'long-running-transaction',
      'ddl',
      'table-lock',
      'temporary-table',
      'with-hold-cursor',
      'all-sessions-listening',
    ],
  },
  'aurora-mysql': {
    page: 'AuroraUserGuide/AuroraMySQL.Updates.ZDP.html',
    reasons: ['ddl', 'table-lock', 'user-lock', 'temporary-table', 'binlog-dump', 'no-quiet-point'],
  },
};

/** What one engine alone says of it. */
const more: Readonly<Partial<Record<ClusterEngine, Partial<Record<DropReason, string>>>>> = {
  'aurora-postgresql': {
    'transfer-failed':
      '; Aurora PostgreSQL counts such in its log as ZD_SOCKET_TRANSFER_CONN_DROPPED',
  },
};

/** The reason in a sentence, with where it is documented. */
export function dropDetail(reason: DropReason, engine: ClusterEngine): string {
  const found = documented[engine];
  const source =
    found?.reasons.includes(reason) === true ? `documented: ${found.page}` : 'this rehearsal';
  return `${dropReasons[reason]}${more[engine]?.[reason] ?? ''} (${source})`;
}
