/** The MySQL protocol at a pooling endpoint: logins there, and logins to the server for them. */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../../clock.js';
import { ownKey, type Verifier } from '../../endpoint/mysql/authenticate.js';
import { AcceptedPasswords, type Credentials } from '../../endpoint/mysql/credentials.js';
import { loggedIn } from '../../endpoint/mysql/greet.js';
import { Refusal, ServerRefusal } from '../../endpoint/mysql/refusal.js';
import { ServerPayloads } from '../../endpoint/mysql/server-payloads.js';
import { Talk } from '../../endpoint/mysql/talk.js';
import {
  authenticated,
  changeUserPacket,
  deprecatesEof,
  dial,
  hangUp,
  isSecure,
  type Login,
  type Upstream,
} from '../../endpoint/mysql/upstream.js';
import { command } from '../../wire/mysql/commands.js';
import type { Greeting } from '../../wire/mysql/handshake.js';
import { comQuery, errPacket, quitPacket, type ServerError } from '../../wire/mysql/messages.js';
import { packet } from '../../wire/mysql/packets.js';
import {
  type Admitted,
  type PoolingHost,
  type PoolingProtocol,
  remembering,
  serverMsMax,
  targetName,
} from '../pooling-protocol.js';
import { poolApplicationName, ServerConnection } from '../server-connection.js';
import { type Borrower, BorrowTimedOut, Refused } from '../server-pool.js';
import { timedOutText } from '../words.js';
import { MysqlBooks, type Tracked } from './books.js';
import { greetPooled } from './greet.js';

export class MysqlConnection extends ServerConnection {
  upstream: Upstream;
  /** The database that is chosen on it. */
  database: string;

  constructor(key: string, target: string, upstream: Upstream, database: string) {
    super({ key, target, socket: upstream.socket, goodbye: quitPacket });
    this.upstream = upstream;
    this.database = database;
  }
}

type Host = PoolingHost<MysqlConnection>;

/** A client's login, as whoever wants to log in again needs it. */
interface Account {
  readonly key: string;
  readonly login: Login;
  readonly credentials: Credentials;
}

/** What a login of that account was told. */
interface Introduction {
  readonly ok: Buffer;
  readonly capabilities: number;
}

const introductionsMax = 1_000;
/** Connection ids of the endpoint's own; a KILL takes those that the server tells. */
const firstClientId = 2_000_000_001;

export class MysqlPooling implements PoolingProtocol<MysqlConnection> {
  readonly #clock: Clock;
  readonly #verifier: (user: string) => Promise<Verifier | null>;
  readonly #accepted = new AcceptedPasswords();
  readonly #introductions = new Map<string, Introduction>();
  #greeting: Greeting | undefined;
  #nextClientId = firstClientId;

  /** @param verifier what the server stores of a user, asked of it; null = there is none */
  constructor(clock: Clock, verifier: (user: string) => Promise<Verifier | null>) {
    this.#clock = clock;
    this.#verifier = remembering(verifier, clock);
    void ownKey();
  }

