/** The first login and query of a started server, as any client of it would do them. */
import type { AdminLogin, EngineName, ServerAddress } from '../server.js';

const queryTimeoutMs = 5_000;

/**
 * Undefined where the admin could log in and have a query answered, else why not, in the words of
 * the driver or of the server.
 */
export function whyNoLogin(
  engine: EngineName,
  address: ServerAddress,
  admin: AdminLogin,
  timeoutMs: number,
): Promise<string | undefined> {
  return engine === 'postgres'
    ? askPostgres(address, admin, 'SELECT 1', timeoutMs).then(
        () => undefined,
        (error: unknown) => reason(error),
      )
    : askMysql(address, admin, timeoutMs).then(
        () => undefined,
        (error: unknown) => reason(error),
      );
}

/**
 * The process id, in the server's own numbers, of the client's backend that came last; of the
 * background writer where there is no client.
 */
export async function newestBackend(address: ServerAddress, admin: AdminLogin): Promise<number> {
  const backend = (where: string): string =>
    `(SELECT pid FROM pg_stat_activity WHERE backend_type = ${where} LIMIT 1)`;
  const client = backend(
    "'client backend' AND pid <> pg_backend_pid() ORDER BY backend_start DESC",
  );
  const sql = `SELECT coalesce(${client}, ${backend("'background writer'")})`;
  const [pid] = await askPostgres(address, admin, sql, queryTimeoutMs);
  return Number(pid);
}

async function askPostgres(
  address: ServerAddress,
  admin: AdminLogin,
  sql: string,
  timeoutMs: number,
): Promise<unknown[]> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    ...address,
    ...admin,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  client.on('error', () => {
    // A lost connection shows in the query under way.
  });
  try {
    await client.connect();
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    return rows.map((row) => row[0]);
  } finally {
    // Not waited for: a server that hangs would not answer this either.
    client.end().catch(() => undefined);
  }
}

async function askMysql(
  address: ServerAddress,
  admin: AdminLogin,
  timeoutMs: number,
): Promise<void> {
  const { createConnection } = await import('mysql2/promise');
  const connection = await createConnection({ ...address, ...admin, connectTimeout: timeoutMs });
  connection.on('error', () => {
    // A lost connection shows in the query under way.
  });
  try {
    await connection.query({ sql: 'SELECT 1', timeout: timeoutMs });
  } finally {
    connection.destroy();
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
