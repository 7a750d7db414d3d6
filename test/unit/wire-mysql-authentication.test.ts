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
import { isPassword, parseStoredSha2 } from '../../sim/wire/mysql/stored-sha2.js';

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

/** `hex(authentication_string)` of users made by a real MySQL 9.7, by their passwords. */
const stored: readonly (readonly [string, string])[] = [
  [
    'secret',
    '244124303041242b1943266c2e237b717c61040c1b2120467c413b41594f76506f546c792f674d6e' +
      '4a4e6c766762676f4b6674456b33336855457930655a396a397149625943',
  ],
  [
    'x',
    '24412430303524304543073045417806062a35340f6f1c43345a5a74675a2f6834667062744c6c79' +
      '393961437346666e594a68676152316a4c48575945664459636d72523932',
  ],
  [
    'pässwörd €',
    '2441243030352432012801586c2927343f06530d1f2a6c752d5c7b707349416b4e493977375a672e' +
      '72374c733263564445553136713146357751337739784c47794f6a773743',
  ],
  [
    'a'.repeat(70),
    '244124303035242e594d173d4a51017b5b383d2f261148473c7104447a46552f6e2f474b4d6f5856' +
      '2e7067416b58313279616f6e79534667675173684b3539744d2e61374535',
  ],
  [
    '0123456789abcdef0123456789abcdef',
    '2441243030352475113c610b283d282c4758100d39510a0b6f741661587871564f6d516a75365478' +
      '344a7a6f4b524d5767686c363152494b626c574f71693748733579743639',
  ],
  [
    'seven',
    '244124303037241a27531a29166a212815785b5e2c535d28014d736c4873626f4c2e79534d494949' +
      '6b3373656f754e47314c495937716254683673376a462e55704652565541',
  ],
  [
    'secret',
    '24422430303724794437717f33026d7062646a09362d3a31384836564b444a497a4d77346f78392b' +
      '70684b7071704b4a5134635958446e6d41626f6a77436b4e6774495337626e714d6d4a7532632b54' +
      '6b4b672f7a4153414d5a54726a33487531615269594f462b324b6b4b69753069413d3d',
  ],
];

describe('what MySQL stores of a password', () => {
  it.each(stored)('of %j is known again, and no other is', (password, hex) => {
    const parsed = parseStoredSha2(Buffer.from(hex, 'hex'));
    if (parsed === undefined) throw new Error('not read');
    expect(isPassword(password, parsed)).toBe(true);
    expect(isPassword(`${password}x`, parsed)).toBe(false);
    expect(isPassword('', parsed)).toBe(false);
  });

  it('says how often it was hashed, and how', () => {
    const read = stored.map(([, hex]) => parseStoredSha2(Buffer.from(hex, 'hex')));
    expect(new Set(read.map((one) => `${one?.scheme} ${one?.iterations}`))).toEqual(
      new Set([
        'sha256-crypt 5000',
        'sha256-crypt 7000',
        'sha256-crypt 10000',
        'pbkdf2-sha512 7000',
      ]),
    );
  });

  it('does no work for a password that no server takes', () => {
    const parsed = parseStoredSha2(Buffer.from(stored[0]?.[1] ?? '', 'hex'));
    if (parsed === undefined) throw new Error('not read');
    expect(isPassword('a'.repeat(257), parsed)).toBe(false);
  });

  it('is not read from anything else', () => {
    for (const [, hex] of stored) {
      const bytes = Buffer.from(hex, 'hex');
      for (let end = 0; end < bytes.length; end++)
        expect(parseStoredSha2(bytes.subarray(0, end))).toBeUndefined();
      expect(parseStoredSha2(Buffer.concat([bytes, Buffer.from('.')]))).toBeUndefined();
      const spoilt = Buffer.from(bytes);
      spoilt[bytes.length - 5] = 0x20;
      expect(parseStoredSha2(spoilt)).toBeUndefined();
    }
    expect(parseStoredSha2(Buffer.from(`$A$000$${'s'.repeat(20)}${'.'.repeat(43)}`))).toBe(
      undefined,
    );
  });
});
