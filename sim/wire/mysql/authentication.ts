/**
 * Ways of authentication, on both sides. From a right answer of the client, and what the server
 * stores, comes the key with which the endpoint can log in again for the session: nobody's
 * password is needed for that. Pure.
 */
import {
  constants,
  createHash,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  timingSafeEqual,
} from 'node:crypto';

export const plugin = {
  native: 'mysql_native_password',
  cachingSha2: 'caching_sha2_password',
  clear: 'mysql_clear_password',
} as const;

const hash = (algorithm: 'sha1' | 'sha256', ...parts: (Buffer | string)[]): Buffer => {
  const hashing = createHash(algorithm);
  for (const part of parts) hashing.update(part);
  return hashing.digest();
};

/** `bytes`, each mixed with the next byte of `pad`, which is repeated. */
function xor(bytes: Buffer, pad: Buffer): Buffer {
  const mixed = Buffer.alloc(bytes.length);
  for (let at = 0; at < bytes.length; at++)
    mixed[at] = (bytes[at] as number) ^ (pad[at % pad.length] ?? 0);
  return mixed;
}

/** mysql_native_password: the client's key is SHA1(password), the server stores its SHA1. */
export const native = {
  key(password: string): Buffer {
    return hash('sha1', password);
  },

  /** What `mysql.user` holds of a password, as 20 bytes. */
  stored(key: Buffer): Buffer {
    return hash('sha1', key);
  },

  /** Decodes `*` and 40 hex digits; undefined if it is not that. */
  parseStored(text: string): Buffer | undefined {
    return /^\*[0-9a-f]{40}$/i.test(text) ? Buffer.from(text.slice(1), 'hex') : undefined;
  },

  formatStored(stored: Buffer): string {
    return `*${stored.toString('hex').toUpperCase()}`;
  },

  /** The answer to a nonce. One without password answers with nothing at all. */
  scramble(key: Buffer, nonce: Buffer): Buffer {
    return xor(key, hash('sha1', nonce, hash('sha1', key)));
  },

  /** @returns the client's key, or undefined where the scramble is wrong */
  recoverKey(scramble: Buffer, nonce: Buffer, stored: Buffer): Buffer | undefined {
    if (scramble.length !== 20 || stored.length !== 20) return undefined;
    const key = xor(scramble, hash('sha1', nonce, stored));
    return timingSafeEqual(hash('sha1', key), stored) ? key : undefined;
  },
} as const;

/**
 * caching_sha2_password, its fast way: the client's key is SHA256(password), the server keeps its
 * SHA256 in memory once a full authentication went well. What is in `mysql.user` is another hash:
 * `stored-sha2.ts`.
 */
export const cachingSha2 = {
  key(password: string): Buffer {
    return hash('sha256', password);
  },

  /** What a server keeps in memory. */
  cached(key: Buffer): Buffer {
    return hash('sha256', key);
  },

  /** The answer to a nonce. One without password answers with nothing at all. */
  scramble(key: Buffer, nonce: Buffer): Buffer {
    return xor(key, hash('sha256', hash('sha256', key), nonce));
  },

  /** @returns the client's key, or undefined where the scramble is wrong */
  recoverKey(scramble: Buffer, nonce: Buffer, cached: Buffer): Buffer | undefined {
    if (scramble.length !== 32 || cached.length !== 32) return undefined;
    const key = xor(scramble, hash('sha256', cached, nonce));
    return timingSafeEqual(hash('sha256', key), cached) ? key : undefined;
  },
} as const;

/** What follows on the scramble, as data of AuthMoreData. */
export const cachingSha2Server = {
  /** The scramble was right; OK follows. */
  fastOk: Buffer.from([3]),
  /** The password itself is wanted: in clear over TLS, else encrypted. */
  fullWanted: Buffer.from([4]),
} as const;

/** The client's payload that asks for the server's public key. */
export const publicKeyRequest = Buffer.from([2]);

/** The password as clients send it where the connection is safe, and for the clear plugin. */
export function clearPassword(password: string): Buffer {
  return Buffer.from(`${password}\0`, 'utf8');
}

/** Reads such a payload; undefined where the zero at its end is missing. */
export function parseClearPassword(payload: Buffer): string | undefined {
  const end = payload.indexOf(0);
  return end === -1 || end !== payload.length - 1 ? undefined : payload.toString('utf8', 0, end);
}

const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' } as const;

/**
 * The password for a server whose public key was asked for.
 * @param publicKey in PEM, as the server sent it
 * @returns undefined where that is no key, or one too short for the password
 */
export function encryptPassword(
  password: string,
  nonce: Buffer,
  publicKey: Buffer | string,
): Buffer | undefined {
  try {
    const key = typeof publicKey === 'string' ? publicKey : publicKey.toString('latin1');
    return publicEncrypt({ key, ...oaep }, xor(clearPassword(password), nonce));
  } catch {
    return undefined;
  }
}

/** The password from what a client encrypted; undefined where it was not for this key. */
export function decryptPassword(
  encrypted: Buffer,
  nonce: Buffer,
  privateKey: KeyObject,
): string | undefined {
  try {
    return parseClearPassword(xor(privateDecrypt({ key: privateKey, ...oaep }, encrypted), nonce));
  } catch {
    return undefined;
  }
}
