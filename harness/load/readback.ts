/** Reads the ledger's table whole from the surviving writer. */
import type { Clock } from '../../sim/clock.js';
import type { Failure, RecordEntry } from '../history/entry.js';
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
}

/** Reads, records one `readback` entry, and says whether it is complete. Never rejects. */
export async function readback(
  options: ReadbackOptions,
): Promise<{ complete: boolean; reason: string | null }> {
  const { target, clock, record, timeoutMs } = options;
  const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
  const leftMs = (): number => (deadlineNs - clock.nowNs()) / 1e6;
  const dialect = dialectOf(target.engine);
  const found: Record<string, FoundRuns> = {};
  const applicationName = 'rehearse/ledger/readback';
  const opened = await openConnection({ target, clock, applicationName, timeoutMs });
  let version: string | null = null;
  let failure: Failure | null = opened.failure ?? null;
  if (opened.connection !== undefined) {
    const { connection } = opened;
    const identity = await connection.query(dialect.identity, leftMs());
    version = identity.ok ? (dialect.identityOf(identity.rows[0])?.version ?? null) : null;
    const ask = (text: string) => connection.query({ text }, leftMs());
    failure = await ledgerEngineOf(target.engine).readAll(ask, found);
    await connection.close();
  }
  record({
    atNs: clock.nowNs(),
    clock: 'client',
    kind: 'write',
    subject: {},
    data: { stage: 'readback', complete: failure === null, version, found, error: failure },
  });
  return { complete: failure === null, reason: failure?.message ?? null };
}
