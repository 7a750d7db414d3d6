/** Reads the ledger's table whole from the surviving writer. */
import type { Clock } from '../../sim/clock.js';
import type { Failure, RecordEntry } from '../history/entry.js';
import { note } from '../history/record.js';
import { dialectOf } from '../probe/dialect.js';
import { openConnection } from '../probe/open-connection.js';
import type { ConnectionTarget } from '../probe/target.js';
import type { FoundRuns } from './found-runs.js';
import { type AskText, ledgerEngineOf } from './ledger-engine.js';

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

/** What a server's ledger holds. */
export interface LedgerRead {
  /** The server's own; null where it did not say. */
  readonly version: string | null;
  readonly found: Record<string, FoundRuns>;
  /** What kept it from being read whole, or null. */
  readonly failure: Failure | null;
}

/** Reads, records one `readback` entry, and says whether it is complete. Never rejects. */
export async function readback(
  options: ReadbackOptions,
): Promise<{ complete: boolean; reason: string | null }> {
  const { target, clock, record, highestRowId } = options;
  let rowIds: RowIds | null = null;
  const { version, found, failure } = await readLedger(options, async (ask) => {
    if (highestRowId === null) return;
    const next = await ledgerEngineOf(target.engine).nextRowId(ask);
    if (next !== null) rowIds = { acknowledgedMax: highestRowId, next };
  });
  tell(record, clock, { version, found, failure }, rowIds);
  return { complete: failure === null, reason: failure?.message ?? null };
}

function tell(
  record: RecordEntry,
  clock: Clock,
  { version, found, failure }: LedgerRead,
  rowIds: RowIds | null,
): void {
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
}

/**
 * Reads the ledger and records nothing. Never rejects.
 * @param after what remains to be asked where it was read whole
 */
export async function readLedger(
  { target, clock, timeoutMs }: Pick<ReadbackOptions, 'target' | 'clock' | 'timeoutMs'>,
  after: (ask: AskText) => Promise<void> = async () => {},
): Promise<LedgerRead> {
  const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
  const leftMs = (): number => (deadlineNs - clock.nowNs()) / 1e6;
  const dialect = dialectOf(target.engine);
  const found: Record<string, FoundRuns> = {};
  const applicationName = 'rehearse/ledger/readback';
  const opened = await openConnection({ target, clock, applicationName, timeoutMs });
  if (opened.connection === undefined) return { version: null, found, failure: opened.failure };
  const { connection } = opened;
  const identity = await connection.query(dialect.identity, leftMs());
  const version = identity.ok ? (dialect.identityOf(identity.rows[0])?.version ?? null) : null;
  const ask = (text: string) => connection.query({ text }, leftMs());
  const failure = await ledgerEngineOf(target.engine).readAll(ask, found);
  // Last of all: it may take a number from the counter.
  if (failure === null) await after(ask);
  await connection.close();
  return { version, found, failure };
}

function wentBack({ acknowledgedMax, next }: RowIds): string {
  return (
    `the counter of row numbers went back: the next row of the ledger was given ${next}, ` +
    `though ${acknowledgedMax} was given to a write that was acknowledged`
  );
}
