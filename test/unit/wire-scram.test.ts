import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { md5Answer, md5Verifier } from '../../sim/wire/postgres/md5.js';
import {
  deriveScramKeys,
  formatScramVerifier,
  parseScramVerifier,
  ScramClient,
  ScramServer,
} from '../../sim/wire/postgres/scram.js';

// RFC 7677, section 3: the one published exchange.
const rfc = {
  password: 'pencil',
  salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
  clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  nonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  serverFirst:
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  clientFinal:
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,' +
    'p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
};

describe('SCRAM-SHA-256', () => {
  it('answers as RFC 7677 shows and recovers the client key from the proof', async () => {
    const keys = await deriveScramKeys(rfc.password, rfc.salt, 4096);
    const { clientKey, ...verifier } = keys;
    const server = new ScramServer(verifier, rfc.nonce);
    expect(server.first(rfc.clientFirst)).toBe(rfc.serverFirst);
    const final = server.final(rfc.clientFinal);
    expect(final?.serverFinal).toBe(rfc.serverFinal);
    expect(final?.keys.clientKey.equals(clientKey)).toBe(true);
  });

  it('logs in with recovered keys alone, where salt and iterations are the same', async () => {
    const keys = await deriveScramKeys('secret', Buffer.alloc(16, 3), 4096);
    const server = new ScramServer(keys, 'server-nonce');
    const client = new ScramClient(keys, 'client-nonce');
    const final = client.final(server.first(client.first()) ?? '');
    const accepted = server.final(final ?? '');
    expect(accepted).toBeDefined();
    expect(client.accepts(accepted?.serverFinal ?? '')).toBe(true);
    const changed = new ScramServer({ ...keys, salt: Buffer.alloc(16, 4) }, 'n');
    const other = new ScramClient(keys, 'c');
    expect(other.final(changed.first(other.first()) ?? '')).toBeUndefined();
  });

  it('refuses a wrong password, a changed nonce and a changed binding', async () => {
    const right = await deriveScramKeys('right', Buffer.alloc(16, 1), 4096);
    const wrong = await deriveScramKeys('wrong', Buffer.alloc(16, 1), 4096);
    const exchange = (change: (final: string) => string, keys = right): unknown => {
      const server = new ScramServer(right, 's');
      const client = new ScramClient(keys, 'c');
      const final = client.final(server.first(client.first()) ?? '') ?? '';
      return server.final(change(final));
    };
    expect(exchange((final) => final)).toBeDefined();
    expect(exchange((final) => final, wrong)).toBeUndefined();
    expect(exchange((final) => final.replace('r=cs', 'r=cX'))).toBeUndefined();
    expect(exchange((final) => final.replace('c=biws', 'c=eSws'))).toBeUndefined();
    expect(exchange((final) => final.slice(0, -8))).toBeUndefined();
  });

  it('binds to the channel when asked, and not otherwise', async () => {
    const keys = await deriveScramKeys('p', Buffer.alloc(16, 1), 4096);
    const hash = Buffer.alloc(32, 9);
    expect(new ScramServer(keys, 's', hash).first('n,,n=,r=abc')).toBeUndefined();
    expect(new ScramServer(keys, 's').first('p=tls-server-end-point,,n=,r=abc')).toBeUndefined();
    expect(
      new ScramServer(keys, 's', hash).first('p=tls-server-end-point,,n=,r=abc'),
    ).toBeDefined();
  });

  it('reads verifiers as the server stores them and survives anything else', async () => {
    const { clientKey: _, ...verifier } = await deriveScramKeys('x', Buffer.alloc(16, 2), 4096);
    expect(parseScramVerifier(formatScramVerifier(verifier))).toEqual(verifier);
    for (const bad of ['', 'md5abc', 'SCRAM-SHA-256$0:AA==$AA==:AA==', 'SCRAM-SHA-256$4096:a$b'])
      expect(parseScramVerifier(bad)).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), (text) => {
        const server = new ScramServer(verifier, 's');
        server.first(text);
        expect(server.final(text)).toBeUndefined();
        new ScramClient({ ...verifier, clientKey: Buffer.alloc(32) }, 'c').final(text);
      }),
    );
  });
});

describe('md5', () => {
  it('makes verifier and answer as the server does', () => {
    // md5('secret' || 'app'), and md5 of that with the salt behind it.
    expect(md5Verifier('app', 'secret')).toBe('6a422f785c9e20873908ce25d1736ae2');
    expect(md5Answer(md5Verifier('app', 'secret'), Buffer.from([1, 2, 3, 4]))).toBe(
      'md5911f527656472583a006e7727877b33e',
    );
  });
});
