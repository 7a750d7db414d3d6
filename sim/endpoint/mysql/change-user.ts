/**
 * COM_CHANGE_USER: the client proves who it wants to be with the nonce of its greeting, which is
 * ours and not the server's. So the endpoint hears it out itself, as at a greeting, and gives the
 * session a new server connection, on which everything is as after the command.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../clock.js';
import type { ServerAddress } from '../../server/server.js';
import { plugin as plugins } from '../../wire/mysql/authentication.js';
import { parseChangeUser } from '../../wire/mysql/handshake.js';
import { errPacket } from '../../wire/mysql/messages.js';
import { authenticate } from './authenticate.js';
import { type Greeted, loggedIn, type Sessions, serverMsMax } from './greet.js';
import { PacketTalk } from './packet-talk.js';
import { badHandshake, Refusal } from './refusal.js';
import { dial, type Login } from './upstream.js';

/** No sane COM_CHANGE_USER is longer. */
export const newUserPayloadBytesMax = 70_000;

/** How it ended. The client of one without `greeted` was told why, and is not wanted any more. */
export interface NewUser {
  readonly greeted: Greeted | undefined;
  /** What the client sent behind the talk. */
  readonly unread: Buffer;
  /** Tells the client that it is done. */
  confirm(): void;
}

export interface ChangeUserOptions {
  readonly client: Socket;
  readonly payload: Buffer;
  /** Of the command's packet. */
  readonly sequence: number;
  readonly session: Greeted;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly target: ServerAddress;
}

/** Never rejects. */
export async function changeUser(options: ChangeUserOptions): Promise<NewUser> {
  const talk = new PacketTalk(options.client, options.sequence);
  const limit = options.clock.timer(2 * serverMsMax, () => talk.abort('it took too long'));
  try {
    const greeted = await newUser(talk, options);
    return { greeted, unread: talk.detach(), confirm: () => talk.send(greeted.upstream.ok) };
  } catch (error) {
    const unread = talk.detach();
    if (error instanceof Refusal) options.client.write(errPacket(talk.sequence + 1, error.error));
    return { greeted: undefined, unread, confirm: () => {} };
  } finally {
    limit.cancel();
  }
}

async function newUser(
  talk: PacketTalk,
  { payload, session, sessions, clock, target }: ChangeUserOptions,
): Promise<Greeted> {
  const { capabilities, maxPacketBytes, mariadbCapabilities, charset } = session.login;
  const wanted = parseChangeUser(payload, capabilities);
  if (wanted === undefined) throw badHandshake();
  const credentials = await authenticate(talk, {
    user: wanted.user,
    verifier: await sessions.verifier(wanted.user),
    usualPlugin: session.usualPlugin,
    offered: {
      plugin: wanted.plugin === '' ? plugins.native : wanted.plugin,
      data: wanted.authResponse,
    },
    nonce: session.nonce,
    accepted: sessions.accepted,
  });
  const login: Login = {
    capabilities,
    maxPacketBytes,
    mariadbCapabilities,
    charset: wanted.charset === 0 ? charset : wanted.charset & 0xff,
    user: wanted.user,
    database: wanted.database,
    attributes: wanted.attributes,
  };
  const dialled = await dial(target, clock, serverMsMax);
  const upstream = await loggedIn(dialled, login, credentials, clock, sessions.accepted);
  return { ...session, login, credentials, upstream, unread: Buffer.alloc(0) };
}
