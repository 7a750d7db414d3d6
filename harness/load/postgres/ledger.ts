/** The ledger on Postgres. */
import type { Failure } from '../../history/entry.js';
import type { Row } from '../../probe/connection.js';
import { quoteTable } from '../../probe/dialect.js';
import { postgresDialect } from '../../probe/postgres/dialect.js';
import { parseTable, probeWriteTable } from '../../probe/table-name.js';
import { addToRuns, type FoundRuns } from '../found-runs.js';
import type { AskText, LedgerEngine } from '../ledger-engine.js';
import { ledgerTable, pageRows } from '../ledger-table.js';

const ledger = quoteTable(postgresDialect, ledgerTable);
const written = quoteTable(postgresDialect, parseTable(probeWriteTable));

export const postgresLedger: LedgerEngine = {
  insert: (session, number) => ({
    text: `INSERT INTO ${ledger} (session, number) VALUES ($1, $2)`,
    values: [session, String(number)],
  }),
  mayCommitAlone: false,
  schemaStatements: (instrumentUser) => {
    const owner = postgresDialect.quoteName(instrumentUser);
    return [
      `CREATE SCHEMA IF NOT EXISTS rehearse AUTHORIZATION ${owner}`,
      postgresDialect.createWriteTable(written),
      `CREATE TABLE IF NOT EXISTS ${ledger} (session text NOT NULL, number bigint NOT NULL, ` +
        'written_at timestamptz NOT NULL DEFAULT clock_timestamp())',
      `ALTER TABLE ${written} OWNER TO ${owner}`,
      `ALTER TABLE ${ledger} OWNER TO ${owner}`,
    ];
  },
  readAll,
};

/** One snapshot, one scan, fetched page by page. */
async function readAll(ask: AskText, found: Record<string, FoundRuns>): Promise<Failure | null> {
  // Without the index: what counts is the rows that are there, not what an index says of them.
  for (const text of [
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    'SET LOCAL enable_indexscan = off',
    'SET LOCAL enable_indexonlyscan = off',
    'SET LOCAL enable_bitmapscan = off',
    'DECLARE ledger_rows NO SCROLL CURSOR FOR SELECT session, number, count(*) ' +
      `FROM ${ledger} GROUP BY session, number ORDER BY session, number`,
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
