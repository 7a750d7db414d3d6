/** What going back to the snapshot would have lost. Pure. */
import type { EntryOf } from '../history/entry.js';
import type { LedgerBook } from './ledger.js';
import { TableRows } from './table-rows.js';

export interface RollbackMeasure {
  readonly snapshot: string;
  /** The stretch in which the server stood still for it. */
  readonly frozenFromNs: number;
  readonly frozenToNs: number;
  /** Null where nothing was restored. */
  readonly restored: RestoredMeasure | null;
}

export interface RestoredMeasure {
  readonly cluster: string;
  /** From the call to a new cluster that is available. */
  readonly tookNs: number;
  readonly version: string;
  readonly versionText: string;
  /** Acknowledged, yet not in the restored cluster; null where its ledger was not read whole. */
  readonly writesLost: number | null;
  /**
   * Those of them that were acknowledged before the snapshot was begun: there should be none.
   * Null also where the instants of the writes are not kept.
   */
  readonly earlierWritesLost: number | null;
  /** Why the ledger could not be read whole, or null. */
  readonly why: string | null;
}

type Rollback = EntryOf<'rollback'>;
type Write = EntryOf<'write'>;

/**
 * @param book the fates of all writes
 * @param writes their entries, or null where they are not kept
 */
export function measureRollback(
  entries: readonly Rollback[],
  book: LedgerBook,
  writes: readonly Write[] | null,
): RollbackMeasure | null {
  const stages = entries.map(({ data }) => data);
  const taken = stages.find((data) => data.stage === 'snapshot');
  if (taken === undefined) return null;
  const { identifier, frozenFromNs, frozenToNs } = taken;
  const restored = stages.find((data) => data.stage === 'restored');
  const base = { snapshot: identifier, frozenFromNs, frozenToNs };
  if (restored === undefined) return { ...base, restored: null };
  const { cluster, beginNs, endNs, version, versionText, complete, found, why } = restored;
  const lost = complete ? book.acknowledgedAbsent(new TableRows(found)) : null;
  return {
    ...base,
    restored: {
      cluster,
      tookNs: endNs - beginNs,
      ...{ version, versionText, why },
      writesLost: lost?.length ?? null,
      earlierWritesLost:
        lost === null || writes === null ? null : acknowledgedBefore(frozenFromNs, lost, writes),
    },
  };
}

function acknowledgedBefore(
  instantNs: number,
  ids: readonly string[],
  writes: readonly Write[],
): number {
  const wanted = new Set(ids);
  return writes.filter(
    ({ atNs, data }) => data.stage === 'acknowledged' && atNs < instantNs && wanted.has(data.id),
  ).length;
}