  async learn(host: Host): Promise<void> {
    const dialled = await dial(host.target(), this.#clock, serverMsMax);
    this.#greeting = dialled.greeting;
    hangUp(dialled);
  }

  async greet(raw: Socket, host: Host): Promise<Admitted<MysqlConnection> | undefined> {
    const greeting = this.#greeting;
    if (greeting === undefined) throw new Error('a client before the server was asked');
    const greeted = await greetPooled(raw, {
      clock: this.#clock,
      identity: host.identity,
      msMax: host.greetingMsMax,
      greeting,
      connectionId: this.#nextClientId++,
      accepted: this.#accepted,
      verifier: this.#verifier,
      admit: async (login, credentials) =>
        (await this.#introduce(accountOf(login, credentials), host)).ok,
    });
    if (greeted === undefined) return undefined;
    const { client, unread, login, credentials } = greeted;
    const account = accountOf(login, credentials);
    const introduction = this.#introductions.get(account.key);
    if (introduction === undefined) return undefined;
    const books = new MysqlBooks(deprecatesEof(introduction.capabilities));
    const borrower = this.#borrower(account, host, () => books.tracked);
    return { client, raw, unread, books, borrower };
  }

  /** What the server says at a login like this, the first time from the server itself. */
  async #introduce(account: Account, host: Host): Promise<Introduction> {
    const known = this.#introductions.get(account.key);
    if (known !== undefined) return known;
    try {
      const never = new AbortController().signal;
      const borrower = this.#borrower(account, host, () => noSettings);
      const server = await host.pool.borrow({ ...borrower, user: {} }, never);
      server.lastUser = undefined;
      host.pool.giveBack(server);
      const { ok, capabilities } = server.upstream;
      const introduction = { ok, capabilities };
      // The oldest gives way: a client of that kind is introduced anew.
      const [oldest] = this.#introductions.keys();
      if (oldest !== undefined && this.#introductions.size === introductionsMax)
        this.#introductions.delete(oldest);
      this.#introductions.set(account.key, introduction);
      return introduction;
    } catch (error) {
      if (error instanceof BorrowTimedOut)
        throw new Refusal({ number: 9501, sqlState: 'HY000', text: timedOutText });
      if (error instanceof RefusedBy) throw new ServerRefusal(error.said);
      throw error;
    }
  }

  #borrower(
    account: Account,
    host: Host,
    tracked: () => Tracked,
  ): Omit<Borrower<MysqlConnection>, 'user'> {
    return {
      key: account.key,
      open: () => this.#open(account, host),
      prepare: (server) => this.#prepare(server, account, tracked()),
    };
  }

  async #open({ key, login, credentials }: Account, host: Host): Promise<MysqlConnection> {
    const address = host.target();
    const own = { ...login, attributes: new Map([['program_name', poolApplicationName]]) };
    try {
      const dialled = await dial(address, this.#clock, serverMsMax);
      this.#greeting = dialled.greeting;
      const accepted = this.#accepted;
      const upstream = await loggedIn(dialled, own, credentials, this.#clock, accepted);
      return new MysqlConnection(key, targetName(address), upstream, login.database);
    } catch (error) {
      if (!(error instanceof Refusal) || isAway(error.error)) throw error;
      throw new RefusedBy(error.error);
    }
  }

  /** What another session left is cleared by a change to the same user; then come its own. */
  async #prepare(server: MysqlConnection, account: Account, tracked: Tracked): Promise<void> {
    const { database: chosen = account.login.database, statements } = tracked;
    if (server.lastUser !== undefined) await this.#changeUser(server, account);
    if (chosen !== server.database && chosen !== '') {
      const choose = packet(0, Buffer.from([command.initDb]), chosen);
      await this.#say(server, choose);
      server.database = chosen;
    }
    for (const sql of statements) await this.#say(server, comQuery(sql));
  }

  async #say(server: MysqlConnection, bytes: Buffer): Promise<void> {
    const talk = new Talk(deprecatesEof(server.upstream.capabilities));
    await server.converse(bytes, talk, this.#clock, serverMsMax);
  }

  async #changeUser(server: MysqlConnection, { login, credentials }: Account): Promise<void> {
    const { socket, upstream } = server;
    const talk = new ServerPayloads(
      (bytes) => socket.write(bytes),
      (payloads) => authenticated(payloads, upstream.nonce, credentials, isSecure(socket)),
    );
    const own = { ...login, attributes: new Map([['program_name', poolApplicationName]]) };
    const change = changeUserPacket(upstream, own, login.charset, credentials);
    const agreement = await server.converse(change, talk, this.#clock, serverMsMax);
    server.upstream = { ...upstream, ...agreement };
    server.database = login.database;
  }
}

const noSettings: Tracked = { database: undefined, statements: [] };

/** The server's error, for a client that is being greeted and for one that waits. */
class RefusedBy extends Refused {
  constructor(readonly said: ServerError) {
    super(errPacket(1, said), said.text);
  }
}

/** 1040: it has no connection to spare; 1053: it goes down. */
function isAway({ number }: ServerError): boolean {
  return number === 1040 || number === 1053;
}

/** Clients that differ in any of this cannot use each other's server connections. */
function accountOf(login: Login, credentials: Credentials): Account {
  const { user, database, capabilities, charset, needsTls } = login;
  const secret =
    credentials.kind === 'native-key'
      ? credentials.key
      : credentials.kind === 'password'
        ? credentials.password
        : '';
  const proof = createHash('sha256').update(secret).digest('base64');
  const key = JSON.stringify([user, database, capabilities, charset, needsTls === true, proof]);
  return { key, login, credentials };
}
