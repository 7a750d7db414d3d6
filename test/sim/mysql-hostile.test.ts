/** What comes at the MySQL port and is no client, or one that breaks the rules. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { makeIdentity } from '../../sim/endpoint/certificate.js';
import { Endpoint } from '../../sim/endpoint/endpoint.js';
import { MysqlProtocol } from '../../sim/endpoint/mysql/protocol.js';
import { rng } from '../../sim/rng.js';
import { capability, withBits } from '../../sim/wire/mysql/capabilities.js';
import { command } from '../../sim/wire/mysql/commands.js';
import { parseErr } from '../../sim/wire/mysql/messages.js';
import { packet } from '../../sim/wire/mysql/packets.js';
import { type MysqlWorld, openOfferedWorld, pause, row, until } from '../support/mysql-world.js';
import { program } from '../support/programs.js';
import { plainCapabilities, RawMysql } from '../support/raw-mysql.js';

for (const flavour of ['mariadb', 'mysql'] as const)
  describe.skipIf(program(flavour) === undefined)(`at the port in front of ${flavour}`, () => {
    let world: MysqlWorld;
    beforeAll(async () => {
      // Less than the half-open clients that come.
      world = await openOfferedWorld(flavour, {
        parameters: { max_connections: '60', max_connect_errors: '20' },
      });
    });
    afterAll(() => world?.close());

    const address = (): { host: string; port: number } => world.cluster.writer;
    const dial = (): Promise<Socket> =>
      new Promise((resolve, reject) => {
        const socket = connect({ ...address() }, () => resolve(socket));
        socket.once('error', reject);
      });
    const ended = (socket: Socket): Promise<Buffer> =>
      new Promise((resolve) => {
        const got: Buffer[] = [];
        socket.on('data', (chunk: Buffer) => got.push(chunk));
        socket.on('error', () => {});
        socket.on('close', () => resolve(Buffer.concat(got)));
      });
    const works = async (): Promise<void> => {
      const client = await world.client();
      expect(await row(client, 'select 1')).toEqual([1]);
      await client.end();
    };
    it('turns random bytes, truncated logins and gigantic lengths away', async () => {
      const login = Buffer.alloc(60);
      login.writeUInt32LE(plainCapabilities, 0);
      const stream = rng('test', 'garbage');
      const garbage = Array.from({ length: 20 }, () =>
        Buffer.from(Array.from({ length: stream.int(1, 300) }, () => stream.int(0, 256))),
      );
      const oddities = [
        Buffer.from('GET / HTTP/1.1\r\n\r\n'),
        Buffer.alloc(20, 0xff),
        Buffer.from([0xff, 0xff, 0xff, 1, 0]),
        // The right length and number, and no protocol 4.1; or no user.
        packet(1, Buffer.alloc(32)),
        packet(1, login.subarray(0, 33)),
        // The wrong number.
        packet(7, login),
        packet(1, Buffer.alloc(0)),
        // TLS that is none.
        Buffer.concat([
          packet(1, withSsl()),
          Buffer.from([0x16, 3, 1, 0xff, 0xff, 1, 2, 3]),
          Buffer.alloc(200, 7),
        ]),
        ...garbage,
      ];
      for (const bytes of oddities) {
        const socket = await dial();
        const got = ended(socket);
        socket.write(bytes);
        // What may be the beginning of something sane must end to be wrong.
        setTimeout(() => socket.end(), 50);
        const answer = await got;
        // A greeting, perhaps an error, nothing else.
        expect(answer.length).toBeLessThan(300);
      }
      const cut = await RawMysql.dial(address());
      await cut.greeted();
      cut.socket.end(packet(1, login).subarray(0, 20));
      await cut.closed;
      const odd = await RawMysql.dial(address());
      await odd.greeted();
      odd.send(login, 9);
      expect(await odd.error()).toMatchObject({ number: 1156, sqlState: '08S01' });
      await odd.closed;
      const bad = await RawMysql.dial(address());
      await bad.greeted();
      bad.send(Buffer.alloc(40), 1);
      expect((await bad.error())?.number).toBe(1043);
      await works();
    });

    it('bears 1,000 half-open clients beside real work, and spares the server', async () => {
      const sockets: Socket[] = [];
      for (let batch = 0; batch < 10; batch++)
        sockets.push(...(await Promise.all(Array.from({ length: 100 }, dial))));
      for (const [at, socket] of sockets.entries()) {
        socket.on('error', () => {});
        if (at % 2 === 0) socket.write(Buffer.from([0x20, 0, 0]));
      }
      await Promise.all(Array.from({ length: 10 }, works));
      const admin = await world.superuser();
      const [connected] = await row(
        admin,
        `select count(*) from information_schema.processlist where user like 'unauth%'`,
      );
      expect(Number(connected)).toBeLessThanOrEqual(40);
      // One of the first, whose server connection was let go: it may still log in.
      const late = sockets[1];
      if (late === undefined) throw new Error('no socket');
      for (const socket of sockets) if (socket !== late) socket.destroy();
      await works();
    });

    it('lets in a client whose server connection was let go; its id still kills', async () => {
      const patient = await RawMysql.dial(address());
      const { connectionId } = await patient.greeted();
      const others = await Promise.all(Array.from({ length: 40 }, dial));
      for (const socket of others) socket.on('error', () => {});
      await pause(300);
      expect(parseErr((await patient.logIn(world.cluster.application)).payload)).toBeUndefined();
      const { roles } = await patient.query('select 1');
      expect(roles).toContain('row');
      const killer = await world.client();
      await killer.query(`kill ${connectionId}`);
      await patient.closed;
      for (const socket of others) socket.destroy();
    });

    it('closes a session that breaks the rules, and says why where it can', async () => {
      const { application } = world.cluster;
      // Numbers that do not follow on: the server's own business.
      const odd = await RawMysql.open(address(), application);
      odd.send(Buffer.from('\x03select 1'), 5);
      expect((await odd.error())?.number).toBeGreaterThan(1000);
      await odd.closed;
      // Beyond the server's limit.
      const large = await RawMysql.open(address(), application);
      const [limit] = await row(await world.superuser(), 'select @@max_allowed_packet');
      large.send(Buffer.concat([Buffer.from('\x03'), Buffer.alloc(Number(limit) + 1024, 0x20)]));
      const told = await large.error().catch(() => undefined);
      expect([1153, undefined]).toContain(told?.number);
      await large.closed;
      // A new user in the middle of an answer.
      const early = await RawMysql.open(address(), application);
      early.socket.write(
        Buffer.concat([
          packet(0, Buffer.from('\x03select sleep(1)')),
          packet(0, Buffer.from([command.changeUser, 0x61, 0, 0, 0, 0])),
        ]),
      );
      expect(await early.error()).toMatchObject({ number: 1835 });
      await early.closed;
      const nonsense = await RawMysql.open(address(), application);
      nonsense.send(Buffer.from([command.changeUser, 1, 2, 3]));
      expect((await nonsense.error())?.number).toBe(1043);
      await nonsense.closed;
      await works();
    });

    it('serves commands that are sent while an answer is under way, in their order', async () => {
      const eager = await RawMysql.open(address(), world.cluster.application);
      for (const sql of ['select sleep(0.3)', 'select 2', 'selec', 'select 4'])
        eager.send(Buffer.from(`\x03${sql}`));
      const answers = [];
      for (let count = 0; count < 4; count++) answers.push(await eager.answer('rows'));
      expect(answers.map(({ error }) => error?.number)).toEqual([
        undefined,
        undefined,
        1064,
        undefined,
      ]);
      expect(answers[3]?.payloads[3]?.toString('latin1')).toBe('\x014');
      eager.socket.destroy();
    });

    it('answers every one of 30,000 commands that come in one breath', async () => {
      const eager = await RawMysql.open(address(), world.cluster.application);
      const count = 30_000;
      const ping = packet(0, Buffer.from([command.ping]));
      eager.socket.write(Buffer.concat(Array.from({ length: count }, () => ping)));
      for (let answered = 0; answered < count; answered++) {
        const { error } = await eager.answer('ok');
        if (error !== undefined) throw new Error(`${answered}: ${error.text}`);
      }
      eager.send(Buffer.from('\x03select 7'));
      expect((await eager.answer('rows')).payloads[3]?.toString('latin1')).toBe('\x017');
      eager.socket.destroy();
    });

    it('ignores capabilities that were not offered', async () => {
      const client = await RawMysql.dial(address());
      const unoffered = withBits(
        plainCapabilities & ~capability.mysql,
        capability.compress,
        capability.queryAttributes,
        capability.optionalResultsetMetadata,
      );
      const end = await client.logIn({ ...world.cluster.application, capabilities: unoffered });
      expect(parseErr(end.payload)).toBeUndefined();
      expect((await client.query('select 1')).roles).toContain('row');
      client.socket.destroy();
    });

    it('cuts off who drips its login, and nothing of it stays', async () => {
      const drips = new Endpoint({
        name: 'drip',
        clock: systemClock(),
        emit: () => {},
        stream: rng('test', 'drip'),
        identity: await makeIdentity(['drip.example'], '2026-01-01T00:00:00.000Z'),
        listeners: [{ label: 'writer' }],
        target: world.cluster.serverAddress,
        protocol: new MysqlProtocol({
          clock: systemClock(),
          verifier: async () => null,
        }),
        greetingMsMax: 400,
      });
      await drips.open();
      try {
        const socket = connect({ host: '127.0.0.1', port: drips.port('writer') });
        const closed = ended(socket);
        socket.write(Buffer.from([200, 0, 0, 1]));
        let sent = 0;
        const drip = setInterval(() => sent++ < 200 && socket.write(Buffer.from([0])), 20);
        await until(() => drips.greetings === 1, 'a greeting');
        await closed;
        clearInterval(drip);
        expect(sent).toBeLessThan(200);
        expect([drips.greetings, drips.sessions]).toEqual([0, []]);
      } finally {
        await drips.close();
      }
    });
  });

/** SSLRequest. */
function withSsl(): Buffer {
  const request = Buffer.alloc(32);
  request.writeUInt32LE(withBits(plainCapabilities, capability.ssl), 0);
  return request;
}
