/** A real MySQL or MariaDB for tests of what is asked of one, and clients on it. */
import { createConnection } from 'mysql2';
import { systemClock } from '../../sim/clock.js';
import { type Ask, EngineError, type TextRow } from '../../sim/engine/ask.js';
import type { Flavour } from '../../sim/engine/flavours.js';
import { MysqlAdmin } from '../../sim/engine/mysql/admin.js';
import { switchOnViews } from '../../sim/engine/mysql/views.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { Server } from '../../sim/server/server.js';

export const clock = systemClock();

export interface TestServer {
  readonly server: Server;
  readonly admin: MysqlAdmin;
  /** Stops the server in order and starts it again over the same data. */
  restart(): Promise<void>;
  /** A client of its own; closed with the server at the latest. */
  client(user: TestUser): Promise<TestClient>;
  close(): Promise<void>;
}

export interface TestUser {
  readonly user: string;
  readonly password: string;
  readonly database?: string;
}

export interface TestClient {
  readonly connectionId: number;
  /** As a parked session's: its rows as text. */
  readonly ask: Ask;
  /** Prepares a statement by the protocol and leaves it open. */
  prepare(sql: string): Promise<void>;
  close(): void;
}

/** Starts the newest server of a flavour that is installed here. */
export async function startMysql(
  flavour: Flavour,
  parameters: Readonly<Record<string, string>> = {},
): Promise<TestServer> {
  const provider = embeddedProvider({ clock, offline: true });
  const offers = await provider.offers();
  const version = offers.find(({ engine }) => engine === flavour)?.version ?? '';
  const server = await provider.create({ name: flavour, engine: flavour, version, parameters });
  const clients: TestClient[] = [];
  const admin = new MysqlAdmin(server.address, server.admin);
  await server.start();
  await switchOnViews(admin);
  return {
    server,
    admin,
    restart: async () => {
      await admin.disconnect();
      await server.stop('fast');
      await server.start();
      await switchOnViews(admin);
    },
    client: async (user) => {
      const client = await connectClient(server, user);
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.close();
      await admin.disconnect();
      await provider.close();
    },
  };
}

/** Opens a client whose statements are answered in text. */
async function connectClient(server: Server, user: TestUser): Promise<TestClient> {
  const connection = createConnection({ ...server.address, ...user, charset: 'utf8mb4_bin' });
  connection.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  const ask: Ask = (sql) =>
    new Promise((resolve, reject) => {
      const typeCast = (field: { string(): string | null }): string | null => field.string();
      connection.query({ sql, rowsAsArray: true, typeCast }, (error, rows) => {
        if (error === null) resolve(Array.isArray(rows) ? (rows as unknown as TextRow[]) : []);
        else if (error.sqlState === undefined) reject(error);
        else reject(new EngineError(error.errno ?? null, error.sqlState, error.message));
      });
    });
  return {
    connectionId: connection.threadId ?? 0,
    ask,
    prepare: (sql) =>
      new Promise((resolve, reject) => {
        connection.prepare(sql, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => connection.destroy(),
  };
}
