/** The endpoint's own connection to a MySQL or MariaDB server, logged in in a session's name. */
import type { Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { Clock } from '../../clock.js';
import type { ServerAddress } from '../../server/server.js';
import {
  cachingSha2,
  cachingSha2Server,
  clearPassword,
  encryptPassword,
  native,
  plugin as plugins,
  publicKeyRequest,
} from '../../wire/mysql/authentication.js';
import { capability, has, withBits, without } from '../../wire/mysql/capabilities.js';
import {
  buildChangeUser,
  buildHandshakeResponse,
  type Greeting,
  type HandshakeResponse,
  parseAuthMoreData,
  parseAuthSwitch,
  parseGreeting,
} from '../../wire/mysql/handshake.js';
import { parseErr } from '../../wire/mysql/messages.js';
import { packet } from '../../wire/mysql/packets.js';
import { HandshakeError } from '../handshake-reader.js';
import { openServerSocket } from '../server-socket.js';
import type { Credentials } from './credentials.js';
import { PacketTalk } from './packet-talk.js';
import { Refusal, ServerRefusal } from './refusal.js';
import { sha256KeyRequest, sha256NoPassword, sha256Password } from './sha256-password.js';

/** A server that has greeted us and waits for a login. */
export interface Dialled {
  readonly talk: PacketTalk;
  readonly greeting: Greeting;
  /** The server's greeting as it came, for one to the client that looks the same. */
  readonly address: ServerAddress;
}

/** A server connection that is ready for commands. */
export interface Upstream {
  readonly socket: Socket;
  readonly connectionId: number;
  /** What client and server agreed on. */
  readonly capabilities: number;
  /** What it greeted with, for COM_CHANGE_USER: its usual plugin, and the nonce last heard. */
  readonly plugin: string;
  readonly nonce: Buffer;
  /** The server's OK to the login. */
  readonly ok: Buffer;
}

/** Payloads to and from a server, in turns. */
export interface PayloadTalk {
  /** @throws when it goes away, does not answer in time, or talks nonsense */
  next(): Promise<Buffer>;
  send(payload: Buffer): void;
}

const sslRequestBytes = 32;

/** What the client said of itself, less its proof. */
export interface Login extends Omit<HandshakeResponse, 'authResponse' | 'plugin'> {
  /** The server takes its account over TLS only. */
  readonly needsTls?: boolean;
}

/**
 * Dials the server and hears its greeting.
 * @throws ServerRefusal with the server's own error, such as 1040; HandshakeError when it cannot
 *   be reached or does not greet in time
 */
export async function dial(
  address: ServerAddress,
  clock: Clock,
  timeoutMs: number,
): Promise<Dialled> {
  const talk = new PacketTalk(openServerSocket(address));
  return await within(talk, clock, timeoutMs, async () => {
    const payload = await talk.next();
    refuse(payload);
    const greeting = parseGreeting(payload);
    if (greeting === undefined) throw new HandshakeError(null, 'the server greets otherwise');
    return { talk, greeting, address };
  });
}

/**
 * Logs in.
 * @throws ServerRefusal with the server's own error; Refusal where we lack what it asks for;
 *   HandshakeError when it goes away or does not answer in time
 */
export async function logIn(
  { talk, greeting }: Dialled,
  login: Login,
  credentials: Credentials,
  clock: Clock,
  timeoutMs: number,
): Promise<Upstream> {
  const capabilities = agreed(login, greeting);
  return await within(talk, clock, timeoutMs, async () => {
    const secure = login.needsTls === true && has(greeting.capabilities, capability.ssl);
    // The server's usual plugin first; it switches where the user has another.
    const first = answerTo(greeting.plugin, credentials, greeting.nonce);
    const response = buildHandshakeResponse({
      ...login,
      capabilities: secure ? withBits(capabilities, capability.ssl) : capabilities,
      // MariaDB's own are not followed either, be it that a client asks for them unoffered.
      mariadbCapabilities: 0,
      plugin: greeting.plugin,
      authResponse: first ?? Buffer.alloc(0),
    });
    if (secure) moveToTls(talk, response.subarray(0, sslRequestBytes));
    talk.send(response);
    const agreement = await authenticated(talk, greeting.nonce, credentials, secure);
    const { socket } = talk;
    const unread = talk.detach();
    if (unread.length > 0) socket.unshift(unread);
    const { connectionId, plugin } = greeting;
    return { socket, connectionId, plugin, capabilities, ...agreement };
  });
}

/** The request is what a response begins with. It is loopback: no certificate is looked at. */
function moveToTls(talk: PacketTalk, request: Buffer): void {
  talk.send(request);
  talk.moveTo((socket) => {
    socket.on('error', () => {});
    return connectTls({ socket, rejectUnauthorized: false });
  });
}

/** Lets a dialled server go. */
export function hangUp({ talk }: Dialled): void {
  talk.detach();
  talk.socket.on('error', () => {});
  talk.socket.destroy();
}

async function within<T>(
  talk: PacketTalk,
  clock: Clock,
  timeoutMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const limit = clock.timer(timeoutMs, () =>
    talk.abort(`no answer from the server within ${timeoutMs} ms`),
  );
  try {
    return await work();
  } catch (error) {
    talk.detach();
    talk.socket.on('error', () => {});
    talk.socket.destroy();
    throw error;
  } finally {
    limit.cancel();
  }
}

/** COM_CHANGE_USER with its header. @param charset 0 = the server's own */
export function changeUserPacket(
  { plugin, nonce, capabilities }: Upstream,
  { user, database, attributes }: Login,
  charset: number,
  credentials: Credentials,
): Buffer {
  const authResponse = answerTo(plugin, credentials, nonce) ?? Buffer.alloc(0);
  const change = { user, database, attributes, charset, plugin, authResponse };
  return packet(0, buildChangeUser(change, capabilities));
}

/**
 * Goes through what the server asks, up to its OK.
 * @param secure the connection is over TLS
 * @throws ServerRefusal with the server's own error; Refusal where we lack what it asks for; what
 *   the talk throws
 */
export async function authenticated(
  talk: PayloadTalk,
  greetedWith: Buffer,
  credentials: Credentials,
  secure: boolean,
): Promise<Pick<Upstream, 'ok' | 'nonce'>> {
  let nonce = greetedWith;
  for (;;) {
    const payload = await talk.next();
    refuse(payload);
    if (payload[0] === 0) return { ok: Buffer.from(payload), nonce };
    const change = parseAuthSwitch(payload);
    const more = parseAuthMoreData(payload);
    if (change !== undefined) {
      nonce = change.nonce;
      const answer = answerTo(change.plugin, credentials, nonce);
      if (answer === undefined) throw cannotLogIn(change.plugin);
      talk.send(answer);
    } else if (more?.equals(cachingSha2Server.fullWanted)) {
      // Over TLS a server takes the password as it is, and gives no key.
      if (!secure) talk.send(publicKeyRequest);
      else if (credentials.kind === 'password') talk.send(clearPassword(credentials.password));
      else throw cannotLogIn(plugins.cachingSha2);
    } else if (more !== undefined && more.length > 1) {
      if (credentials.kind !== 'password') throw cannotLogIn(plugins.cachingSha2);
      const encrypted = encryptPassword(credentials.password, nonce, more);
      if (encrypted === undefined) throw cannotLogIn(plugins.cachingSha2);
      talk.send(encrypted);
    } else if (!more?.equals(cachingSha2Server.fastOk))
      throw new HandshakeError(null, 'the server answers the login otherwise');
  }
}

/** @returns undefined where the credentials cannot answer to this plugin */
function answerTo(plugin: string, credentials: Credentials, nonce: Buffer): Buffer | undefined {
  const { kind } = credentials;
  if (kind === 'none') return plugin === sha256Password ? sha256NoPassword : Buffer.alloc(0);
  if (plugin === plugins.native) {
    const key = kind === 'native-key' ? credentials.key : native.key(credentials.password);
    return native.scramble(key, nonce);
  }
  if (kind !== 'password') return undefined;
  if (plugin === sha256Password) return sha256KeyRequest;
  const { password } = credentials;
  if (plugin === plugins.cachingSha2) return cachingSha2.scramble(cachingSha2.key(password), nonce);
  return plugin === plugins.clear ? clearPassword(password) : undefined;
}

function cannotLogIn(plugin: string): Refusal {
  return new Refusal({
    number: 1045,
    sqlState: '28000',
    text: `the endpoint cannot log in to the server for this session by ${plugin}`,
  });
}

function refuse(payload: Buffer): void {
  const error = parseErr(payload);
  if (error !== undefined) throw new ServerRefusal(error);
}

/** What a client asked for and the server can do; never what the endpoint cannot follow. */
function agreed(login: Login, greeting: Greeting): number {
  const both = login.capabilities & (greeting.capabilities | capability.mysql);
  const needed =
    capability.protocol41 |
    capability.secureConnection |
    capability.pluginAuth |
    (greeting.capabilities & capability.lengthEncodedAuthData);
  const withDatabase = login.database === '' ? 0 : capability.connectWithDb;
  const bits = without(both, ...notFollowed, capability.connectWithDb) | needed | withDatabase;
  return bits >>> 0;
}

/**
 * Capabilities that are kept from clients and never asked of servers: compressed or changed
 * packets could not be followed, and TLS is the endpoint's own.
 */
export const notFollowed: readonly number[] = [
  capability.ssl,
  capability.compress,
  capability.zstdCompression,
  capability.queryAttributes,
  capability.optionalResultsetMetadata,
  capability.multiFactorAuthentication,
  capability.capabilityExtension,
];

export function isSecure(socket: Socket): boolean {
  return socket instanceof TLSSocket;
}

/** Whether the connection agreed to end rows with OK instead of EOF. */
export function deprecatesEof(capabilities: number): boolean {
  return has(capabilities, capability.deprecateEof);
}
