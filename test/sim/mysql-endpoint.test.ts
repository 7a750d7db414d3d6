/** Logging in to the MySQL endpoint, on both real servers: who is let in, and in whose words. */
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { makeIdentity } from '../../sim/endpoint/certificate.js';
import { Endpoint } from '../../sim/endpoint/endpoint.js';
import { MysqlProtocol } from '../../sim/endpoint/mysql/protocol.js';
import { rng } from '../../sim/rng.js';
import { capability, withBits } from '../../sim/wire/mysql/capabilities.js';
import { parseErr } from '../../sim/wire/mysql/messages.js';
import { type MysqlWorld, openOfferedWorld, refusal, row } from '../support/mysql-world.js';
import { program } from '../support/programs.js';
import { plainCapabilities, RawMysql } from '../support/raw-mysql.js';

for (const flavour of ['mariadb', 'mysql'] as const)
  describe.skipIf(program(flavour) === undefined)(`logging in on ${flavour}`, () => {
    let world: MysqlWorld;
    let admin: mysql.Connection;
    beforeAll(async () => {
      world = await openOfferedWorld(flavour);
      admin = await world.superuser();
    });
    afterAll(() => world?.close());

    const address = (): { host: string; port: number } => {
      const { host, port } = world.cluster.writer;
      return { host, port };
    };
    const direct = (): { host: string; port: number } => world.cluster.serverAddress;
    /** Dials at the endpoint and at the server, and tells how both ended. */
    async function both(config: mysql.ConnectionOptions): Promise<[string, string]> {
      return [
        await dialled({ ...address(), ...config }),
        await dialled({ ...direct(), ...config }),
      ];
    }
    async function dialled(config: mysql.ConnectionOptions): Promise<string> {
      try {
        const client = await mysql.createConnection(config);
        client.on('error', () => {});
        await client.query('select 1');
        await client.end();
        return 'ok';
      } catch (error) {
        const { errno, code, message } = error as Error & { errno?: number; code?: string };
        return `${errno ?? code}: ${message}`;
      }
    }

    it('turns clients away in the very words of the server', async () => {
      const { user, password, database } = world.cluster.application;
      await admin.query(`create user 'locked'@'%' identified by 'pw' account lock`);
      await admin.query(`create user 'empty'@'%' identified by ''`);
      for (const config of [
        { user, password, database },
        { user, password: 'wrong' },
        { user, password: '' },
        { user: 'nobody-here', password: 'wrong' },
        { user: 'locked', password: 'pw' },
        { user: 'empty', password: '' },
        { user: 'empty', password: 'something' },
        { user, password, database: 'not-there' },
        { user, password, database: 'mysql' },
      ]) {
        const [ours, theirs] = await both(config);
        expect(ours, JSON.stringify({ ...config, password: '-' })).toBe(theirs);
      }
      // By which plugin MySQL asks one who does not exist, and whether the driver then sends an
      // empty password or none, is chance.
      for (const one of await both({ user: 'nobody-here', password: '' }))
        expect(one).toMatch(/^1045: Access denied for user 'nobody-here'@'127.0.0.1'/);
    });

    it('makes unknown users look like known ones', async () => {
      const { user } = world.cluster.application;
      const told = async (name: string): Promise<string[]> => {
        const raw = await RawMysql.dial(address());
        const end = parseErr((await raw.logIn({ user: name, password: 'wrong' })).payload);
        return [String(end?.number), end?.sqlState ?? '', (end?.text ?? '').replace(name, '?')];
      };
      expect(await told('nobody-here')).toEqual(await told(user));
    });

    it('sees a changed password at once, and a dropped user', async () => {
      await admin.query(`create user 'changing'@'%' identified by 'first'`);
      const { caPem } = world.cluster;
      for (const ssl of [undefined, { ca: caPem }]) {
        const tls = ssl === undefined ? {} : { ssl };
        const as = (password: string): Promise<string> =>
          dialled({ ...address(), user: 'changing', password, ...tls });
        await admin.query(`alter user 'changing'@'%' identified by 'first'`);
        expect(await as('first')).toBe('ok');
        // The fast way of caching_sha2_password, where there is one.
        expect(await as('first')).toBe('ok');
        await admin.query(`alter user 'changing'@'%' identified by 'second'`);
        expect(await as('first')).toMatch(/^1045/);
        expect(await as('second')).toBe('ok');
        expect(await as('second')).toBe('ok');
      }
      await admin.query(`drop user 'changing'@'%'`);
      expect(await dialled({ ...address(), user: 'changing', password: 'second' })).toMatch(
        /^1045/,
      );
    });

    it('is pinned by its authority and its AWS-like name', async () => {
      const { caPem, writer, application } = world.cluster;
      const { user, password } = application;
      const config = { host: writer.host, port: writer.port, user, password };
      expect(await dialled({ ...config, ssl: { ca: caPem } })).toBe('ok');
      const verified = { ca: caPem, verifyIdentity: true };
      expect(await dialled({ ...config, ssl: verified })).toBe('ok');
      expect(await dialled({ ...config, ssl: {} })).toMatch(/self.signed|unable to verify/i);
      const client = await world.client({ ssl: { ca: caPem } });
      const text = 'x'.repeat(3_000_000);
      expect(await row(client, `select length('${text}')`)).toEqual([text.length]);
      const [rows] = await client.query({ sql: `select repeat('y', 3000000)`, rowsAsArray: true });
      expect(String((rows as unknown[][])[0]?.[0]).length).toBe(3_000_000);
      expect(writer.name).toMatch(/\.rds\.amazonaws\.com$/);
    });

    it('says clearly which plugin it cannot do', async () => {
      const plugin = flavour === 'mariadb' ? 'unix_socket' : 'auth_socket';
      if (flavour === 'mysql')
        await admin.query(`install plugin auth_socket soname 'auth_socket.so'`);
      await admin.query(`create user 'other'@'%' identified with ${plugin}`);
      expect(await dialled({ ...address(), user: 'other', password: 'pw' })).toMatch(
        new RegExp(`^1524: Plugin '${plugin}' is not loaded .*endpoint cannot`),
      );
    });

    it.skipIf(flavour === 'mariadb')('speaks sha256_password, over TLS and without', async () => {
      await admin.query(`create user 'sha'@'%' identified with sha256_password by 'pw'`);
      for (const ssl of [{}, { ssl: { ca: world.cluster.caPem } }]) {
        const login = { ...address(), user: 'sha', ...ssl };
        expect(await dialled({ ...login, password: 'pw' })).toBe('ok');
        expect(await dialled({ ...login, password: 'no' })).toMatch(/^1045: Access denied for/);
      }
    });

    it('switches a client over to the plugin of its user', async () => {
      const { user, password } = world.cluster.application;
      // A client that begins with another plugin than the server's, and one that names none.
      for (const bits of [plainCapabilities, plainCapabilities & ~capability.pluginAuth]) {
        const raw = await RawMysql.dial(address());
        const greeting = await raw.greeted();
        const old = flavour === 'mysql' || (bits & capability.pluginAuth) === 0;
        const plugin = old ? 'mysql_native_password' : 'caching_sha2_password';
        raw.greeting = { ...greeting, plugin };
        const end = await raw.logIn({ user, password, capabilities: bits });
        expect(parseErr(end.payload)).toBeUndefined();
        raw.socket.destroy();
      }
    });

    it('asks nobody to compress, and bears one that wants to', async () => {
      const raw = await RawMysql.dial(address());
      const { capabilities } = await raw.greeted();
      const masked = withBits(
        0,
        capability.compress,
        capability.zstdCompression,
        capability.queryAttributes,
        capability.optionalResultsetMetadata,
      );
      expect(capabilities & masked).toBe(0);
      expect(capabilities & capability.ssl).not.toBe(0);
      raw.socket.destroy();
      const client = await world.client({ compress: true });
      expect(await row(client, `select repeat('z', 10)`)).toEqual(['z'.repeat(10)]);
    });

    it('takes a password in clear at a listener that wants it so', async () => {
      const endpoint = new Endpoint({
        name: 'clear',
        clock: systemClock(),
        emit: () => {},
        stream: rng('test', 'clear'),
        identity: await makeIdentity(['clear.example'], '2026-01-01T00:00:00.000Z'),
        listeners: [{ label: 'writer', authentication: 'cleartext' }],
        target: world.cluster.serverAddress,
        protocol: new MysqlProtocol({
          clock: systemClock(),
          // Nobody is asked what the server stores.
          verifier: async () => null,
        }),
      });
      await endpoint.open();
      try {
        const { user, password } = world.cluster.application;
        const config = { host: '127.0.0.1', port: endpoint.port('writer'), user };
        const plain = { ...config, enableCleartextPlugin: true };
        expect(await dialled({ ...plain, password })).toBe('ok');
        expect(await dialled({ ...plain, password: 'wrong' })).toMatch(/^1045: Access denied for/);
        expect(await dialled({ ...plain, password: '' })).toMatch(/^1045: Access denied for/);
      } finally {
        await endpoint.close();
      }
    });

    it('passes "too many connections" through as the server says it', async () => {
      const [shown] = await row(admin, 'select @@max_connections');
      await admin.query('set global max_connections = 10');
      try {
        const clients: mysql.Connection[] = [];
        const end = await refusal(
          (async () => {
            for (let count = 0; count < 20; count++) clients.push(await world.client());
          })(),
        );
        expect(end).toMatchObject({ errno: 1040, message: 'Too many connections' });
        for (const client of clients) client.destroy();
      } finally {
        await admin.query(`set global max_connections = ${shown}`);
      }
    });
  });
