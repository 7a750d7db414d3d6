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
  /** Statements go one behind the other: the driver takes one at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(address: ServerAddress, login: AdminLogin) {
    this.#address = address;
    this.#login = login;
  }

  /**
   * Runs one statement.
   * @throws the driver's error when the server is away, refuses, or does not answer in time
   */
  query<R extends QueryResultRow>(
    sql: string,
    parameters: readonly unknown[] = [],
    timeoutMs = 10_000,
  ): Promise<R[]> {
    const answer = this.#last.then(() => this.#query<R>(sql, parameters, timeoutMs));
    this.#last = answer.catch(() => {});
    return answer;
  }

  /** Lets the connection go; the next query opens another. */
  async disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.then((open) => open.end()).catch(() => {});
  }

  async #query<R extends QueryResultRow>(
    sql: string,
    parameters: readonly unknown[],
    timeoutMs: number,
  ): Promise<R[]> {
    const client = await this.#connected();
    const config = { text: sql, values: [...parameters], query_timeout: timeoutMs };
    try {
      const { rows } = await client.query<R>(config);
      return rows;
    } catch (error) {
      // Without a SQLSTATE nobody knows what the connection is still busy with.
      if ((error as { code?: string }).code === undefined) {
        this.#client = undefined;
        void client.end().catch(() => {});
      }
      throw error;
    }
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
