/** The admin's password on a server in a container, also where its data came with another one. */
import { replaceSecret } from '../embedded/postgres/admin-secret.js';
import { randomSecret } from '../embedded/random-secret.js';
import type { AdminLogin, EngineName, ServerAddress } from '../server.js';

const answerMsMax = 10_000;

/** Makes the login of one server: `current` is what it takes now. */
export class ServerLogin {
  readonly #engine: EngineName;
  #current: AdminLogin;
  #cameWith: string | undefined;

  /** @param cameWith the password that the data have until the first start is over */
  constructor(engine: EngineName, admin: Omit<AdminLogin, 'password'>, cameWith?: string) {
    this.#engine = engine;
    this.#cameWith = cameWith;
    this.#current = { ...admin, password: cameWith ?? randomSecret() };
  }

  get current(): AdminLogin {
    return this.#current;
  }

  /**
   * After each start; gives the server a password of its own, once.
   * @param isStandby a standby of Postgres takes no writes: it keeps its source's
   */
  async settle(address: ServerAddress, isStandby: boolean): Promise<void> {
    const old = this.#cameWith;
    if (old === undefined) return;
    if (isStandby && this.#engine === 'postgres') {
      this.#cameWith = undefined;
      return;
    }
    const own = { ...this.#current, password: randomSecret() };
    if (this.#engine === 'postgres') await replaceSecret(address, own, old);
    else await replaceMysqlPassword(address, this.#current, own.password);
    this.#current = own;
    this.#cameWith = undefined;
  }
}

/** The new one is letters, digits, `-` and `_`. */
async function replaceMysqlPassword(
  address: ServerAddress,
  admin: AdminLogin,
  password: string,
): Promise<void> {
  const { createConnection } = await import('mysql2/promise');
  const connection = await createConnection({ ...address, ...admin, connectTimeout: answerMsMax });
  connection.on('error', () => {
    // A lost connection shows in the query under way.
  });
  try {
    for (const sql of [
      'SET SESSION sql_log_bin = 0',
      `ALTER USER '${admin.user}'@'%' IDENTIFIED BY '${password}'`,
    ])
      await connection.query({ sql, timeout: answerMsMax });
  } finally {
    connection.destroy();
  }
}
