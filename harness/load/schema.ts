/** The schema `rehearse`: everything that the instruments write lives in it, and nothing else. */
import type { Clock } from '../../sim/clock.js';
import { openConnection } from '../probe/open-connection.js';
import type { ConnectionTarget } from '../probe/target.js';
import { ledgerEngineOf } from './ledger-engine.js';

/**
 * Makes the schema on the server itself, before a run.
 * @param admin a login that may create schemas in the applications' database, or databases
 * @throws Error with the server's text when it cannot
 */
export async function prepareSchema(
  admin: ConnectionTarget,
  instrumentUser: string,
  clock: Clock,
  timeoutMs = 10_000,
): Promise<void> {
  const statements = ledgerEngineOf(admin.engine).schemaStatements(instrumentUser);
  await runStatements(admin, statements, clock, timeoutMs);
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
  const opened = await openConnection({ target, clock, applicationName, timeoutMs });
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
