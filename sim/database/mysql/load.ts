/**
 * Loads dumps into a MySQL or MariaDB server: into the application's database, and into those that
 * a dump makes for itself. Nothing of it gets into the binary log.
 */
import { connect, type Socket } from 'node:net';
import type { Connection } from 'mysql2';
import type { MysqlAdmin } from '../../engine/mysql/admin.js';
import { grantedDatabase, literal, text } from '../../engine/mysql/quoting.js';
import type { AdminLogin, ServerAddress } from '../../server/server.js';
import type { Login } from '../../sim.js';
import { type DumpPart, firstWords } from '../dump-reader.js';
import {
  countedRemarks,
  countOne,
  type DumpLoader,
  type DumpSession,
  StatementFailed,
} from '../loading.js';
import { loadedDatabases } from './databases.js';
import { type LeftOut, leftOutTexts, treatmentOf } from './dump-statement.js';

const connectMsMax = 10_000;

export interface MysqlTarget {
  readonly address: ServerAddress;
  readonly serverAdmin: AdminLogin;
  readonly admin: MysqlAdmin;
  readonly application: Login;
}

export class MysqlLoader implements DumpLoader {
  readonly url: string;
  readonly #target: MysqlTarget;
  readonly #leftOut = new Map<LeftOut, number>();
  readonly #made: string[] = [];

  constructor(target: MysqlTarget) {
    this.#target = target;
    const { user, password, database } = target.application;
    const { host, port } = target.address;
    this.url = `mysql://${user}:${password}@${host}:${port}/${database}`;
  }

  async begin(): Promise<void> {
    // The application's account and database are all it takes.
  }

  async open(): Promise<DumpSession> {
    const { address, serverAdmin, application } = this.#target;
    const opened = await connected(address, { ...serverAdmin, database: application.database });
    const begin = ['set session sql_log_bin = 0', 'set names utf8mb4', "set lc_messages = 'en_US'"];
    for (const sql of begin) await opened.send(Buffer.from(sql));
    return new MysqlSession(opened, {
      leaveOut: (why) => countOne(this.#leftOut, why),
      makeDefiner: (account) => this.#makeDefiner(account),
    });
  }

  async finish(): Promise<void> {
    const { admin, application } = this.#target;
    await admin.query('set session sql_log_bin = 0');
    const account = `${literal(application.user)}@${literal('%')}`;
    const databases = await loadedDatabases(admin);
    for (const database of databases)
      await admin.query(`grant all privileges on ${grantedDatabase(database)}.* to ${account}`);
    for (const definer of await missingDefiners(admin, databases)) await this.#makeDefiner(definer);
    // One that was made early has no rights yet on what came later.
    for (const definer of this.#made) await this.#grantAll(definer, databases);
    await admin.query('set session sql_log_bin = 1');
  }

  /** False where it was made before: then it is not what is missing. */
  async #makeDefiner(account: string): Promise<boolean> {
    if (this.#made.includes(account)) return false;
    const { admin } = this.#target;
    this.#made.push(account);
    await admin.query('set session sql_log_bin = 0');
    await admin.query(`create user if not exists ${account} account lock`);
    await this.#grantAll(account, await loadedDatabases(admin));
    return true;
  }

  async #grantAll(account: string, databases: readonly string[]): Promise<void> {
    for (const database of databases)
      await this.#target.admin.query(
        `grant all privileges on ${grantedDatabase(database)}.* to ${account}`,
      );
  }

