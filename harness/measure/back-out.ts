/** What the way back from a phase took and lost. Pure. */
import type { EntryOf } from '../history/entry.js';
import type { Ledger } from './ledger.js';
import type { RollbackMeasure } from './rollback.js';

export interface BackOutMeasure {
  /** The phase that was backed out of. */
  readonly from: string;
  readonly reached: boolean;
  /** As documented; null: no way back is written for the phase. */
  readonly possible: boolean | null;
  readonly what: string | null;
  /** What had gone wrong before, or null. */
  readonly before: string | null;
  /** As documented: what serves afterwards has none of the writes since the phase. */
  readonly losesWritesSince: boolean;
  /** Acknowledged between the phase's end and the way back; null where that was not looked at. */
  readonly writesBetween: number | null;
  /** Null where no way was gone. */
  readonly gone: WayGone | null;
}

export interface WayGone {
  readonly ok: boolean;
  readonly why: string | null;
  /** The cluster that serves afterwards, and whether it was made from a snapshot. */
  readonly cluster: string;
  readonly restored: boolean;
  readonly beginNs: number;
  /** From its begin until a write succeeded once all of it was done; null where none did. */
  readonly tookNs: number | null;
  /** Acknowledged, yet not on what serves afterwards; null where that could not be read whole. */
  readonly writesLost: number | null;
}

/** Null where none was rehearsed. */
export function measureBackOut(
  entries: readonly EntryOf<'back-out'>[],
  ledger: Ledger | null,
  rollback: RollbackMeasure | null,
): BackOutMeasure | null {
  const stages = entries.map(({ data }) => data);
  const begun = stages.find((data) => data.stage === 'begin');
  if (begun === undefined) return null;
  const { from, reached, possible, what, before } = begun;
  const { losesWritesSince = false, writesBetween = null } = begun;
  const base = { from, reached, possible, what, before, losesWritesSince, writesBetween };
  const end = stages.find((data) => data.stage === 'end');
  if (end === undefined) return { ...base, gone: null };
  const { ok, why, cluster, restored, beginNs, writesAgainNs } = end;
  const lost = restored ? rollback?.restored?.writesLost : ledger?.lost;
  return {
    ...base,
    gone: {
      ...{ ok, why, cluster, restored, beginNs },
      tookNs: writesAgainNs === null ? null : writesAgainNs - beginNs,
      writesLost: lost ?? null,
    },
  };
}
