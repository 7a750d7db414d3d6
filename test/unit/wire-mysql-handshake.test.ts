import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cachingSha2, native } from '../../sim/wire/mysql/authentication.js';
import { capability, has, withBits, without } from '../../sim/wire/mysql/capabilities.js';
import {
  buildAuthMoreData,
  buildAuthSwitch,
  buildChangeUser,
  buildGreeting,
  buildHandshakeResponse,
  buildSslRequest,
  type HandshakeResponse,
  isSslRequest,
  parseAuthMoreData,
  parseAuthSwitch,
  parseChangeUser,
  parseGreeting,
  parseHandshakeResponse,
  shownVersion,
} from '../../sim/wire/mysql/handshake.js';

interface Recorded {
  readonly server: 'mysql' | 'mariadb';
  readonly handshake: {
    readonly greeting: string;
    readonly response: string;
    readonly auth: readonly string[];
  };
}

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, 'wire-mysql-recorded.json'), 'utf8'),
) as readonly Recorded[];

const allWays = withBits(
  0,
  capability.mysql,
  capability.protocol41,
  capability.connectWithDb,
  capability.secureConnection,
  capability.pluginAuth,
  capability.connectAttributes,
  capability.lengthEncodedAuthData,
);

const response: HandshakeResponse = {
  capabilities: allWays,
  maxPacketBytes: 1 << 24,
  charset: 45,
  mariadbCapabilities: 0,
  user: 'app',
  authResponse: Buffer.alloc(32, 7),
  database: 'shop',
  plugin: 'caching_sha2_password',
  attributes: new Map([
    ['_client_name', 'x'],
    ['long', 'y'.repeat(300)],
  ]),
};

describe('greeting', () => {
  it.each(recorded.map((one) => [one.server, one.handshake.greeting] as const))(
    'of a real %s is read, and written the same again',
    (server, hex) => {
      const bytes = Buffer.from(hex, 'hex');
      const greeting = parseGreeting(bytes);
      if (greeting === undefined) throw new Error('not read');
      expect(buildGreeting(greeting).equals(bytes)).toBe(true);
      expect(shownVersion(greeting.serverVersion)).toMatch(/^(9\.7|10\.11)\./);
      expect(greeting.nonce.length).toBe(20);
      expect(greeting.nonce.includes(0)).toBe(false);
      expect(has(greeting.capabilities, capability.deprecateEof)).toBe(true);
      expect(greeting.mariadbCapabilities !== 0).toBe(server === 'mariadb');
      expect(greeting.plugin).toBe(
        server === 'mysql' ? 'caching_sha2_password' : 'mysql_native_password',
      );
    },
  );

  it('hides what an endpoint does not pass on', () => {
    const real = parseGreeting(Buffer.from(recorded[0]?.handshake.greeting ?? '', 'hex'));
    if (real === undefined) throw new Error('not read');
    const capabilities = without(
      real.capabilities,
      capability.compress,
      capability.queryAttributes,
    );
    const told = parseGreeting(buildGreeting({ ...real, capabilities }));
    expect(told?.capabilities).toBe(capabilities);
    expect(has(real.capabilities, capability.compress)).toBe(true);
    expect(has(capabilities, capability.compress)).toBe(false);
    expect(has(capabilities, capability.rememberOptions)).toBe(true);
  });

  it('is not read where any byte is missing, nor from anything else', () => {
    for (const { handshake } of recorded) {
      const bytes = Buffer.from(handshake.greeting, 'hex');
      const nonceEnd = bytes.indexOf('_password') - 'mysql_native'.length;
      for (let end = 0; end < nonceEnd - 10; end++)
        expect(parseGreeting(bytes.subarray(0, end))).toBeUndefined();
    }
    expect(parseGreeting(Buffer.from('\xff\x10\x04#08004Too many connections', 'latin1'))).toBe(
      undefined,
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        parseGreeting(Buffer.from([10, ...bytes]));
      }),
    );
  });
});

