/** Faults and states of the endpoint on MySQL sessions, and errors as real servers give them. */
import type mysql from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import { type MysqlWorld, openOfferedWorld, pause, refusal, row } from '../support/mysql-world.js';
import { program } from '../support/programs.js';

for (const flavour of ['mariadb', 'mysql'] as const)
  describe.skipIf(program(flavour) === undefined)(`the endpoint on ${flavour}`, () => {
    let world: MysqlWorld;
    beforeAll(async () => {
      world = await openOfferedWorld(flavour);
    });
    afterEach(() => world?.clear());
    afterAll(() => world?.close());

    const dial = async (config: mysql.ConnectionOptions = {}): Promise<string> => {
      try {
        const client = await world.client(config);
        await client.query('select 1');
        return 'ok';
      } catch (error) {
        const { code, message } = error as Error & { code?: string };
        return code ?? message;
      }
    };
    const lost = (client: mysql.Connection): Promise<string> =>
      new Promise((resolve) => {
        client.on('error', (error: { code?: string | number }) => resolve(String(error.code)));
      });
    const injectFault = (name: string, value?: number): { end(): void } =>
      world.cluster.injectFault(value === undefined ? { name } : { name, value });

    it('refuse closes the port while sessions go on', async () => {
      const client = await world.client();
      const fault = injectFault('refuse');
      await pause(50);
      expect(await dial()).toBe('ECONNREFUSED');
      expect(await row(client, 'select 1')).toEqual([1]);
      fault.end();
      await pause(50);
      expect(await dial()).toBe('ok');
    });

    it('latency delays every round trip, and loses and mixes up nothing when it ends', async () => {
      const client = await world.client();
      const fault = injectFault('latency', 400);
      const begin = performance.now();
      expect(await row(client, 'select 1')).toEqual([1]);
      expect(performance.now() - begin).toBeGreaterThan(380);
      const answers = [2, 3, 4].map((n) => row(client, `select ${n}, repeat('x', 200000)`));
      await pause(250);
      fault.end();
      for (const [at, answer] of answers.entries()) expect((await answer)[0]).toBe(at + 2);
      const { user, password, database } = world.cluster.application;
      const again = injectFault('latency', 100);
      await client.changeUser({ user, password, database });
      expect(await row(client, 'select 5')).toEqual([5]);
      again.end();
    });

    it('black-hole answers nobody, closes nothing, and delivers when it ends', async () => {
      const client = await world.client();
      const fault = injectFault('black-hole');
      const answer = row(client, 'select 7');
      expect(await Promise.race([answer, pause(400).then(() => 'silence')])).toBe('silence');
      expect(await dial({ connectTimeout: 300 })).toBe('ETIMEDOUT');
      const late = dial();
      await pause(200);
      fault.end();
      expect([await answer, await late]).toEqual([[7], 'ok']);
    });

    it('drop-sessions resets the share asked for; reset all, and who dials', async () => {
      const ssl = { ca: world.cluster.caPem };
      const clients = await Promise.all(
        Array.from({ length: 10 }, (_, at) => world.client(at % 2 === 0 ? {} : { ssl })),
      );
      const codes: string[] = [];
      for (const client of clients) void lost(client).then((code) => codes.push(code));
      injectFault('drop-sessions', 0.5).end();
      await pause(300);
      expect(codes.length).toBe(5);
      const fault = injectFault('reset');
      await pause(300);
      expect(codes.length).toBe(10);
      for (const code of codes) expect(code).toMatch(/^(ECONNRESET|PROTOCOL_CONNECTION_LOST)$/);
      expect(await dial()).toBe('ECONNRESET');
      fault.end();
      expect(await dial()).toBe('ok');
    });

    it('cut-after breaks a session in the middle of its answer', async () => {
      const client = await world.client();
      const fault = injectFault('cut-after', 1_000);
      const end = await refusal(client.query(`select repeat('x', 100000) as t`));
      expect(end.code).toMatch(/^(ECONNRESET|PROTOCOL_CONNECTION_LOST)$/);
      fault.end();
      expect(await dial()).toBe('ok');
    });

    it('greets nobody while it holds or starts up, and then all that wait', async () => {
      const { endpoint } = world.cluster as ClusterRecord;
      for (const state of ['holding', 'starting-up'] as const) {
        await endpoint.setState(state);
        const impatient = dial({ connectTimeout: 300 });
        const patient = [dial(), dial(), dial()];
        expect(await impatient).toBe('ETIMEDOUT');
        expect(await Promise.race([...patient, pause(100).then(() => 'silence')])).toBe('silence');
        // From one to the other nobody is let in by mistake.
        await endpoint.setState(state === 'holding' ? 'starting-up' : 'holding');
        expect(await Promise.race([...patient, pause(200).then(() => 'silence')])).toBe('silence');
        await endpoint.setState('open');
        expect(await Promise.all(patient)).toEqual(['ok', 'ok', 'ok']);
      }
      await endpoint.setState('refusing');
      expect(await dial()).toBe('ECONNREFUSED');
      await endpoint.setState('black-hole');
      expect(await dial({ connectTimeout: 300 })).toBe('ETIMEDOUT');
      await endpoint.setState('open');
      expect(await dial()).toBe('ok');
    });

    it('hands on 1290 and 1792 as the server gives them', async () => {
      const admin = await world.superuser();
      const app = await world.client();
      await app.query('create table if not exists w (n int) engine = InnoDB');
      await admin.query('set global read_only = 1');
      const written = await refusal(app.query('insert into w values (1)'));
      await admin.query('set global read_only = 0');
      expect(written.errno).toBe(1290);
      expect(written.message).toMatch(/--read-only option/);
      await app.query('start transaction read only');
      expect(await refusal(app.query('insert into w values (1)'))).toMatchObject({
        errno: 1792,
        code: 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
      });
      await app.query('rollback');
      if (flavour === 'mysql') {
        await admin.query('set global super_read_only = 1');
        expect((await refusal(app.query('create table v (n int)'))).errno).toBe(1290);
        await admin.query('set global super_read_only = 0, global read_only = 0');
      }
      await app.query('insert into w values (2)');
      expect(await row(app, 'select count(*) from w')).toEqual([1]);
    });

    it('hands on what the server says to a client that was idle for too long', async () => {
      const app = await world.client();
      await app.query('set wait_timeout = 1');
      const end = await lost(app);
      // MySQL says why, from 8.0.24 on; MariaDB only closes.
      if (flavour === 'mysql') expect(end).toBe('4031');
      else expect(end).toMatch(/^(ECONNRESET|PROTOCOL_CONNECTION_LOST)$/);
    });

    it('holds a fast server back when its client does not read', async () => {
      const client = await world.client();
      const { stream } = (client as unknown as { connection: { stream: NodeJS.ReadStream } })
        .connection;
      const before = process.memoryUsage().rss;
      const all = client.query({
        sql: `select repeat('z', 1000000) as t from information_schema.collations limit 150`,
        rowsAsArray: true,
      });
      stream.pause();
      await pause(1_000);
      expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
      stream.resume();
      expect(((await all)[0] as unknown[]).length).toBe(150);
    });
  });
