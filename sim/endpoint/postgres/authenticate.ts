/**
 * Authenticates a client as the server itself would, from the verifier that the server stores,
 * and keeps what it takes to log in to the server again for this session.
 */
import { createHash, randomBytes } from 'node:crypto';
import { md5Answer, md5Verifier } from '../../wire/postgres/md5.js';
import { authenticationMessage, frontend } from '../../wire/postgres/messages.js';
import {
  deriveScramKeys,
  parseScramVerifier,
  type ScramKeys,
  ScramServer,
  type ScramVerifier,
} from '../../wire/postgres/scram.js';
import { HandshakeError, type HandshakeReader } from '../handshake-reader.js';
import type { ClientAuthentication } from '../protocol.js';
import { takeMessage } from './take-message.js';

/** What a session can prove to the server without anybody's password. */
export interface Credentials {
  readonly scram?: ScramKeys;
  readonly md5Hex?: string;
  /** Known only where the client was asked for it in clear. */
  readonly password?: string;
}

const ok = 0;
const cleartext = 3;
const md5 = 5;
const sasl = 10;
const saslContinue = 11;
const saslFinal = 12;

export interface AuthenticateOptions {
  readonly user: string;
  readonly method: ClientAuthentication;
  /** `pg_authid.rolpassword`, or null where there is no such role or it has none. */
  readonly verifier: string | null;
  /** SHA-256 of our certificate where the client is on TLS, for channel binding. */
  readonly certificateHash: Buffer | undefined;
}

/**
 * Leads the client through authentication, up to but without AuthenticationOk: the server has
 * its own say first.
 * @throws HandshakeError 28P01 for a wrong password, 08P01 for anything that makes no sense
 */
export async function authenticate(
  reader: HandshakeReader,
  options: AuthenticateOptions,
): Promise<Credentials> {
  if (options.method === 'trust') return {};
  const stored = options.verifier;
  if (options.method === 'cleartext') return await byCleartext(reader, options);
  if (stored?.startsWith('md5')) return await byMd5(reader, options.user, stored.slice(3));
  const verifier = stored === null ? undefined : parseScramVerifier(stored);
  return await byScram(reader, options, verifier);
}

function refused(user: string): HandshakeError {
  return new HandshakeError('28P01', `password authentication failed for user "${user}"`);
}

async function passwordMessage(reader: HandshakeReader): Promise<Buffer> {
  const { type, body } = await reader.next(takeMessage);
  if (type !== frontend.password)
    throw new HandshakeError('08P01', `expected password response, got message type ${type}`);
  return body;
}

function withoutZero(body: Buffer): string {
  const end = body.indexOf(0);
  return body.toString('utf8', 0, end === -1 ? body.length : end);
}

async function byCleartext(
  reader: HandshakeReader,
  { user, verifier }: AuthenticateOptions,
): Promise<Credentials> {
  reader.socket.write(authenticationMessage(cleartext));
  const password = withoutZero(await passwordMessage(reader));
  if (verifier === null) throw refused(user);
  if (verifier.startsWith('md5')) {
    const md5Hex = md5Verifier(user, password);
    if (md5Hex !== verifier.slice(3)) throw refused(user);
    return { md5Hex, password };
  }
  const scram = parseScramVerifier(verifier);
  if (scram === undefined) throw refused(user);
  const keys = await deriveScramKeys(password, scram.salt, scram.iterations);
  if (!keys.storedKey.equals(scram.storedKey)) throw refused(user);
  return { scram: keys, password };
}

async function byMd5(
  reader: HandshakeReader,
  user: string,
  verifierHex: string,
): Promise<Credentials> {
  const salt = randomBytes(4);
  reader.socket.write(authenticationMessage(md5, salt));
  const answer = withoutZero(await passwordMessage(reader));
  if (answer !== md5Answer(verifierHex, salt)) throw refused(user);
  return { md5Hex: verifierHex };
}

async function byScram(
  reader: HandshakeReader,
  { user, certificateHash }: AuthenticateOptions,
  verifier: ScramVerifier | undefined,
): Promise<Credentials> {
  const plus = certificateHash === undefined ? '' : 'SCRAM-SHA-256-PLUS\0';
  const offered = Buffer.from(`${plus}SCRAM-SHA-256\0\0`, 'utf8');
  reader.socket.write(authenticationMessage(sasl, offered));
  const initial = await passwordMessage(reader);
  const nameEnd = initial.indexOf(0);
  if (nameEnd === -1 || initial.length < nameEnd + 5)
    throw new HandshakeError('08P01', 'malformed SASL initial response');
  const mechanism = initial.toString('utf8', 0, nameEnd);
  const bound = mechanism === 'SCRAM-SHA-256-PLUS';
  if (!(mechanism === 'SCRAM-SHA-256' || (bound && certificateHash !== undefined)))
    throw new HandshakeError('08P01', 'client selected an invalid SASL authentication mechanism');
  const clientFirst = initial.toString('utf8', nameEnd + 5);
  // "y" says "you did not offer channel binding": with PLUS offered, someone cut it out.
  if (certificateHash !== undefined && clientFirst.startsWith('y'))
    throw new HandshakeError('28000', 'SCRAM channel binding negotiation error');
  const server = new ScramServer(
    verifier ?? unguessableVerifier(user),
    randomBytes(18).toString('base64'),
    bound ? certificateHash : undefined,
  );
  const serverFirst = server.first(clientFirst);
  if (serverFirst === undefined) throw new HandshakeError('08P01', 'malformed SCRAM message');
  reader.socket.write(authenticationMessage(saslContinue, Buffer.from(serverFirst, 'utf8')));
  const final = server.final((await passwordMessage(reader)).toString('utf8'));
  if (final === undefined || verifier === undefined) throw refused(user);
  reader.socket.write(authenticationMessage(saslFinal, Buffer.from(final.serverFinal, 'utf8')));
  return { scram: final.keys };
}

/** A role that does not exist must look like one whose password was wrong. */
function unguessableVerifier(user: string): ScramVerifier {
  return {
    iterations: 4096,
    salt: createHash('sha256').update(user).digest().subarray(0, 16),
    storedKey: randomBytes(32),
    serverKey: randomBytes(32),
  };
}

export const authenticationOk = authenticationMessage(ok);
