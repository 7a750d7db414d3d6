/** The Postgres protocol at a pooling endpoint: logins there, and logins to the server for them. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../../clock.js';
import { HandshakeError } from '../../endpoint/handshake-reader.js';
import type { Credentials } from '../../endpoint/postgres/authenticate.js';
import { type Greeted, greet, type Introduction } from '../../endpoint/postgres/greet.js';
import { Talk } from '../../endpoint/postgres/talk.js';
import { openUpstream, UpstreamRefused } from '../../endpoint/postgres/upstream.js';
import type { Host } from '../../endpoint/protocol.js';
import { backend, queryMessage, terminateMessage } from '../../wire/postgres/messages.js';
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
import { PostgresBooks } from './books.js';

export class PostgresConnection extends ServerConnection implements Introduction {
  readonly reported: ReadonlyMap<string, string>;

  constructor(
    parts: Omit<ConstructorParameters<typeof ServerConnection>[0], 'goodbye'>,
    reported: ReadonlyMap<string, string>,
  ) {
    super({ ...parts, goodbye: terminateMessage });
    this.reported = reported;
  }
}

type Parameters = ReadonlyMap<string, string>;
type PostgresBorrower = Omit<Borrower<PostgresConnection>, 'user'>;

/** What logins were told, by what they asked for; no application asks for so many. */
const introductionsMax = 1_000;

export class PostgresPooling implements PoolingProtocol<PostgresConnection> {
  readonly #clock: Clock;
  readonly #verifier: (user: string) => Promise<string | null>;
  readonly #introductions = new Map<string, Parameters>();

  /** @param verifier `pg_authid.rolpassword` of a role, asked of the server; null = none */
  constructor(clock: Clock, verifier: (user: string) => Promise<string | null>) {
    this.#clock = clock;
    this.#verifier = remembering(verifier, clock);
  }

  /** The server greets nobody in this protocol before it was asked. */
  async learn(): Promise<void> {}

  async greet(
    raw: Socket,
    host: PoolingHost<PostgresConnection>,
  ): Promise<Admitted<PostgresConnection> | undefined> {
    const end = await greet<Introduction>(raw, 'as-stored', greetingHost(host), {
      verifier: this.#verifier,
      connect: (_address, parameters, credentials) =>
        this.#introduce(parameters, credentials, host),
      letGo: () => {},
      // AmazonRDS UserGuide/rds-proxy.html: a CancelRequest is not supported.
      cancel: () => {},
      newProcessId: () => randomBytes(4).readUInt32BE(0) >>> 2,
    });
    return 'greeted' in end ? this.#admitted(end.greeted, host) : undefined;
  }

  #admitted(
    { client, raw, unread, parameters, credentials }: Greeted<Introduction>,
    host: PoolingHost<PostgresConnection>,
  ): Admitted<PostgresConnection> | undefined {
    if (client.destroyed) return undefined;
    const borrower = this.#borrower(parameters, credentials, host);
    return { client, raw, unread, books: new PostgresBooks(), borrower };
  }

  /** What the server says at a login like this, the first time from the server itself. */
  async #introduce(
    parameters: Parameters,
    credentials: Credentials,
    host: PoolingHost<PostgresConnection>,
  ): Promise<Introduction> {
    if (parameters.has('replication')) throw new HandshakeError('0A000', noReplication);
    const borrower = this.#borrower(parameters, credentials, host);
    const known = this.#introductions.get(borrower.key);
    const reported = new Map(known ?? (await this.#ask(borrower, host)));
    reported.set('application_name', parameters.get('application_name') ?? '');
    return { reported };
  }

  async #ask(
    borrower: PostgresBorrower,
    { pool }: PoolingHost<PostgresConnection>,
  ): Promise<Parameters> {
    try {
      const never = new AbortController().signal;
      const server = await pool.borrow({ ...borrower, user: {} }, never);
      // Nothing was done with it: it is as new.
      server.lastUser = undefined;
      pool.giveBack(server);
      return server.reported;
    } catch (error) {
      if (error instanceof BorrowTimedOut) throw new HandshakeError('08000', timedOutText);
      if (error instanceof Refused) throw new UpstreamRefused(error.words, '', error.message);
      throw error;
    }
  }

  #borrower(
    parameters: Parameters,
    credentials: Credentials,
    host: PoolingHost<PostgresConnection>,
  ): PostgresBorrower {
    const asked = new Map(parameters);
    asked.set('application_name', poolApplicationName);
    const key = JSON.stringify([...asked].sort(([one], [other]) => (one < other ? -1 : 1)));
    return {
      key,
      open: () => this.#open(key, asked, credentials, host),
      prepare: (server) => this.#prepare(server),
    };
  }

  async #open(
    key: string,
    parameters: Parameters,
    credentials: Credentials,
    host: PoolingHost<PostgresConnection>,
  ): Promise<PostgresConnection> {
    const address = host.target();
    const clock = this.#clock;
    try {
      const { socket, reported } = await openUpstream({
        ...{ address, parameters, credentials, clock, timeoutMs: serverMsMax },
      });
      // Another version may have come since: the latest of them is told.
      if (this.#introductions.has(key) || this.#introductions.size < introductionsMax)
        this.#introductions.set(key, reported);
      return new PostgresConnection({ key, target: targetName(address), socket }, reported);
    } catch (error) {
      if (error instanceof UpstreamRefused && !isAway(error.code))
        throw new Refused(error.response, error.message);
      throw error;
    }
  }

  /** Settings, listening, prepared statements and temporary tables of whoever had it before. */
  async #prepare(server: PostgresConnection): Promise<void> {
    if (server.lastUser === undefined) return;
    const talk = new Talk(1, () => {});
    const query = queryMessage('DISCARD ALL');
    const answer = await server.converse(query, talk, this.#clock, serverMsMax);
    if (answer.some(({ type }) => type === backend.errorResponse))
      throw new Error('the server does not discard what a session left');
  }
}

const noReplication =
  "Feature not supported: RDS Proxy currently doesn't support streaming replication mode";

/** Class 57P: it goes down or comes up; 53300: it has no connection to spare. */
function isAway(code: string): boolean {
  return code.startsWith('57P') || code.startsWith('08') || code === '53300';
}

/** Clients are let in whatever the server is at: what they ask waits for it. */
function greetingHost(host: PoolingHost<PostgresConnection>): Host {
  const { clock, identity, greetingMsMax } = host;
  return {
    clock,
    identity,
    greetingMsMax,
    target: () => host.target(),
    state: () => 'open',
    untilReleased: async () => {},
    entering: () => {},
    admitting: () => true,
  };
}
