/** The schema `rehearse`: everything that the instruments write lives in it, and nothing else. */
import type { Clock } from '../../sim/clock.js';
import { PostgresConnection } from '../probe/postgres/connection.js';
import {
  createWriteTable,
  probeWriteTable,
  quoteName,
  quoteTable,
} from '../probe/postgres/table-name.js';
import type { ConnectionTarget } from '../probe/postgres/target.js';
import { ledgerTable } from './ledger.js';

/** The statements that make the schema and its tables, owned by the instruments' role. */
export function schemaStatements(instrumentUser: string): string[] {
  const owner = quoteName(instrumentUser);
  const written = quoteTable(probeWriteTable);
  const ledger = quoteTable(ledgerTable);
  return [
    `CREATE SCHEMA IF NOT EXISTS rehearse AUTHORIZATION ${owner}`,
    createWriteTable(written),
    // No constraint on (session, number): a duplicate must be able to be there.
    `CREATE TABLE IF NOT EXISTS ${ledger} (session text NOT NULL, number bigint NOT NULL, ` +
      'written_at timestamptz NOT NULL DEFAULT clock_timestamp())',
    `ALTER TABLE ${written} OWNER TO ${owner}`,
    `ALTER TABLE ${ledger} OWNER TO ${owner}`,
  ];
}

/**
 * Makes the schema on the server itself, before a run.
 * @param admin a login that may create schemas in the applications' database
 * @throws Error with the server's text when it cannot
 */
export async function prepareSchema(
  admin: ConnectionTarget,
  instrumentUser: string,
  clock: Clock,
  timeoutMs = 10_000,
): Promise<void> {
  await runStatements(admin, schemaStatements(instrumentUser), clock, timeoutMs);
}

/**
 * Runs statements one after the other on a connection of their own.
 * @throws Error with the server's text at the first that fails
 */
export async function runStatements(
  target: ConnectionTarget,
  statements: readonly string[],
  clock: Clock,
  timeoutMs: number,
): Promise<void> {
  const applicationName = 'rehearse/prepare';
  const opened = await PostgresConnection.open({ target, clock, applicationName, timeoutMs });
  if (opened.connection === undefined) throw new Error(opened.failure.message);
  try {
    for (const text of statements) {
      const answer = await opened.connection.query({ text }, timeoutMs);
      if (!answer.ok) throw new Error(`${answer.failure.message} (${text})`);
    }
  } finally {
    await opened.connection.close();
  }
}
