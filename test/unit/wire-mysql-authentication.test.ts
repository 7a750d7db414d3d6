import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cachingSha2,
  clearPassword,
  decryptPassword,
  encryptPassword,
  native,
  parseClearPassword,
} from '../../sim/wire/mysql/authentication.js';

const nonce = Buffer.from('0a3c7e5f11223344556677018899aabbccddeeff', 'hex');

describe('mysql_native_password', () => {
  it('stores what a real MariaDB 10.11 stores', () => {
    const stored = '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7';
    expect(native.formatStored(native.stored(native.key('secret')))).toBe(stored);
    expect(native.parseStored(stored)?.equals(native.stored(native.key('secret')))).toBe(true);
    for (const bad of ['', 'invalid', stored.slice(1), `${stored}0`, stored.replace('E', 'G')])
      expect(native.parseStored(bad)).toBeUndefined();
  });

  it('recovers the key from a right answer only', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (right, wrong) => {
        fc.pre(right !== wrong);
        const stored = native.stored(native.key(right));
        const answer = native.scramble(native.key(right), nonce);
        expect(native.recoverKey(answer, nonce, stored)?.equals(native.key(right))).toBe(true);
        const other = native.scramble(native.key(wrong), nonce);
        expect(native.recoverKey(other, nonce, stored)).toBeUndefined();
        expect(native.recoverKey(answer.subarray(1), nonce, stored)).toBeUndefined();
        expect(native.recoverKey(answer, Buffer.alloc(20, 1), stored)).toBeUndefined();
        expect(native.recoverKey(Buffer.alloc(0), nonce, stored)).toBeUndefined();
      }),
    );
  });
});

describe('caching_sha2_password', () => {
  it('recovers the key from a right answer only', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (right, wrong) => {
        fc.pre(right !== wrong);
        const key = cachingSha2.key(right);
        const cached = cachingSha2.cached(key);
        const answer = cachingSha2.scramble(key, nonce);
        expect(cachingSha2.recoverKey(answer, nonce, cached)?.equals(key)).toBe(true);
        const other = cachingSha2.scramble(cachingSha2.key(wrong), nonce);
        expect(cachingSha2.recoverKey(other, nonce, cached)).toBeUndefined();
        expect(cachingSha2.recoverKey(Buffer.alloc(0), nonce, cached)).toBeUndefined();
      }),
    );
  });

  it('carries the password under the server key, both ways', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }));
    for (const password of ['secret', '', 'pässwörd €', 'a'.repeat(200)]) {
      const encrypted = encryptPassword(password, nonce, pem);
      expect(decryptPassword(encrypted ?? Buffer.alloc(0), nonce, privateKey)).toBe(password);
    }
    const encrypted = encryptPassword('secret', nonce, pem) ?? Buffer.alloc(0);
    expect(decryptPassword(encrypted, Buffer.alloc(20, 1), privateKey)).not.toBe('secret');
    expect(decryptPassword(Buffer.alloc(256, 3), nonce, privateKey)).toBeUndefined();
    expect(decryptPassword(Buffer.alloc(0), nonce, privateKey)).toBeUndefined();
    expect(encryptPassword('a'.repeat(300), nonce, pem)).toBeUndefined();
    expect(encryptPassword('secret', nonce, 'no key')).toBeUndefined();
  });

  it('reads a password in clear, and nothing that only looks like one', () => {
    expect(parseClearPassword(clearPassword('secret'))).toBe('secret');
    expect(parseClearPassword(Buffer.from([0]))).toBe('');
    for (const bad of ['', 'secret', 'a\0b\0', 'a\0b'])
      expect(parseClearPassword(Buffer.from(bad))).toBeUndefined();
  });
});
