/** A client of the MySQL protocol that sends what no driver would. */
import { connect, type Socket } from 'node:net';
import { AnswerReader, type PacketRole } from '../../sim/wire/mysql/answer.js';
import {
  cachingSha2,
  encryptPassword,
  native,
  plugin as plugins,
  publicKeyRequest,
} from '../../sim/wire/mysql/authentication.js';
import { capability, withBits } from '../../sim/wire/mysql/capabilities.js';
import type { AnswerKind } from '../../sim/wire/mysql/commands.js';
import {
  buildHandshakeResponse,
  type Greeting,
  parseAuthMoreData,
  parseAuthSwitch,
  parseGreeting,
} from '../../sim/wire/mysql/handshake.js';
import {
  type PreparedStatement,
  parseErr,
  type ServerError,
} from '../../sim/wire/mysql/messages.js';
import { PacketReader, packet, type WholePacket } from '../../sim/wire/mysql/packets.js';

/** What a plain client of today asks for. */
export const plainCapabilities = withBits(
  0,
  capability.mysql,
  capability.longFlag,
  capability.protocol41,
  capability.transactions,
  capability.secureConnection,
  capability.multiStatements,
  capability.multiResults,
  capability.psMultiResults,
  capability.pluginAuth,
  capability.localFiles,
);

export interface RawLogin {
  readonly user: string;
  readonly password: string;
  readonly database?: string;
  readonly capabilities?: number;
}

export interface RawAnswer {
  readonly roles: readonly PacketRole[];
  readonly payloads: readonly Buffer[];
  readonly error: ServerError | undefined;
  readonly prepared: PreparedStatement | undefined;
  readonly status: number;
}

export class RawMysql {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  readonly #packets = new PacketReader(64 * 1024 * 1024);
  #ready: WholePacket[] = [];
  #ended = false;
  #wake: () => void = () => {};
  greeting: Greeting | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#ready.push(...this.#packets.push(chunk).packets);
      this.#wake();
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) =>
      socket.on('close', () => {
        this.#ended = true;
        this.#wake();
        resolve();
      }),
    );
  }

  static dial({ host, port }: { host: string; port: number }): Promise<RawMysql> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true }, () => resolve(new RawMysql(socket)));
      socket.once('error', reject);
    });
  }

  /** Dials and logs in. @throws Error with the server's words */
  static async open(address: { host: string; port: number }, login: RawLogin): Promise<RawMysql> {
    const raw = await RawMysql.dial(address);
    const end = await raw.logIn(login);
    const error = parseErr(end.payload);
    if (error !== undefined) throw new Error(`${error.number}: ${error.text}`);
    return raw;
  }

  /** The next payload. @throws Error when the connection ends instead */
  async next(): Promise<WholePacket> {
    for (;;) {
      const first = this.#ready.shift();
      if (first !== undefined) return first;
      if (this.#ended) throw new Error('closed');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next payload as an error; undefined if it is none. */
  async error(): Promise<ServerError | undefined> {
    return parseErr((await this.next()).payload);
  }

  send(payload: Buffer, sequence = 0): void {
    this.socket.write(packet(sequence, payload));
  }

  async greeted(): Promise<Greeting> {
    const greeting = parseGreeting((await this.next()).payload);
    if (greeting === undefined) throw new Error('no greeting');
    this.greeting = greeting;
    return greeting;
  }

  /** Goes through the login. @returns the server's last word, OK or ERR */
  async logIn({ user, password, database = '', capabilities }: RawLogin): Promise<WholePacket> {
    const greeting = this.greeting ?? (await this.greeted());
    const bits = withBits(
      capabilities ?? plainCapabilities,
      ...(database === '' ? [] : [capability.connectWithDb]),
    );
    this.send(
      buildHandshakeResponse({
        capabilities: bits,
        maxPacketBytes: 0x1000000,
        charset: 45,
        mariadbCapabilities: 0,
        user,
        database,
        plugin: greeting.plugin,
        attributes: new Map(),
        authResponse: scramble(greeting.plugin, password, greeting.nonce),
      }),
      1,
    );
    return await this.proved(password, greeting.nonce);
  }

  /** Reads one whole answer. */
  async answer(kind: AnswerKind, deprecateEof = false): Promise<RawAnswer> {
    const reader = new AnswerReader({ deprecateEof });
    reader.begin(kind);
    const roles: PacketRole[] = [];
    const payloads: Buffer[] = [];
    while (!reader.complete && !reader.wantsClientData) {
      const { payload } = await this.next();
      roles.push(reader.packet(payload[0] ?? -1, payload.length, payload));
      payloads.push(payload);
      if (reader.violation !== undefined) throw new Error(reader.violation);
    }
    const { error, prepared, status } = reader;
    return { roles, payloads, error, prepared, status };
  }

  /** A statement and its whole answer. */
  query(sql: string, deprecateEof = false): Promise<RawAnswer> {
    this.send(Buffer.from(`\x03${sql}`));
    return this.answer('rows', deprecateEof);
  }

  /** Answers what is asked until OK or ERR. */
  async proved(password: string, greetedWith: Buffer): Promise<WholePacket> {
    let nonce = greetedWith;
    for (;;) {
      const { payload, sequence } = await this.next();
      if (payload[0] === 0 || payload[0] === 0xff) return { payload, sequence };
      const change = parseAuthSwitch(payload);
      const more = parseAuthMoreData(payload);
      if (change !== undefined) {
        nonce = change.nonce;
        this.send(scramble(change.plugin, password, nonce), sequence + 1);
      } else if (more !== undefined && more[0] === 4) this.send(publicKeyRequest, sequence + 1);
      else if (more !== undefined && more.length > 1)
        this.send(encryptPassword(password, nonce, more) ?? Buffer.alloc(0), sequence + 1);
    }
  }
}

export function scramble(plugin: string, password: string, nonce: Buffer): Buffer {
  if (password === '') return Buffer.alloc(0);
  return plugin === plugins.native
    ? native.scramble(native.key(password), nonce)
    : cachingSha2.scramble(cachingSha2.key(password), nonce);
}
