/**
 * Greets a MySQL client from the first byte to a session: the server is dialled first, because it
 * is the one that speaks first, and its greeting is passed on with a nonce of our own; then TLS,
 * authentication, and the login in the client's name.
 */
import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../clock.js';
import type { ServerAddress } from '../../server/server.js';
import { plugin as plugins } from '../../wire/mysql/authentication.js';
import { capability, withBits, without } from '../../wire/mysql/capabilities.js';
import {
  buildGreeting,
  type HandshakeResponse,
  isSslRequest,
  nonceBytes,
  parseHandshakeResponse,
  type Greeting as ServerGreeting,
} from '../../wire/mysql/handshake.js';
import { errPacket } from '../../wire/mysql/messages.js';
import { endWith } from '../end-with.js';
import type { ClientAuthentication, Host } from '../protocol.js';
import { resetConnection } from '../reset-connection.js';
import { authenticate, type Verifier } from './authenticate.js';
import type { AcceptedPasswords, Credentials } from './credentials.js';
import type { DialSlots, WaitingDial } from './dial-slots.js';
import { PacketTalk } from './packet-talk.js';
import { badHandshake, Refusal, ServerRefusal } from './refusal.js';
import {
  type Dialled,
  dial,
  hangUp,
  isSecure,
  type Login,
  logIn,
  notFollowed,
  type Upstream,
} from './upstream.js';

/** What the greeting needs of the protocol's one object. */
export interface Sessions {
  readonly accepted: AcceptedPasswords;
  readonly dials: DialSlots<Dialled>;
  verifier(user: string): Promise<Verifier | null>;
  /** A connection id for a client to be told. */
  newConnectionId(): number;
}

export interface Greeted {
  /** The client's bytes in clear. */
  readonly client: Socket;
  /** The TCP connection under them, which alone can be reset. */
  readonly raw: Socket;
  readonly upstream: Upstream;
  readonly login: Login;
  readonly credentials: Credentials;
  /** What the client was told: it answers COM_CHANGE_USER with it. */
  readonly nonce: Buffer;
  readonly clientConnectionId: number;
  /** Such as `mysql_native_password`: the server's usual plugin. */
  readonly usualPlugin: string;
  readonly serverVersion: string;
  /** What the client sent right behind its greeting. */
  readonly unread: Buffer;
}

/** How a dial ended: with all that a session needs, or with what the client was given instead. */
export type GreetingEnd = { readonly greeted: Greeted } | { readonly answer: string };

export const serverMsMax = 10_000;

/** Greets one client. Never rejects: what goes wrong is told to the client and returned. */
export async function greet(
  raw: Socket,
  method: ClientAuthentication,
  host: Host,
  sessions: Sessions,
): Promise<GreetingEnd> {
  const talk = new PacketTalk(raw);
  let limit: { cancel(): void } | undefined;
  let waiting: WaitingDial<Dialled> | undefined;
  try {
    await stall(host);
    limit = host.clock.timer(host.greetingMsMax, () => {
      talk.abort('the greeting took too long');
      raw.destroy();
    });
    if (!host.admitting()) throw new Error('no server to begin a session on');
    waiting = await sessions.dials.dial(() => {
      if (raw.destroyed || raw.readableEnded) throw new Error('the client has left');
      return dial(host.target(), host.clock, serverMsMax);
    });
    return { greeted: await letIn(talk, raw, waiting, { method, host, sessions }) };
  } catch (error) {
    return fail(talk, raw, error);
  } finally {
    const dialled = waiting?.take();
    if (dialled !== undefined) hangUp(dialled);
    limit?.cancel();
  }
}

/** A server that starts up has no words for a client of this protocol: it does not greet yet. */
async function stall(host: Host): Promise<void> {
  while (host.state() === 'holding' || host.state() === 'starting-up') await host.untilReleased();
}

interface Means {
  readonly method: ClientAuthentication;
  readonly host: Host;
  readonly sessions: Sessions;
}

