/**
 * Greets a client from its first byte to a session: TLS, start-up, authentication, and the
 * server connection in its name. Everything a client may do wrong ends here.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ServerAddress } from '../../server/server.js';
import {
  backend,
  backendKeyDataMessage,
  errorMessage,
  int32,
  message,
  parameterStatusMessage,
  readyForQueryMessage,
} from '../../wire/postgres/messages.js';
import { type FirstPacket, parseFirstPacket } from '../../wire/postgres/startup.js';
import { endWith } from '../end-with.js';
import { HandshakeError, HandshakeReader } from '../handshake-reader.js';
import type { ClientAuthentication, Host } from '../protocol.js';
import { resetConnection } from '../reset-connection.js';
import { authenticate, authenticationOk, type Credentials } from './authenticate.js';
import { type Upstream, UpstreamRefused } from './upstream.js';

/** What the greeting needs of the protocol's one object. */
export interface Sessions<U extends Introduction = Upstream> {
  verifier(user: string): Promise<string | null>;
  connect(
    address: ServerAddress,
    parameters: ReadonlyMap<string, string>,
    credentials: Credentials,
  ): Promise<U>;
  /** Lets a connection go whose client gets no session. */
  letGo(upstream: U): void;
  cancel(processId: number, secret: number): void;
  newProcessId(): number;
}

/** What the server tells a client at its login. */
export interface Introduction {
  /** Settings, by name. */
  readonly reported: ReadonlyMap<string, string>;
}

export interface Greeted<U extends Introduction = Upstream> {
  /** The client's bytes in clear. */
  readonly client: Socket;
  /** The TCP connection under them, which alone can be reset. */
  readonly raw: Socket;
  readonly upstream: U;
  readonly parameters: ReadonlyMap<string, string>;
  readonly credentials: Credentials;
  readonly cancelKey: { readonly processId: number; readonly secret: number };
  /** What the client sent right behind its greeting. */
  readonly unread: Buffer;
}

/** How a dial ended: with all that a session needs, or with what the client was given instead. */
export type GreetingEnd<U extends Introduction = Upstream> =
  | { readonly greeted: Greeted<U> }
  | { readonly answer: string };

type Startup = Extract<FirstPacket, { kind: 'startup' }>;

/** Greets one client. Never rejects: what goes wrong is told to the client and returned. */
export async function greet<U extends Introduction>(
  raw: Socket,
  method: ClientAuthentication,
  host: Host,
  sessions: Sessions<U>,
): Promise<GreetingEnd<U>> {
  const talk = { reader: new HandshakeReader(raw) };
  const limit = host.clock.timer(host.greetingMsMax, () => {
    talk.reader.abort('the greeting took too long');
    raw.destroy();
  });
  try {
    const first = await firstPacket(talk, host, sessions);
    if (first === undefined) return { answer: 'cancel' };
    const refused = await admit(host);
    if (refused !== undefined) return refuse(talk.reader, refused, '57P03');
    host.entering();
    return await letIn(talk.reader, raw, first, { method, host, sessions });
  } catch (error) {
    return fail(talk.reader, raw, error);
  } finally {
    limit.cancel();
  }
}

interface Means<U extends Introduction> {
  readonly method: ClientAuthentication;
  readonly host: Host;
  readonly sessions: Sessions<U>;
}

async function letIn<U extends Introduction>(
  reader: HandshakeReader,
  raw: Socket,
  startup: Startup,
  { method, host, sessions }: Means<U>,
): Promise<GreetingEnd<U>> {
  const parameters = withoutProtocolOptions(reader.socket, startup);
  const user = parameters.get('user');
  if (user === undefined)
    throw new HandshakeError('28000', 'no PostgreSQL user name specified in startup packet');
  const secure = reader.socket instanceof TLSSocket;
  const credentials = await authenticate(reader, {
    user,
    method,
    verifier: await sessions.verifier(user),
    certificateHash: secure ? host.identity.certificateHash : undefined,
  });
  turnAway(host);
  const upstream = await sessions.connect(host.target(), parameters, credentials);
  if (!host.admitting()) {
    sessions.letGo(upstream);
    turnAway(host);
  }
  const cancelKey = {
    processId: sessions.newProcessId(),
    secret: randomBytes(4).readInt32BE(0),
  };
  const unread = reader.detach();
  reader.socket.write(
    Buffer.concat([
      authenticationOk,
      ...[...upstream.reported].map(([name, value]) => parameterStatusMessage(name, value)),
      backendKeyDataMessage(cancelKey.processId, cancelKey.secret),
      readyForQueryMessage('I'),
    ]),
  );
  return {
    greeted: { client: reader.socket, raw, upstream, parameters, credentials, cancelKey, unread },
  };
}

