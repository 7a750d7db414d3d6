/** A session of our own on an instance's server, and what the server refuses there. */
import type { Instance } from '../../cluster/instance.js';
import { EngineError } from '../../engine/ask.js';
import { MysqlAdmin } from '../../engine/mysql/admin.js';
import { Admin } from '../../engine/postgres/admin.js';
import type { Login } from '../../sim.js';

/** Statements go one behind the other; it is opened by the first. */
export interface OwnSession {
  /** @throws the server's own error, or the driver's where it is away or does not answer in time */
  query(sql: string, timeoutMs?: number): Promise<readonly object[]>;
  end(): Promise<void>;
}

/** Past the endpoint, so that nobody counts it among the sessions of clients. */
export function sessionOn({ server, member }: Instance, login: Login): OwnSession {
  if (member.protocolName === 'postgres') {
    const session = new Admin(server.address, login);
    const query: OwnSession['query'] = (sql, timeoutMs) => session.query(sql, [], timeoutMs);
    return { query, end: () => session.disconnect() };
  }
  const session = new MysqlAdmin(server.address, login);
  const query: OwnSession['query'] = (sql, timeoutMs) => session.query(sql, [], timeoutMs);
  return { query, end: () => session.disconnect() };
}

/** As that server's admin, in that database. */
export function adminOn(instance: Instance, database: string): OwnSession {
  return sessionOn(instance, { ...instance.server.admin, database });
}

/** The server's number for it, such as 1290, or its SQLSTATE; undefined: it did not say no. */
export function refusalIn(error: unknown): string | undefined {
  if (error instanceof EngineError) return String(error.number ?? error.sqlState);
  // Only what a server of Postgres said has a severity: codes of the system are texts too.
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined;
}
