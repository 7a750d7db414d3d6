/** The ledger on MySQL and MariaDB, where a schema is a database. */
import type { Failure } from '../../history/entry.js';
import { quoteTable } from '../../probe/dialect.js';
import { mysqlDialect } from '../../probe/mysql/dialect.js';
import { heartbeatTable, parseTable, probeWriteTable } from '../../probe/table-name.js';
import { addCopy, type FoundRuns } from '../found-runs.js';
import type { AskText, LedgerEngine } from '../ledger-engine.js';
import { ledgerTable, pageRows, wholeOf } from '../ledger-table.js';

const ledger = quoteTable(mysqlDialect, ledgerTable);
const written = quoteTable(mysqlDialect, parseTable(probeWriteTable));
const heartbeat = quoteTable(mysqlDialect, parseTable(heartbeatTable));
const schema = mysqlDialect.quoteName(ledgerTable.schema);

export const mysqlLedger: LedgerEngine = {
  insert: (session, number) => ({
    text: `INSERT INTO ${ledger} (session, number) VALUES (?, ?)`,
    values: [session, String(number)],
  }),
  mayCommitAlone: true,
  schemaStatements: (instrumentUser) => [
    `CREATE DATABASE IF NOT EXISTS ${schema}`,
    mysqlDialect.createWriteTable(written),
    mysqlDialect.createHeartbeatTable(heartbeat),
    // The key is the row's own, not the write's: a duplicate must be able to be there.
    `CREATE TABLE IF NOT EXISTS ${ledger} (id BIGINT AUTO_INCREMENT PRIMARY KEY, ` +
      'session VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, ' +
      'number BIGINT NOT NULL, ' +
      'written_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)) ENGINE=InnoDB',
    `GRANT ALL PRIVILEGES ON ${schema}.* TO ${mysqlDialect.quoteText(instrumentUser)}@'%'`,
  ],
  readAll,
  rowIdOf: (inserted) => (inserted.ok ? wholeOf(inserted.insertId) : null),
  nextRowId,
};

const duplicateEntry = 1062;

/**
 * By an INSERT that is rolled back: what the schema's views tell of a counter may be old. Where
 * the counter went back behind rows that are there, the refusal names the number.
 */
async function nextRowId(ask: AskText): Promise<number | null> {
  const begun = await ask('START TRANSACTION');
  if (!begun.ok) return null;
  const inserted = await ask(`INSERT INTO ${ledger} (session, number) VALUES ('readback', 0)`);
  await ask('ROLLBACK');
  if (inserted.ok) return wholeOf(inserted.insertId);
  if (inserted.failure.errorNumber !== duplicateEntry) return null;
  return wholeOf(/entry '(\d+)'/.exec(inserted.failure.message)?.[1]);
}

/**
 * One snapshot, read along the primary key page by page. The rows themselves lie along it, and
 * there is no other index that could say something else.
 */
async function readAll(ask: AskText, found: Record<string, FoundRuns>): Promise<Failure | null> {
  for (const text of [
    'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
    'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
  ]) {
    const answer = await ask(text);
    if (!answer.ok) return answer.failure;
  }
  for (let after = ''; ; ) {
    const where = after === '' ? '' : `WHERE id > ${after} `;
    const page = await ask(
      `SELECT id, session, number FROM ${ledger} FORCE INDEX (PRIMARY) ${where}` +
        `ORDER BY id LIMIT ${pageRows}`,
    );
    if (!page.ok) return page.failure;
    for (const row of page.rows) {
      const session = row[1] ?? '';
      found[session] ??= [];
      addCopy(found[session], Number(row[2]));
    }
    const last = page.rows.at(-1)?.[0] ?? null;
    if (page.rows.length < pageRows || last === null) break;
    after = BigInt(last).toString();
  }
  const ended = await ask('COMMIT');
  return ended.ok ? null : ended.failure;
}
