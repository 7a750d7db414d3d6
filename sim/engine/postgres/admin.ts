/**
 * The tool's own superuser connection to a server: opened when needed, again after a restart,
 * never left to throw by itself.
 */
import { Client, type QueryResultRow } from 'pg';
import type { AdminLogin, ServerAddress } from '../../server/server.js';

const connectMsMax = 5_000;

export class Admin {
  readonly #address: ServerAddress;
  readonly #login: AdminLogin;
  #client: Promise<Client> | undefined;

  constructor(address: ServerAddress, login: AdminLogin) {
    this.#address = address;
    this.#login = login;
  }

  /**
   * Runs one statement.
   * @throws the driver's error when the server is away, refuses, or does not answer in time
   */
  async query<R extends QueryResultRow>(
    sql: string,
    parameters: readonly unknown[] = [],
    timeoutMs = 10_000,
  ): Promise<R[]> {
    const client = await this.#connected();
    const { rows } = await client.query<R>({
      text: sql,
      values: [...parameters],
      query_timeout: timeoutMs,
    } as { text: string; values: unknown[] });
    return rows;
  }

  /** Lets the connection go; the next query opens another. */
  async disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.then((open) => open.end()).catch(() => {});
  }

  #connected(): Promise<Client> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<Client> {
    const client = new Client({
      ...this.#address,
      user: this.#login.user,
      password: this.#login.password,
      database: this.#login.database,
      application_name: 'rehearse/admin',
      connectionTimeoutMillis: connectMsMax,
    });
    const forget = (): void => {
      this.#client = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    try {
      await client.connect();
    } catch (error) {
      forget();
      throw error;
    }
    return client;
  }
}