async function letIn(
  talk: PacketTalk,
  raw: Socket,
  waiting: WaitingDial<Dialled>,
  { method, host, sessions }: Means,
): Promise<Greeted> {
  const { greeting } = waiting.dialled;
  const nonce = newNonce();
  const clientConnectionId = sessions.newConnectionId();
  talk.send(buildGreeting(ownGreeting(greeting, nonce, clientConnectionId)));
  const response = await handshakeResponse(talk, host);
  host.entering();
  const { authResponse, plugin, ...said } = response;
  const verifier = await sessions.verifier(said.user);
  // As the client came: one that comes in clear the server itself refuses.
  const login = { ...said, needsTls: verifier?.needsTls === true && isSecure(talk.socket) };
  const credentials = await authenticate(talk, {
    user: login.user,
    verifier,
    usualPlugin: greeting.plugin,
    ...(method === 'cleartext' ? { forcedPlugin: plugins.clear } : {}),
    offered: { plugin: plugin === '' ? plugins.native : plugin, data: authResponse },
    nonce,
    accepted: sessions.accepted,
  });
  const kept = waiting.take();
  // Its server may have been restarted while the client thought.
  const lives = kept !== undefined && !kept.talk.socket.destroyed;
  const dialled = lives ? kept : await dial(host.target(), host.clock, serverMsMax);
  const upstream = await loggedIn(dialled, login, credentials, host.clock, sessions.accepted);
  if (!host.admitting()) {
    upstream.socket.on('error', () => {});
    upstream.socket.destroy();
    throw new Error('the server is being replaced');
  }
  talk.send(upstream.ok);
  const unread = talk.detach();
  return {
    client: talk.socket,
    raw,
    upstream,
    login: { ...login, capabilities: upstream.capabilities },
    credentials,
    nonce,
    clientConnectionId,
    usualPlugin: greeting.plugin,
    serverVersion: greeting.serverVersion,
    unread,
  };
}

/** Logs in, and learns whether a password that was given in full is the right one. */
export async function loggedIn(
  dialled: Dialled,
  login: Login,
  credentials: Credentials,
  clock: Clock,
  accepted: AcceptedPasswords,
): Promise<Upstream> {
  try {
    const upstream = await logIn(dialled, login, credentials, clock, serverMsMax);
    if (credentials.kind === 'password') accepted.remember(login.user, credentials.password);
    return upstream;
  } catch (error) {
    const denied = error instanceof ServerRefusal && error.error.number === 1045;
    if (denied && credentials.kind === 'password')
      accepted.forget(login.user, credentials.password);
    throw error;
  }
}

/**
 * Dials and logs in to another server in the name of a session that is there already; without a
 * database: the one that it began in may be gone, and it may have gone on to another.
 */
export async function logInAgain(
  address: ServerAddress,
  { login, credentials }: Pick<Greeted, 'login' | 'credentials'>,
  clock: Clock,
  accepted: AcceptedPasswords,
): Promise<Upstream> {
  const dialled = await dial(address, clock, serverMsMax);
  return await loggedIn(dialled, { ...login, database: '' }, credentials, clock, accepted);
}

/** The server's greeting with a nonce and an id of ours, and without what is not followed. */
export function ownGreeting(
  greeting: ServerGreeting,
  nonce: Buffer,
  connectionId: number,
): ServerGreeting {
  const capabilities = without(greeting.capabilities, ...notFollowed);
  return {
    ...greeting,
    nonce,
    connectionId,
    // With this bit no client looks for MariaDB's own capabilities, which are not followed either.
    capabilities: withBits(capabilities, capability.ssl, capability.mysql),
    mariadbCapabilities: 0,
  };
}

/** Clients take no zero in it, nor do all take bytes beyond ASCII. */
export function newNonce(): Buffer {
  return Buffer.from(Array.from({ length: nonceBytes }, () => randomInt(1, 128)));
}

/** Reads the client's response, going through TLS. */
export async function handshakeResponse(
  talk: PacketTalk,
  host: Pick<Host, 'identity'>,
): Promise<HandshakeResponse> {
  let payload = await talk.next();
  if (isSslRequest(payload)) {
    talk.moveTo(
      (socket) =>
        new TLSSocket(socket, { isServer: true, secureContext: host.identity.secureContext }),
    );
    payload = await talk.next();
  }
  const response = parseHandshakeResponse(payload);
  if (response === undefined) throw badHandshake();
  return response;
}

function fail(talk: PacketTalk, raw: Socket, error: unknown): GreetingEnd {
  talk.detach();
  const { socket, sequence } = talk;
  if (!(error instanceof Refusal)) {
    socket.on('error', () => {});
    // The server is not there, or the client is gone: nothing can be said in the server's name.
    resetConnection(raw, socket);
    return { answer: 'reset' };
  }
  endWith(socket, errPacket(sequence + 1, error.error));
  return { answer: String(error.error.number) };
}
