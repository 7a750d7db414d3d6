/**
 * COM_CHANGE_USER: the client proves who it wants to be with the nonce of its greeting, which is
 * ours and not the server's. So the endpoint hears it out itself, as at a greeting, and then has
 * the session's own server connection change its user with what came of that.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../clock.js';
import { plugin as plugins } from '../../wire/mysql/authentication.js';
import { parseChangeUser } from '../../wire/mysql/handshake.js';
import type { ServerError } from '../../wire/mysql/messages.js';
import { authenticate } from './authenticate.js';
import type { Credentials } from './credentials.js';
import type { Greeted, Sessions } from './greet.js';
import { PacketTalk } from './packet-talk.js';
import { badHandshake, Refusal } from './refusal.js';
import type { Login, Upstream } from './upstream.js';

/** No sane COM_CHANGE_USER is longer. */
export const newUserPayloadBytesMax = 70_000;
const clientMsMax = 10_000;

/** Who the session is to belong to. */
export interface NewUser {
  readonly login: Login;
  /** 0 = the server's own. */
  readonly charset: number;
  readonly credentials: Credentials;
}

export interface ChangeUserOptions {
  readonly client: Socket;
  readonly payload: Buffer;
  /** Of the command's packet. */
  readonly sequence: number;
  readonly session: Greeted;
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** Has the server change the user; rejects with its refusal. */
  readonly onServer: (newUser: NewUser) => Promise<Pick<Upstream, 'ok' | 'nonce'>>;
}

/** How it ended, and what the client sent behind the talk. */
export type ChangedUser = { readonly unread: Buffer } & (
  | { readonly session: Greeted }
  /** The client is to be told this, under this number, and is not wanted any more. */
  | { readonly refusal: ServerError; readonly sequence: number }
  | { readonly broken: string }
);

/** Never rejects. Where it went well the client has its OK. */
export async function changeUser(options: ChangeUserOptions): Promise<ChangedUser> {
  const { session, sessions } = options;
  const talk = new PacketTalk(options.client, options.sequence);
  const limit = options.clock.timer(clientMsMax, () => talk.abort('it took too long'));
  try {
    const newUser = await heardOut(talk, options);
    limit.cancel();
    const { login, credentials } = newUser;
    const agreement = await options.onServer(newUser);
    if (credentials.kind === 'password')
      sessions.accepted.remember(login.user, credentials.password);
    const upstream = { ...session.upstream, ...agreement };
    talk.send(upstream.ok);
    return { session: { ...session, login, credentials, upstream }, unread: talk.detach() };
  } catch (error) {
    const unread = talk.detach();
    if (!(error instanceof Refusal)) return { broken: String(error), unread };
    return { refusal: error.error, sequence: talk.sequence + 1, unread };
  } finally {
    limit.cancel();
  }
}

async function heardOut(
  talk: PacketTalk,
  { payload, session, sessions }: ChangeUserOptions,
): Promise<NewUser> {
  const wanted = parseChangeUser(payload, session.upstream.capabilities);
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
  const { charset, user, database, attributes } = wanted;
  const login: Login = { ...session.login, user, database, attributes };
  return { login, charset, credentials };
}
