import type { Flavour } from '../flavours.js';
import type { MysqlAdmin } from './admin.js';
import { transactionsOf } from './replication.js';
import { transactionsReceived, transactionsSince } from './written-since.js';

export interface AppliedLag {
  /** That the source has and the follower has not applied. */
  readonly transactions: number;
  /**
   * How long ago the latest one that it applied was committed on the source, in ms; null where
   * the server does not tell: MariaDB, and MySQL before it applied any.
   */
  readonly committedMsAgo: number | null;
}

/** How far a follower by binary log is behind its source. */
export async function appliedLag(
  source: MysqlAdmin,
  follower: MysqlAdmin,
  flavour: Flavour,
): Promise<AppliedLag> {
  const applied =
    flavour === 'mysql'
      ? await transactionsOf(follower, flavour)
      : await transactionsReceived(follower, flavour);
  const transactions = await transactionsSince(source, flavour, applied);
  if (flavour === 'mariadb') return { transactions, committedMsAgo: null };
  const [row] = await follower.ask(
    'select timestampdiff(microsecond, ' +
      'max(nullif(last_applied_transaction_original_commit_timestamp, 0)), now(6)) ' +
      'from performance_schema.replication_applier_status_by_worker',
  );
  const micros = row?.[0] ?? null;
  return { transactions, committedMsAgo: micros === null ? null : Number(micros) / 1_000 };
}
