/** SHA-crypt with SHA-256 (Ulrich Drepper's specification), for salts of any length. Pure. */
import { createHash } from 'node:crypto';

const digestBytes = 32;

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

/** The 32 bytes that 43 characters stand for; undefined where they are none. */
export function decodeSha256Crypt(characters: string): Buffer | undefined {
  if (characters.length !== 43) return undefined;
  const digest = Buffer.alloc(digestBytes);
  let at = 0;
  for (const group of groups) {
    let value = 0;
    // Four characters for three bytes, three for the last two; lowest bits first.
    for (let digit = 0; digit <= group.length; digit++) {
      const bits = alphabet.indexOf(characters.charAt(at++));
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