  remarks(): string[] {
    const made = this.#made.join(', ');
    return [
      ...countedRemarks(this.#leftOut, leftOutTexts),
      ...(made === '' ? [] : [`made and locked, for they define what was loaded: ${made}`]),
    ];
  }
}

/** Accounts that views, routines, triggers and events run as, and that are not there. */
async function missingDefiners(admin: MysqlAdmin, databases: readonly string[]): Promise<string[]> {
  if (databases.length === 0) return [];
  const names = databases.map(text).join(', ');
  const sources = [
    ['views', 'table_schema'],
    ['routines', 'routine_schema'],
    ['triggers', 'trigger_schema'],
    ['events', 'event_schema'],
  ];
  const selects = sources.map(
    ([view, column]) =>
      `select definer from information_schema.${view} where ${column} in (${names})`,
  );
  const rows = await admin.ask(selects.join(' union '), 60_000);
  const known = await admin.ask("select concat(user, '@', host) from mysql.user");
  const there = new Set(known.map(([account]) => account));
  return rows.flatMap(([definer]) => {
    if (definer === null || definer === undefined || there.has(definer)) return [];
    const at = definer.lastIndexOf('@');
    // Without a host it is a role, of MariaDB.
    return at < 1 ? [] : quotedAccount(definer.slice(0, at), definer.slice(at + 1));
  });
}

function quotedAccount(user: string, host: string): string {
  return `${literal(user)}@${literal(host)}`;
}

/** What the server said no with. */
interface Refusal {
  readonly number: number | null;
  readonly message: string;
}

/** The account that an error says is not there: of a view, a routine, a trigger. */
function missingDefiner({ number, message }: Refusal): string | undefined {
  const [, user, host] = number === 1449 ? (/\('(.*)'@'(.*)'\)/.exec(message) ?? []) : [];
  return user === undefined || host === undefined ? undefined : quotedAccount(user, host);
}

interface Opened {
  readonly connection: Connection;
  readonly socket: Socket;
  /** Runs one statement; null, or what the server said no with. */
  send(sql: Buffer): Promise<Refusal | null>;
}

interface SessionParts {
  readonly leaveOut: (why: LeftOut) => void;
  readonly makeDefiner: (account: string) => Promise<boolean>;
}

class MysqlSession implements DumpSession {
  readonly #opened: Opened;
  readonly #parts: SessionParts;
  #inSystem = false;
  #busy = false;

  constructor(opened: Opened, parts: SessionParts) {
    this.#opened = opened;
    this.#parts = parts;
  }

  async take(part: DumpPart): Promise<void> {
    if (part.kind !== 'statement') return;
    const treatment = treatmentOf(part.sql, this.#inSystem);
    if (treatment.use !== undefined) this.#inSystem = !treatment.run;
    if (!treatment.run) return this.#parts.leaveOut(treatment.why);
    const refused = await this.#run(part.sql);
    if (refused === null) return;
    const { number, message } = refused;
    throw new StatementFailed(part.line, firstWords(part.sql), `${message} (${number ?? '?'})`);
  }

  async #run(sql: Buffer): Promise<Refusal | null> {
    for (;;) {
      this.#busy = true;
      const refused = await this.#opened.send(sql);
      this.#busy = false;
      const definer = refused === null ? undefined : missingDefiner(refused);
      if (definer === undefined || !(await this.#parts.makeDefiner(definer))) return refused;
    }
  }

  async finish(): Promise<void> {
    // What a file leaves open is rolled back with its connection, as the clients do it.
    await this.#opened.send(Buffer.from('unlock tables'));
  }

  async close(): Promise<void> {
    const { connection, socket } = this.#opened;
    if (!this.#busy && !socket.destroyed)
      await new Promise<void>((resolve) => connection.end(() => resolve()));
    socket.destroy();
  }
}

/**
 * Opens a connection whose statements are sent as the bytes they are. The driver turns texts into
 * bytes by the connection's character set: with `binary`, one char is one byte.
 */
async function connected(address: ServerAddress, login: AdminLogin): Promise<Opened> {
  const { createConnection } = await import('mysql2');
  const socket = connect({ ...address, noDelay: true });
  // The driver stops listening before it is done with it.
  socket.on('error', () => {});
  const connection = createConnection({
    stream: () => socket,
    user: login.user,
    password: login.password,
    database: login.database,
    charset: 'BINARY',
    connectTimeout: connectMsMax,
    // Told of SET NAMES, the driver would turn texts into bytes by another character set.
    flags: ['-IGNORE_SPACE', '-LOCAL_FILES', '-SESSION_TRACK'],
    connectAttributes: { program_name: 'rehearse/load' },
  });
  connection.on('error', () => {
    // A lost connection shows in the statement under way.
  });
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  const send = (sql: Buffer): Promise<Refusal | null> =>
    new Promise((resolve, reject) => {
      connection.query({ sql: sql.toString('latin1'), rowsAsArray: true }, (error) => {
        if (error === null) return resolve(null);
        const { sqlState, errno, message } = error as { sqlState?: string } & typeof error;
        const said = Buffer.from(message, 'latin1').toString('utf8');
        if (sqlState === undefined || sqlState === '') reject(new Error(said));
        else resolve({ number: errno ?? null, message: said });
      });
    });
  return { connection, socket, send };
}
