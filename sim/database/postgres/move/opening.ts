/** A superuser's own connections to one database of a server that is moved. */
import { Client, type Connection } from 'pg';
import type { AdminLogin, ServerAddress } from '../../../server/server.js';

export interface Opening {
  readonly address: ServerAddress;
  readonly admin: AdminLogin;
  readonly database: string;
}

const connectMsMax = 10_000;

/**
 * A connected client; the caller ends it. Errors are told by their texts too, and statements may
 * take their time.
 * @param listen may listen before the login
 * @throws the driver's error
 */
export async function connected(
  { address, admin, database }: Opening,
  listen: (connection: Connection) => void = () => undefined,
): Promise<Client> {
  const client = new Client({
    ...address,
    user: admin.user,
    password: admin.password,
    database,
    application_name: 'rehearse/move',
    connectionTimeoutMillis: connectMsMax,
    options: '-c statement_timeout=0 -c lc_messages=C',
  });
  client.on('error', () => {
    // A lost connection shows in the statement under way.
  });
  listen((client as unknown as { connection: Connection }).connection);
  await client.connect();
  return client;
}

/** Runs the work with a client of its own, and ends that. */
export async function withClient<T>(
  opening: Opening,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connected(opening);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
