/** Reads the ledger's table whole from the surviving writer. */
import type { Clock } from '../../sim/clock.js';
import type { Failure, RecordEntry } from '../history/entry.js';
import { note } from '../history/record.js';
import { dialectOf } from '../probe/dialect.js';
import { openConnection } from '../probe/open-connection.js';
import type { ConnectionTarget } from '../probe/target.js';
import type { FoundRuns } from './found-runs.js';
import { ledgerEngineOf } from './ledger-engine.js';

export interface ReadbackOptions {
  readonly target: ConnectionTarget;
  readonly clock: Clock;
  readonly record: RecordEntry;
  /** For the whole of it. */
  readonly timeoutMs: number;
  /** The highest number of a row whose write was acknowledged; null where none was. */
  readonly highestRowId: number | null;
}

/** The numbers that the database gives rows: a counter that went back gives some of them again. */
interface RowIds {
  /** The highest one of a write that was acknowledged. */
  readonly acknowledgedMax: number;
  /** What the next row was given after the operation. */
  readonly next: number;
}

/** Reads, records one `readback` entry, and says whether it is complete. Never rejects. */
export async function readback(
  options: ReadbackOptions,
): Promise<{ complete: boolean; reason: string | null }> {
  const { target, clock, record, timeoutMs, highestRowId } = options;
  const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
  const leftMs = (): number => (deadlineNs - clock.nowNs()) / 1e6;
  const dialect = dialectOf(target.engine);
  const found: Record<string, FoundRuns> = {};
  const applicationName = 'rehearse/ledger/readback';
  const opened = await openConnection({ target, clock, applicationName, timeoutMs });
  let version: string | null = null;
  let failure: Failure | null = opened.failure ?? null;
  let rowIds: RowIds | null = null;
  if (opened.connection !== undefined) {
    const { connection } = opened;
    const identity = await connection.query(dialect.identity, leftMs());
    version = identity.ok ? (dialect.identityOf(identity.rows[0])?.version ?? null) : null;
    const ask = (text: string) => connection.query({ text }, leftMs());
    const { readAll, nextRowId } = ledgerEngineOf(target.engine);
    failure = await readAll(ask, found);
    // Last of all: it takes a number from the counter.
    const next = failure === null && highestRowId !== null ? await nextRowId(ask) : null;
    if (next !== null && highestRowId !== null) rowIds = { acknowledgedMax: highestRowId, next };
    await connection.close();
  }
  record({
    atNs: clock.nowNs(),
    clock: 'client',
    kind: 'write',
    subject: {},
    data: {
      ...{ stage: 'readback', complete: failure === null, version, found, error: failure },
      ...(rowIds === null ? {} : { rowIds }),
    },
  });
  if (rowIds !== null && rowIds.next <= rowIds.acknowledgedMax)
    note(record, clock, 'warning', 'row-ids-went-back', wentBack(rowIds));
  return { complete: failure === null, reason: failure?.message ?? null };
}

function wentBack({ acknowledgedMax, next }: RowIds): string {
  return (
    `the counter of row numbers went back: the next row of the ledger was given ${next}, ` +
    `though ${acknowledgedMax} was given to a write that was acknowledged`
  );
}
