/**
 * Authenticates a client, and keeps what it takes to log in to the server again for its session.
 * By mysql_native_password the server's own record is enough for that; where the password is
 * wanted in full, the last word is the server's: it is logged in to with what the client gave.
 */
import { generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import {
  cachingSha2Server,
  decryptPassword,
  native,
  parseClearPassword,
  plugin as plugins,
  publicKeyRequest,
} from '../../wire/mysql/authentication.js';
import { buildAuthMoreData, buildAuthSwitch } from '../../wire/mysql/handshake.js';
import type { AcceptedPasswords, Credentials } from './credentials.js';
import type { PacketTalk } from './packet-talk.js';
import { badHandshake, pluginNotLoaded } from './refusal.js';
import { sha256KeyRequest, sha256Password } from './sha256-password.js';

/** What the server stores of a user. */
export interface Verifier {
  readonly plugin: string;
  readonly authenticationString: string;
  /** The server takes the account over TLS only: REQUIRE SSL, or more than that. */
  readonly needsTls?: boolean;
}

export interface AuthenticateOptions {
  readonly user: string;
  /** Null where there is no such user. */
  readonly verifier: Verifier | null;
  /** The server's usual plugin, for users that it does not know. */
  readonly usualPlugin: string;
  /** The plugin to use although the user's record names another. */
  readonly forcedPlugin?: string;
  /** What the client sent unasked, and for which plugin. */
  readonly offered: { readonly plugin: string; readonly data: Buffer };
  readonly nonce: Buffer;
  readonly accepted: AcceptedPasswords;
}

/**
 * Leads the client through authentication, up to but without the OK: that is the server's. So is
 * the word that turns a client away: where we know that it is wrong, the server is given something
 * that is wrong as well.
 * @throws Refusal where it makes no sense, or cannot be done here
 */
export async function authenticate(
  talk: PacketTalk,
  options: AuthenticateOptions,
): Promise<Credentials> {
  const { verifier, offered, nonce } = options;
  // One who does not exist must look like one whose password was wrong.
  const wanted = options.forcedPlugin ?? verifier?.plugin ?? options.usualPlugin;
  if (!known.includes(wanted)) throw pluginNotLoaded(wanted);
  let { data } = offered;
  if (offered.plugin !== wanted) {
    talk.send(buildAuthSwitch({ plugin: wanted, nonce }));
    data = await talk.next();
  }
  if (wanted === plugins.clear) return byClear(data);
  if (data.length === 0) return { kind: 'none' };
  if (wanted === plugins.native) return byNative(options, data);
  return wanted === sha256Password
    ? await inFull(talk, data, nonce)
    : await byCachingSha2(talk, options, data);
}

const known: readonly string[] = [...Object.values(plugins), sha256Password];

function byNative({ verifier, nonce }: AuthenticateOptions, scramble: Buffer): Credentials {
  const stored = native.parseStored(verifier?.authenticationString ?? '');
  const key = stored === undefined ? undefined : native.recoverKey(scramble, nonce, stored);
  return { kind: 'native-key', key: key ?? randomBytes(20) };
}

async function byCachingSha2(
  talk: PacketTalk,
  { user, nonce, accepted }: AuthenticateOptions,
  scramble: Buffer,
): Promise<Credentials> {
  const known = accepted.check(user, scramble, nonce);
  if (known !== undefined) {
    talk.send(buildAuthMoreData(cachingSha2Server.fastOk));
    return { kind: 'password', password: known };
  }
  talk.send(buildAuthMoreData(cachingSha2Server.fullWanted));
  return await inFull(talk, await talk.next(), nonce);
}

/** The password itself, in clear over TLS alone. */
async function inFull(talk: PacketTalk, answer: Buffer, nonce: Buffer): Promise<Credentials> {
  const password =
    talk.socket instanceof TLSSocket
      ? parseClearPassword(answer)
      : await encryptedPassword(talk, answer, nonce);
  if (password === '') return { kind: 'none' };
  return { kind: 'password', password: password ?? randomBytes(16).toString('hex') };
}

async function encryptedPassword(
  talk: PacketTalk,
  answer: Buffer,
  nonce: Buffer,
): Promise<string | undefined> {
  let encrypted = answer;
  if (answer.equals(publicKeyRequest) || answer.equals(sha256KeyRequest)) {
    talk.send(buildAuthMoreData((await ownKey()).publicPem));
    encrypted = await talk.next();
  }
  return decryptPassword(encrypted, nonce, (await ownKey()).privateKey);
}

function byClear(data: Buffer): Credentials {
  const password = parseClearPassword(data);
  if (password === undefined) throw badHandshake();
  return password === '' ? { kind: 'none' } : { kind: 'password', password };
}

interface OwnKey {
  readonly publicPem: Buffer;
  readonly privateKey: KeyObject;
}

let key: Promise<OwnKey> | undefined;

/** Begun when an endpoint is made, off the event loop: it takes a tenth of a second and more. */
export function ownKey(): Promise<OwnKey> {
  key ??= promisify(generateKeyPair)('rsa', { modulusLength: 2048 }).then(
    ({ publicKey, privateKey }) => ({
      publicPem: Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })),
      privateKey,
    }),
  );
  return key;
}
