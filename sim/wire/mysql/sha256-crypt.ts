/**
 * The password hash that MySQL stores for caching_sha2_password: SHA-crypt with SHA-256 (Ulrich
 * Drepper's specification) over a salt of 20 bytes, written as `$A$005$`, salt, 43 characters.
 * Pure.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

export interface Sha256CryptStored {
  readonly rounds: number;
  /** 20 bytes, any but zero. */
  readonly salt: Buffer;
  /** 32 bytes. */
  readonly digest: Buffer;
}

const saltBytes = 20;
const digestBytes = 32;
const digestCharacters = 43;
/** A server takes at most this many thousands (caching_sha2_password_digest_rounds). */
const thousandsMax = 0xfff;

/**
 * Reads `authentication_string` of `mysql.user`, as bytes: the salt is not always text, so ask the
 * server for `hex(authentication_string)`.
 * @returns undefined where it is not such a hash
 */
export function parseSha256Crypt(stored: Buffer): Sha256CryptStored | undefined {
  const parts = /^\$A\$([0-9A-Fa-f]{3})\$/.exec(stored.toString('latin1', 0, 7));
  if (parts === null || stored.length !== 7 + saltBytes + digestCharacters) return undefined;
  const thousands = Number.parseInt(parts[1] ?? '', 16);
  const digest = decode(stored.toString('latin1', 7 + saltBytes));
  if (digest === undefined || thousands < 1 || thousands > thousandsMax) return undefined;
  return { rounds: thousands * 1000, salt: stored.subarray(7, 7 + saltBytes), digest };
}

/** Whether this is the password. It takes as long as the rounds do: 5000 are some milliseconds. */
export function isPassword(password: string, stored: Sha256CryptStored): boolean {
  const digest = sha256Crypt(Buffer.from(password, 'utf8'), stored.salt, stored.rounds);
  return timingSafeEqual(digest, stored.digest);
}

const sha256 = (...parts: Buffer[]): Buffer => {
  const hashing = createHash('sha256');
  for (const part of parts) hashing.update(part);
  return hashing.digest();
};

/** `unit` over and over, cut to `count` bytes. */
function repeated(unit: Buffer, count: number): Buffer {
  return Buffer.alloc(count, unit);
}

/** @returns the 32 bytes before they are written in characters */
export function sha256Crypt(password: Buffer, salt: Buffer, rounds: number): Buffer {
  const inner = sha256(password, salt, password);
  const parts = [password, salt, repeated(inner, password.length)];
  for (let bits = password.length; bits > 0; bits >>= 1)
    parts.push((bits & 1) === 1 ? inner : password);
  let digest = sha256(...parts);
  const fromPassword = sha256(...Array.from({ length: password.length }, () => password));
  const fromSalt = sha256(...Array.from({ length: 16 + (digest[0] as number) }, () => salt));
  const p = repeated(fromPassword, password.length);
  const s = repeated(fromSalt, salt.length);
  for (let round = 0; round < rounds; round++) {
    const odd = (round & 1) === 1;
    const pieces = [odd ? p : digest];
    if (round % 3 !== 0) pieces.push(s);
    if (round % 7 !== 0) pieces.push(p);
    pieces.push(odd ? digest : p);
    digest = sha256(...pieces);
  }
  return digest;
}

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Which digest bytes each four characters stand for, highest first. */
const groups: readonly (readonly number[])[] = [
  [0, 10, 20],
  [21, 1, 11],
  [12, 22, 2],
  [3, 13, 23],
  [24, 4, 14],
  [15, 25, 5],
  [6, 16, 26],
  [27, 7, 17],
  [18, 28, 8],
  [9, 19, 29],
  [31, 30],
];

function decode(characters: string): Buffer | undefined {
  const digest = Buffer.alloc(digestBytes);
  let at = 0;
  for (const group of groups) {
    let value = 0;
    // Four characters for three bytes, three for the last two; lowest bits first.
    for (let digit = 0; digit <= group.length; digit++) {
      const bits = alphabet.indexOf(characters[at++] ?? ' ');
      if (bits === -1) return undefined;
      value |= bits << (6 * digit);
    }
    for (const index of [...group].reverse()) {
      digest[index] = value & 0xff;
      value >>= 8;
    }
  }
  return digest;
}
