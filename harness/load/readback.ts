/** Reads the ledger's table whole from the surviving writer. */
import type { Clock } from '../../sim/clock.js';
import type { Failure, RecordEntry } from '../history/entry.js';
import { type Answer, PostgresConnection, type Row } from '../probe/postgres/connection.js';
import { identityOf, identityQuery } from '../probe/postgres/identity.js';
import type { ConnectionTarget } from '../probe/postgres/target.js';
import { ledgerTable } from './ledger.js';

/** Runs of consecutive numbers with equal copies: [first, last, copies of each]. */
export type FoundRuns = [number, number, number][];

/** Rows fetched at a time: the table may be larger than memory, its runs hardly ever are. */
const pageRows = 10_000;

/** Adds one number of a session to its runs; numbers come in ascending order. */
export function addToRuns(runs: FoundRuns, number: number, copies: number): void {
  const last = runs.at(-1);
  if (last !== undefined && last[1] === number - 1 && last[2] === copies) last[1] = number;
  else runs.push([number, number, copies]);
}

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
  const found: Record<string, FoundRuns> = {};
  const applicationName = 'rehearse/ledger/readback';
  const opened = await PostgresConnection.open({ target, clock, applicationName, timeoutMs });
  let version: string | null = null;
  let failure: Failure | null = opened.failure ?? null;
  if (opened.connection !== undefined) {
    const connection = opened.connection;
    const ask = (text: string): Promise<Answer> =>
      connection.query({ text }, (deadlineNs - clock.nowNs()) / 1e6);
    const identity = await ask(identityQuery);
    version = identity.ok ? (identityOf(identity.rows[0])?.version ?? null) : null;
    failure = await readAll(ask, found);
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

/** One snapshot, one scan, fetched page by page. Returns what stopped it, or null. */
async function readAll(
  ask: (text: string) => Promise<Answer>,
  found: Record<string, FoundRuns>,
): Promise<Failure | null> {
  // Without the index: what counts is the rows that are there, not what an index says of them.
  for (const text of [
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    'SET LOCAL enable_indexscan = off',
    'SET LOCAL enable_indexonlyscan = off',
    'SET LOCAL enable_bitmapscan = off',
    'DECLARE ledger_rows NO SCROLL CURSOR FOR SELECT session, number, count(*) ' +
      `FROM ${ledgerTable} GROUP BY session, number ORDER BY session, number`,
  ]) {
    const answer = await ask(text);
    if (!answer.ok) return answer.failure;
  }
  for (;;) {
    const page = await ask(`FETCH ${pageRows} FROM ledger_rows`);
    if (!page.ok) return page.failure;
    for (const row of page.rows) addRow(found, row);
    if (page.rows.length < pageRows) break;
  }
  const ended = await ask('COMMIT');
  return ended.ok ? null : ended.failure;
}

function addRow(found: Record<string, FoundRuns>, row: Row): void {
  const session = row[0] ?? '';
  found[session] ??= [];
  addToRuns(found[session], Number(row[1]), Number(row[2]));
}
