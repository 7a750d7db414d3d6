/**
 * Loads dumps into the application's database of a Postgres server. A superuser of its own loads,
 * so that at the end one statement hands all that it made to the application.
 */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { Admin } from '../../engine/postgres/admin.js';
import { identifier, literal } from '../../engine/postgres/examine.js';
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
import {
  isHarmless,
  type LeftOut,
  leftOutTexts,
  missingRole,
  psqlCommand,
  treatmentOf,
} from './dump-statement.js';
import { RawStatement, type ServerRefusal } from './raw-statement.js';

const loaderRole = 'rehearse_loader';
const connectMsMax = 10_000;
/** A statement names so many roles at most that are not there. */
const rolesMax = 100;

export interface PostgresTarget {
  readonly address: ServerAddress;
  readonly serverAdmin: AdminLogin;
  readonly admin: Admin;
  readonly application: Login;
}

export class PostgresLoader implements DumpLoader {
  readonly url: string;
  readonly #target: PostgresTarget;
  readonly #password = randomBytes(18).toString('base64url');
  readonly #made = new Set<string>();
  readonly #leftOut = new Map<LeftOut, number>();
  /** The database of the dump's own server that the application's stands for. */
  #database: string | undefined;

  constructor(target: PostgresTarget) {
    this.#target = target;
    const { user, password, database } = target.application;
    const { host, port } = target.address;
    this.url = `postgres://${user}:${password}@${host}:${port}/${database}`;
  }

  async begin(): Promise<void> {
    const { admin } = this.#target;
    await admin.query(
      `create role ${loaderRole} superuser login password ${literal(this.#password)}`,
    );
  }

