/**
 * The password hash that MySQL stores for caching_sha2_password. SHA-crypt, as `$A$005$`, a salt
 * of 20 bytes and 43 characters; or, from 9.7 where `caching_sha2_password_storage_format` says
 * so, PBKDF2 with SHA-512, as `$B$007$`, the salt and 88 characters of base64. The three digits
 * are thousands of iterations, hexadecimal. Pure.
 */
import { pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { decodeSha256Crypt, sha256Crypt } from './sha256-crypt.js';

export interface StoredSha2 {
  readonly scheme: 'sha256-crypt' | 'pbkdf2-sha512';
  readonly iterations: number;
  readonly salt: Buffer;
  /** 32 bytes, or 64 of PBKDF2. */
  readonly digest: Buffer;
}

const saltBytes = 20;
const headBytes = 7;
/** Servers take no longer password, and the work of SHA-crypt grows with the square of it. */
const passwordBytesMax = 256;

/**
 * Reads `authentication_string` of `mysql.user`, as bytes: the salt is not always text, so ask the
 * server for `hex(authentication_string)`.
 * @returns undefined where it is not such a hash
 */
export function parseStoredSha2(stored: Buffer): StoredSha2 | undefined {
  const parts = /^\$([AB])\$([0-9A-Fa-f]{3})\$/.exec(stored.toString('latin1', 0, headBytes));
  if (parts === null) return undefined;
  const [, kind, thousands = ''] = parts;
  const salt = stored.subarray(headBytes, headBytes + saltBytes);
  const characters = stored.toString('latin1', headBytes + saltBytes);
  const iterations = Number.parseInt(thousands, 16) * 1000;
  const crypt = kind === 'A';
  const digest = crypt ? decodeSha256Crypt(characters) : decodePbkdf2(characters);
  if (digest === undefined || iterations === 0) return undefined;
  return { scheme: crypt ? 'sha256-crypt' : 'pbkdf2-sha512', iterations, salt, digest };
}

function decodePbkdf2(characters: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]{86}==$/.test(characters)) return undefined;
  return Buffer.from(characters, 'base64');
}

/**
 * Whether this is the password. Some milliseconds of work for thousands of iterations, as the
 * server spends them; ask once, and keep `cachingSha2.cached` of the password.
 */
export function isPassword(password: string, stored: StoredSha2): boolean {
  const { scheme, salt, iterations, digest } = stored;
  const bytes = Buffer.from(password, 'utf8');
  if (bytes.length > passwordBytesMax) return false;
  const given =
    scheme === 'sha256-crypt'
      ? sha256Crypt(bytes, salt, iterations)
      : pbkdf2Sync(bytes, salt, iterations, digest.length, 'sha512');
  return timingSafeEqual(given, digest);
}
