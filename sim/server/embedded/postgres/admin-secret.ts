/** Gives a copied server a superuser's password of its own. */
import pg from 'pg';
import type { AdminLogin, ServerAddress } from '../../server.js';
import { scramVerifier } from './scram-verifier.js';

/**
 * Replaces the password that came with the template. Only a verifier travels: neither a command
 * line nor the server's log ever holds the password.
 */
export async function replaceSecret(
  address: ServerAddress,
  admin: AdminLogin,
  templateSecret: string,
): Promise<void> {
  const { user, database } = admin;
  const client = new pg.Client({
    ...address,
    user,
    database,
    password: templateSecret,
    connectionTimeoutMillis: 10_000,
    query_timeout: 10_000,
  });
  client.on('error', () => {
    // A lost connection shows in the query under way.
  });
  try {
    const [verifier] = await Promise.all([scramVerifier(admin.password), client.connect()]);
    await client.query(`ALTER ROLE ${client.escapeIdentifier(user)} PASSWORD '${verifier}'`);
  } finally {
    await client.end().catch(() => undefined);
  }
}
