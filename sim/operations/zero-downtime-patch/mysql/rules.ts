/**
 * Which sessions a zero-downtime patch of Aurora MySQL drops so that it can complete. Pure.
 * Source: AuroraUserGuide/AuroraMySQL.Updates.ZDP.html. Long queries and open transactions are not
 * among them: those are cancelled, and their connections kept.
 */
import type { MysqlBusySession } from '../../../engine/mysql/activity.js';
import type { MysqlSessionContents } from '../../../engine/mysql/examine.js';
import type { DropReason } from '../reasons.js';

/** Why a busy session is dropped now; null = it may still come to rest. */
export function reasonOfBusy(busy: MysqlBusySession): DropReason | null {
  if (busy.replicates) return 'binlog-dump';
  if (busy.definesData) return 'ddl';
  if (busy.locksTable) return 'table-lock';
  return busy.userLock ? 'user-lock' : null;
}

/** Why a parked session is dropped by what it holds; null = it is preserved. */
export function reasonOfParked(contents: MysqlSessionContents): DropReason | null {
  if (contents.temporaryTables > 0) return 'temporary-table';
  if (contents.userLocks.length > 0) return 'user-lock';
  return contents.tableLocks || contents.openHandlers > 0 ? 'table-lock' : null;
}