/** @throws HandshakeError 57P03 where the endpoint does not admit */
function turnAway(host: Host): void {
  if (!host.admitting()) throw new HandshakeError('57P03', startingUp);
}

/** Reads up to the startup packet, going through TLS; undefined where it was a cancel request. */
async function firstPacket(
  talk: { reader: HandshakeReader },
  host: Host,
  sessions: Pick<Sessions, 'cancel'>,
): Promise<Startup | undefined> {
  for (;;) {
    const packet = await talk.reader.next(takeFirst);
    if (packet === 'tls') upgrade(talk, host, false);
    else if (packet.kind === 'ssl') {
      if (talk.reader.unread.length > 0)
        throw new HandshakeError('08P01', 'received unencrypted data after SSL request');
      talk.reader.socket.write('S');
      upgrade(talk, host, true);
    } else if (packet.kind === 'gss') talk.reader.socket.write('N');
    else if (packet.kind === 'cancel') {
      sessions.cancel(packet.processId, packet.secret);
      talk.reader.detach();
      talk.reader.socket.destroy();
      return undefined;
    } else if (packet.kind === 'startup') return packet;
    else throw new HandshakeError('08P01', packet.kind === 'invalid' ? packet.why : 'incomplete');
  }
}

const startingUp = 'the database system is starting up';

/** The first byte of a TLS handshake: a client that begins with TLS without asking. */
const tlsHandshake = 0x16;

function takeFirst(bytes: Buffer): { found: FirstPacket | 'tls'; bytes: number } | undefined {
  if (bytes[0] === tlsHandshake) return { found: 'tls', bytes: 0 };
  const packet = parseFirstPacket(bytes);
  if (packet.kind === 'incomplete') return undefined;
  return { found: packet, bytes: packet.kind === 'invalid' ? bytes.length : packet.bytes };
}

function upgrade(talk: { reader: HandshakeReader }, host: Host, asked: boolean): void {
  const { socket } = talk.reader;
  if (socket instanceof TLSSocket)
    throw new HandshakeError('08P01', 'TLS was asked for inside TLS');
  const unread = talk.reader.detach();
  if (unread.length > 0) socket.unshift(unread);
  const secure = new TLSSocket(socket, {
    isServer: true,
    secureContext: host.identity.secureContext,
    ...(asked ? {} : { ALPNProtocols: ['postgresql'] }),
  });
  talk.reader = new HandshakeReader(secure);
}

/** @returns the text of a 57P03 where the client must not come in now */
async function admit(host: Host): Promise<string | undefined> {
  if (host.state() === 'holding') await host.untilReleased();
  if (host.state() === 'starting-up') return startingUp;
  return undefined;
}

/** Protocol options we do not speak are named back to the client, as the protocol wants. */
function withoutProtocolOptions(socket: Socket, startup: Startup): Map<string, string> {
  const parameters = new Map(startup.parameters);
  const options = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'));
  for (const name of options) parameters.delete(name);
  if (startup.minor > 0 || options.length > 0)
    socket.write(
      message(
        backend.negotiateProtocolVersion,
        int32(0x00030000),
        int32(options.length),
        ...options.map((name) => `${name}\0`),
      ),
    );
  return parameters;
}

function refuse(reader: HandshakeReader, text: string, code: string): { readonly answer: string } {
  reader.detach();
  endWith(reader.socket, errorMessage({ severity: 'FATAL', code, message: text }));
  return { answer: code };
}

function fail(reader: HandshakeReader, raw: Socket, error: unknown): { readonly answer: string } {
  if (error instanceof UpstreamRefused) {
    reader.detach();
    endWith(reader.socket, error.response);
    return { answer: error.code };
  }
  if (error instanceof HandshakeError && error.code !== null)
    return refuse(reader, error.message, error.code);
  // The server is not there, or the client is gone: nothing can be said in the server's name.
  reader.detach();
  reader.socket.on('error', () => {});
  resetConnection(raw, reader.socket);
  return { answer: 'reset' };
}
