/**
 * SCRAM-SHA-256 (RFC 5802, 7677) on both sides, from the server's stored verifier alone. The
 * client's proof gives away its ClientKey to whoever holds the verifier; with that key the
 * endpoint can log in again for the session after the server was restarted. Pure.
 */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** `pg_authid.rolpassword` of a SCRAM role, decoded. */
export interface ScramVerifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** What it takes to log in as a role whose verifier is known. */
export interface ScramKeys extends ScramVerifier {
  readonly clientKey: Buffer;
}

const hmac = (key: Buffer, data: string | Buffer): Buffer =>
  createHmac('sha256', key).update(data).digest();
const hash = (data: Buffer): Buffer => createHash('sha256').update(data).digest();

function xor(a: Buffer, b: Buffer): Buffer {
  const mixed = Buffer.alloc(a.length);
  for (let at = 0; at < a.length; at++) mixed[at] = (a[at] as number) ^ (b[at] ?? 0);
  return mixed;
}

/** Decodes `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`; undefined if it is not. */
export function parseScramVerifier(text: string): ScramVerifier | undefined {
  const parts = /^SCRAM-SHA-256\$(\d{1,9}):([^$:]+)\$([^$:]+):([^$:]+)$/.exec(text);
  if (parts === null) return undefined;
  const [, iterations, salt, storedKey, serverKey] = parts;
  const verifier = {
    iterations: Number(iterations),
    salt: Buffer.from(salt ?? '', 'base64'),
    storedKey: Buffer.from(storedKey ?? '', 'base64'),
    serverKey: Buffer.from(serverKey ?? '', 'base64'),
  };
  const sane = verifier.storedKey.length === 32 && verifier.serverKey.length === 32;
  return sane && verifier.iterations > 0 ? verifier : undefined;
}

/** Writes the verifier as the server stores it. */
export function formatScramVerifier(verifier: ScramVerifier): string {
  const b64 = (bytes: Buffer): string => bytes.toString('base64');
  const keys = `${b64(verifier.storedKey)}:${b64(verifier.serverKey)}`;
  return `SCRAM-SHA-256$${verifier.iterations}:${b64(verifier.salt)}$${keys}`;
}

/** Derives the keys from a password; costs the full iterations, off the event loop. */
export async function deriveScramKeys(
  password: string,
  salt: Buffer,
  iterations: number,
): Promise<ScramKeys> {
  const derive = promisify(pbkdf2);
  const salted = await derive(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const clientKey = hmac(salted, 'Client Key');
  const serverKey = hmac(salted, 'Server Key');
  return { iterations, salt, clientKey, serverKey, storedKey: hash(clientKey) };
}

function attributes(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of text.split(',')) {
    if (part[1] === '=') found.set(part[0] as string, part.slice(2));
  }
  return found;
}

/** Our side towards a client: it proves that it knows the password behind the verifier. */
export class ScramServer {
  readonly #verifier: ScramVerifier;
  readonly #nonce: string;
  readonly #channelBinding: Buffer | undefined;
  #clientFirstBare = '';
  #serverFirst = '';
  #gs2Header = '';

  /**
   * @param nonce printable, without comma
   * @param channelBinding the hash of our certificate when the client chose SCRAM-SHA-256-PLUS
   */
  constructor(verifier: ScramVerifier, nonce: string, channelBinding?: Buffer) {
    this.#verifier = verifier;
    this.#nonce = nonce;
    this.#channelBinding = channelBinding;
  }

  /** @returns the server-first message, or undefined for a malformed client-first message */
  first(clientFirst: string): string | undefined {
    const parts = /^((?:n|y|p=[^,]*),(?:a=[^,]*)?,)(.*)$/s.exec(clientFirst);
    if (parts === null) return undefined;
    const [, gs2Header = '', bare = ''] = parts;
    if (gs2Header.startsWith('p=') !== (this.#channelBinding !== undefined)) return undefined;
    const clientNonce = attributes(bare).get('r');
    if (clientNonce === undefined || clientNonce.length === 0) return undefined;
    this.#gs2Header = gs2Header;
    this.#clientFirstBare = bare;
    const { salt, iterations } = this.#verifier;
    const nonce = `${clientNonce}${this.#nonce}`;
    this.#serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`;
    return this.#serverFirst;
  }

  /** @returns the keys and the server-final message, or undefined when the proof is wrong */
  final(clientFinal: string): { keys: ScramKeys; serverFinal: string } | undefined {
    const given = attributes(clientFinal);
    const nonce = attributes(this.#serverFirst).get('r');
    const proofAt = clientFinal.lastIndexOf(',p=');
    const proof = Buffer.from(clientFinal.slice(proofAt + 3), 'base64');
    if (proofAt === -1 || proof.length !== 32 || given.get('r') !== nonce) return undefined;
    const bound = Buffer.concat([
      Buffer.from(this.#gs2Header, 'utf8'),
      this.#channelBinding ?? Buffer.alloc(0),
    ]);
    if (given.get('c') !== bound.toString('base64')) return undefined;
    const signed = `${this.#clientFirstBare},${this.#serverFirst},${clientFinal.slice(0, proofAt)}`;
    const clientKey = xor(proof, hmac(this.#verifier.storedKey, signed));
    if (!timingSafeEqual(hash(clientKey), this.#verifier.storedKey)) return undefined;
    const signature = hmac(this.#verifier.serverKey, signed).toString('base64');
    return { keys: { ...this.#verifier, clientKey }, serverFinal: `v=${signature}` };
  }
}

/** Our side towards the server, with keys in the place of the password. */
export class ScramClient {
  readonly #keys: ScramKeys;
  readonly #nonce: string;
  #signed = '';

  constructor(keys: ScramKeys, nonce: string) {
    this.#keys = keys;
    this.#nonce = nonce;
  }

  first(): string {
    return `n,,n=,r=${this.#nonce}`;
  }

  /**
   * @returns the client-final message, or undefined when the server's salt or iterations are not
   *   those of the keys (the role's password was changed) or its message makes no sense
   */
  final(serverFirst: string): string | undefined {
    const given = attributes(serverFirst);
    const nonce = given.get('r');
    const same =
      nonce?.startsWith(this.#nonce) &&
      given.get('s') === this.#keys.salt.toString('base64') &&
      given.get('i') === String(this.#keys.iterations);
    if (!same) return undefined;
    const withoutProof = `c=biws,r=${nonce}`;
    this.#signed = `n=,r=${this.#nonce},${serverFirst},${withoutProof}`;
    const proof = xor(this.#keys.clientKey, hmac(this.#keys.storedKey, this.#signed));
    return `${withoutProof},p=${proof.toString('base64')}`;
  }

  /** Whether the server proved that it knows the verifier too. */
  accepts(serverFinal: string): boolean {
    const signature = hmac(this.#keys.serverKey, this.#signed).toString('base64');
    return attributes(serverFinal).get('v') === signature;
  }
}
