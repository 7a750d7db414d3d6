/**
 * Greets a MySQL client at a pooling endpoint. The server speaks first in this protocol: what it
 * greeted with last is what clients are greeted with, be it away by now.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../clock.js';
import type { Identity } from '../../endpoint/certificate.js';
import { endWith } from '../../endpoint/end-with.js';
import { authenticate, type Verifier } from '../../endpoint/mysql/authenticate.js';
import type { AcceptedPasswords, Credentials } from '../../endpoint/mysql/credentials.js';
import { handshakeResponse, newNonce, ownGreeting } from '../../endpoint/mysql/greet.js';
import { PacketTalk } from '../../endpoint/mysql/packet-talk.js';
import { Refusal } from '../../endpoint/mysql/refusal.js';
import type { Login } from '../../endpoint/mysql/upstream.js';
import { resetConnection } from '../../endpoint/reset-connection.js';
import { plugin as plugins } from '../../wire/mysql/authentication.js';
import { buildGreeting, type Greeting } from '../../wire/mysql/handshake.js';
import { errPacket } from '../../wire/mysql/messages.js';

export interface PooledGreeting {
  readonly clock: Clock;
  readonly identity: Identity;
  readonly msMax: number;
  /** The server's own, as it was heard last. */
  readonly greeting: Greeting;
  readonly connectionId: number;
  readonly accepted: AcceptedPasswords;
  verifier(user: string): Promise<Verifier | null>;
  /** Lets the client in, and gives the server's OK. @throws Refusal where the server says no */
  admit(login: Login, credentials: Credentials): Promise<Buffer>;
}

export interface PooledClient {
  readonly client: Socket;
  readonly unread: Buffer;
  readonly login: Login;
  readonly credentials: Credentials;
}

/** Undefined where the client was turned away or left. Never rejects. */
export async function greetPooled(
  raw: Socket,
  options: PooledGreeting,
): Promise<PooledClient | undefined> {
  const talk = new PacketTalk(raw);
  const limit = options.clock.timer(options.msMax, () => {
    talk.abort('the greeting took too long');
    raw.destroy();
  });
  try {
    return await letIn(talk, options);
  } catch (error) {
    talk.detach();
    const { socket, sequence } = talk;
    if (error instanceof Refusal) endWith(socket, errPacket(sequence + 1, error.error));
    else {
      socket.on('error', () => {});
      resetConnection(raw, socket);
    }
    return undefined;
  } finally {
    limit.cancel();
  }
}

async function letIn(talk: PacketTalk, options: PooledGreeting): Promise<PooledClient | undefined> {
  const { greeting, connectionId, accepted } = options;
  const nonce = newNonce();
  talk.send(buildGreeting(ownGreeting(greeting, nonce, connectionId)));
  const { authResponse, plugin, ...said } = await handshakeResponse(talk, options);
  const verifier = await options.verifier(said.user);
  const needsTls = verifier?.needsTls === true && talk.socket instanceof TLSSocket;
  const login: Login = { ...said, needsTls };
  const credentials = await authenticate(talk, {
    user: login.user,
    verifier,
    usualPlugin: greeting.plugin,
    offered: { plugin: plugin === '' ? plugins.native : plugin, data: authResponse },
    nonce,
    accepted,
  });
  talk.send(await options.admit(login, credentials));
  const unread = talk.detach();
  const client = talk.socket;
  return client.destroyed ? undefined : { client, unread, login, credentials };
}