  async open(): Promise<DumpSession> {
    const { address, application } = this.#target;
    const login = { user: loaderRole, password: this.#password };
    const client = await connected(address, { ...login, database: application.database });
    // Errors are told by their texts too; a load may take its time.
    await client.query("set lc_messages to 'C'; set statement_timeout to 0");
    return new PostgresSession(client, {
      database: identifier(application.database),
      leaveOut: (why) => countOne(this.#leftOut, why),
      connect: (database) => this.#connect(database),
      makeRole: (role) => this.#makeRole(role),
    });
  }

  async finish(): Promise<void> {
    const { address, serverAdmin, application } = this.#target;
    const client = await connected(address, { ...serverAdmin, database: application.database });
    try {
      await client.query(keptBySuperuser(serverAdmin.user));
      const owners = [loaderRole, ...this.#made].map(identifier).join(', ');
      await client.query(`reassign owned by ${owners} to ${identifier(application.user)}`);
      await client.query(`drop owned by ${loaderRole}`);
      await client.query(`drop role ${loaderRole}`);
      // No dump before version 18 holds what the planner needs to know of its tables.
      await client.query('analyze');
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  remarks(): string[] {
    const roles = [...this.#made].join(', ');
    return [
      ...countedRemarks(this.#leftOut, leftOutTexts),
      ...(roles === '' ? [] : [`made without a login, for the dump names them: roles ${roles}`]),
    ];
  }

  /** @returns why another database than the one before cannot be loaded too, or null */
  #connect(database: string): string | null {
    if (['postgres', 'template1', 'template0'].includes(database)) return null;
    this.#database ??= database;
    if (this.#database === database) return null;
    return (
      `it goes on to a second database, ${database}, after ${this.#database}; ` +
      'a rehearsal has one: dump that one with pg_dump'
    );
  }

  async #makeRole(role: string): Promise<boolean> {
    if (this.#made.has(role) || this.#made.size >= rolesMax) return false;
    this.#made.add(role);
    await this.#target.admin.query(`create role ${identifier(role)} nologin`);
    return true;
  }
}

interface SessionParts {
  /** The application's, quoted. */
  readonly database: string;
  readonly leaveOut: (why: LeftOut) => void;
  readonly connect: (database: string) => string | null;
  /** False where it was made before, or there are too many. */
  readonly makeRole: (role: string) => Promise<boolean>;
}

class PostgresSession implements DumpSession {
  readonly #client: Client;
  readonly #parts: SessionParts;
  #copy: { statement: RawStatement; line: number; words: string } | undefined;

  constructor(client: Client, parts: SessionParts) {
    this.#client = client;
    this.#parts = parts;
  }

  async take(part: DumpPart): Promise<void> {
    switch (part.kind) {
      case 'command':
        return this.#command(part.text, part.line);
      case 'statement':
        return this.#statement(part.sql, part.line);
      case 'copy':
        return this.#beginCopy(part.sql, part.line);
      case 'rows':
        return this.#copy?.statement.rows(part.bytes);
      case 'copy-end':
        return this.#endCopy();
    }
  }

  async finish(): Promise<void> {
    const { rows } = await this.#client.query<{ open: boolean }>(
      'select now() <> statement_timestamp() as open',
    );
    if (rows[0]?.open === true)
      throw new StatementFailed(0, 'end of file', 'the file leaves a transaction open');
  }

  async close(): Promise<void> {
    const socket = (this.#client as unknown as { connection: { stream: Destroyable } }).connection;
    if (this.#copy !== undefined) socket.stream.destroy();
    else await this.#client.end().catch(() => undefined);
  }

  #command(text: string, line: number): void {
    const command = psqlCommand(text);
    if (command.kind === 'nothing') return;
    const why =
      command.kind === 'connect'
        ? this.#parts.connect(command.database)
        : 'a command of psql, which is not used here';
    if (why !== null) throw new StatementFailed(line, text.slice(0, 80), why);
  }

  async #statement(sql: Buffer, line: number): Promise<void> {
    const treatment = treatmentOf(sql, this.#parts.database);
    if (!treatment.run) return this.#parts.leaveOut(treatment.why);
    const { as, asServer } = treatment;
    const text = as === undefined ? sql : Buffer.from(as, 'latin1');
    if (asServer) await this.#client.query('set role rdsadmin');
    let refused = await RawStatement.send(this.#client, text).ended;
    for (let role = roleOf(refused); role !== undefined; role = roleOf(refused)) {
      if (!(await this.#parts.makeRole(role))) break;
      refused = await RawStatement.send(this.#client, text).ended;
    }
    if (refused !== null && !isHarmless(refused.code, sql))
      throw new StatementFailed(line, firstWords(sql), saidBy(refused));
    if (asServer) await this.#client.query('reset role');
  }

  async #beginCopy(sql: Buffer, line: number): Promise<void> {
    const statement = RawStatement.send(this.#client, sql);
    this.#copy = { statement, line, words: firstWords(sql) };
    if (!(await statement.wantsRows)) await this.#endCopy();
  }

  async #endCopy(): Promise<void> {
    const copy = this.#copy;
    if (copy === undefined) return;
    copy.statement.endOfRows();
    const refused = await copy.statement.ended;
    this.#copy = undefined;
    if (refused !== null) throw new StatementFailed(copy.line, copy.words, saidBy(refused));
  }
}

interface Destroyable {
  destroy(): void;
}

function roleOf(refused: ServerRefusal | null): string | undefined {
  return refused === null ? undefined : missingRole(refused.code, refused.message);
}

function saidBy({ message, detail, hint, where }: ServerRefusal): string {
  return [message, detail, hint, where].filter((part) => part !== undefined).join('; ');
}

async function connected(
  address: ServerAddress,
  login: Pick<AdminLogin, 'user' | 'password' | 'database'>,
): Promise<Client> {
  const client = new Client({
    ...address,
    ...login,
    application_name: 'rehearse/load',
    connectionTimeoutMillis: connectMsMax,
  });
  client.on('error', () => {
    // A lost connection shows in the statement under way.
  });
  await client.connect();
  return client;
}

/** What only a superuser may own stays with the server's, before all else is handed on. */
function keptBySuperuser(superuser: string): string {
  const to = literal(superuser);
  return `do $$
    declare one text;
    begin
      for one in
        select format('alter event trigger %I owner to %I', evtname, ${to})
          from pg_event_trigger
        union all
        select format('alter foreign data wrapper %I owner to %I', fdwname, ${to})
          from pg_foreign_data_wrapper
        union all
        select format('alter publication %I owner to %I', pubname, ${to})
          from pg_publication where puballtables
      loop
        execute one;
      end loop;
    end $$`;
}