describe('handshake response', () => {
  it('comes back as it was written, in every encoding of the auth response', () => {
    const ways = [
      allWays,
      without(allWays, capability.lengthEncodedAuthData),
      without(allWays, capability.lengthEncodedAuthData, capability.secureConnection),
    ];
    const written = ways.map((capabilities) =>
      buildHandshakeResponse({ ...response, capabilities }),
    );
    // One byte of length in two of them, a zero at the end in the third.
    expect(new Set(written.map((bytes) => bytes.length)).size).toBe(1);
    ways.forEach((capabilities, at) => {
      expect(parseHandshakeResponse(written[at] ?? Buffer.alloc(0))).toEqual({
        ...response,
        capabilities,
      });
    });
  });

  it('has only the fields that its capabilities announce', () => {
    const capabilities = without(
      allWays,
      capability.connectWithDb,
      capability.pluginAuth,
      capability.connectAttributes,
    );
    const read = parseHandshakeResponse(buildHandshakeResponse({ ...response, capabilities }));
    expect(read).toMatchObject({ user: 'app', database: '', plugin: '' });
    expect(read?.attributes.size).toBe(0);
  });

  it('keeps what MariaDB clients add, where they say that they are such', () => {
    const capabilities = without(allWays, capability.mysql);
    const bytes = buildHandshakeResponse({ ...response, capabilities, mariadbCapabilities: 0x1d });
    expect(parseHandshakeResponse(bytes)?.mariadbCapabilities).toBe(0x1d);
    bytes[0] = (bytes[0] ?? 0) | capability.mysql;
    expect(parseHandshakeResponse(bytes)?.mariadbCapabilities).toBe(0);
  });

  it('is told from a request for TLS', () => {
    const request = buildSslRequest(response);
    expect(request.length).toBe(32);
    expect(isSslRequest(request)).toBe(true);
    expect(isSslRequest(buildHandshakeResponse(response))).toBe(false);
    expect(isSslRequest(Buffer.alloc(32))).toBe(false);
    expect(isSslRequest(request.subarray(0, 31))).toBe(false);
  });

  it('cut off anywhere is never read as another one, and no bytes make it throw', () => {
    const bytes = buildHandshakeResponse(response);
    for (let end = 0; end < bytes.length; end++) {
      const read = parseHandshakeResponse(bytes.subarray(0, end));
      if (read === undefined) continue;
      // Only what stands at the end may be missing, whole.
      expect([read.user, read.authResponse.length]).toEqual(['app', 32]);
      expect(['', 'shop']).toContain(read.database);
      expect(['', response.plugin]).toContain(read.plugin);
      expect(read.attributes.size).toBe(0);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (garbage, at) => {
        const changed = Buffer.from(bytes);
        changed.set(garbage.slice(0, 9), at % (bytes.length - 9));
        parseHandshakeResponse(changed);
        parseHandshakeResponse(Buffer.from(garbage));
        parseChangeUser(Buffer.from([0x11, ...garbage]), allWays);
        parseAuthSwitch(Buffer.from([0xfe, ...garbage]));
      }),
    );
  });

  it('of a client before 4.1 is refused', () => {
    const capabilities = without(allWays, capability.protocol41);
    const bytes = buildHandshakeResponse({ ...response, capabilities });
    expect(parseHandshakeResponse(bytes)).toBeUndefined();
  });
});

describe('change of user and of plugin', () => {
  it('comes back as it was written', () => {
    const { user, authResponse, database, charset, plugin, attributes } = response;
    const change = { user, authResponse, database, charset, plugin, attributes };
    expect(parseChangeUser(buildChangeUser(change, allWays), allWays)).toEqual(change);
    const bare = without(allWays, capability.pluginAuth, capability.connectAttributes);
    expect(parseChangeUser(buildChangeUser(change, bare), bare)).toEqual({
      ...change,
      plugin: '',
      attributes: new Map(),
    });
    const bytes = buildChangeUser(change, allWays);
    for (let end = 0; end < 'xapp'.length + 2 + 32 + 'shop'.length; end++)
      expect(parseChangeUser(bytes.subarray(0, end), allWays)).toBeUndefined();
  });

  it('asks for another plugin with a nonce of its own', () => {
    const to = { plugin: 'mysql_native_password', nonce: Buffer.alloc(20, 5) };
    expect(parseAuthSwitch(buildAuthSwitch(to))).toEqual(to);
    expect(parseAuthSwitch(Buffer.from([0xfe]))).toBeUndefined();
    expect(parseAuthMoreData(buildAuthMoreData(Buffer.from([4])))).toEqual(Buffer.from([4]));
    expect(parseAuthMoreData(Buffer.from([0]))).toBeUndefined();
  });
});

/** The password of the user that was recorded. */
const password = 'secret';

describe('a recorded login', () => {
  it.each(recorded.map((one, at) => [`${one.server} ${at}`, one] as const))(
    '%s gives the key of its user away',
    (_name, { handshake }) => {
      const greeting = parseGreeting(Buffer.from(handshake.greeting, 'hex'));
      const sent = parseHandshakeResponse(Buffer.from(handshake.response, 'hex'));
      if (greeting === undefined || sent === undefined) throw new Error('not read');
      expect(sent).toMatchObject({ user: 'app', database: 'app' });
      const packets = handshake.auth.map((one) => Buffer.from(one.slice(1), 'hex'));
      const to = parseAuthSwitch(packets[0] ?? Buffer.alloc(0));
      const answer = to === undefined ? sent.authResponse : (packets[1] ?? Buffer.alloc(0));
      const { plugin, nonce } = to ?? { plugin: sent.plugin, nonce: greeting.nonce };
      const way = plugin === 'caching_sha2_password' ? cachingSha2 : native;
      const key = way.key(password);
      const stored =
        way === native ? native.stored(key) : cachingSha2.cached(cachingSha2.key(password));
      expect(way.scramble(key, nonce).equals(answer)).toBe(true);
      expect(way.recoverKey(answer, nonce, stored)?.equals(key)).toBe(true);
    },
  );
});
