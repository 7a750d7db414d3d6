import type { Socket } from 'node:net';
import mysql from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimEvent } from '../../sim/events.js';
import { failOver, reboot, until } from '../support/failover.js';
import { type Flavour, type MysqlWorld, openOfferedWorld } from '../support/mysql-world.js';
import { type Pooling, pooling, poolingTold } from '../support/pooling.js';
import { program } from '../support/programs.js';

describe.each<Flavour>(['mysql', 'mariadb'])('a pooling endpoint in front of %s', (flavour) => {
  const isThere = program(flavour) !== undefined;
  let world: MysqlWorld;
  let between: Pooling;
  let told: SimEvent[] = [];
  const clients: mysql.Connection[] = [];

  beforeAll(async () => {
    if (isThere) world = await openOfferedWorld(flavour, { members: ['reader'] });
  });
  afterAll(() => world?.close());
  afterEach(async () => {
    if (!isThere) return;
    for (const client of clients.splice(0)) client.destroy();
    await between.close();
  });

  const open = async (settings: Parameters<typeof pooling>[2] = {}): Promise<void> => {
    told = [];
    between = await pooling(world.cluster, told, settings);
  };

  const client = async (config: mysql.ConnectionOptions = {}): Promise<mysql.Connection> => {
    const { host, port } = between.address;
    const { user, password, database } = world.cluster.application;
    const made = await mysql.createConnection({ host, port, user, password, database, ...config });
    made.on('error', () => {});
    clients.push(made);
    return made;
  };

  const one = async (from: mysql.Connection, sql: string): Promise<unknown> => {
    const [rows] = await from.query({ sql, rowsAsArray: true });
    return (rows as unknown[][])[0]?.[0];
  };
  const id = (from: mysql.Connection): Promise<unknown> => one(from, 'select connection_id()');

  it.runIf(isThere)('authenticates its clients, in clear and over TLS', async () => {
    await open();
    const ca = between.address.caPem ?? '';
    const secure = await client({ ssl: { ca } });
    expect(await one(secure, 'select 1')).toBe(1);
    await expect(client({ password: 'wrong' })).rejects.toMatchObject({ errno: 1045 });
    await expect(client({ database: 'nowhere' })).rejects.toMatchObject({ errno: 1044 });
    expect(await one(await client(), 'select 1')).toBe(1);
  });

  it.runIf(isThere)('lends a connection to one transaction after the other', async () => {
    await open({ connectionsMax: 2 });
    const [ada, bob] = [await client(), await client()];
    expect(await id(ada)).toBe(await id(bob));
    await ada.query('begin');
    const held = await id(ada);
    expect(await id(bob)).not.toBe(held);
    expect(await id(ada)).toBe(held);
    await ada.query('commit');
    expect(between.counts).toMatchObject({ sessions: 2, pinned: 0, servers: 2 });
  });

  it.runIf(isThere)('takes settings that it tracks along, and lets none leak', async () => {
    await open({ connectionsMax: 1 });
    const [ada, bob] = [await client(), await client()];
    const zone = (from: mysql.Connection): Promise<unknown> => one(from, 'select @@time_zone');
    const before = await zone(bob);
    await ada.query("set time_zone = '+05:00'");
    await bob.query('set names latin1');
    expect([await zone(ada), await zone(bob)]).toEqual(['+05:00', before]);
    await ada.query('use information_schema');
    expect(await one(bob, 'select database()')).toBe(world.cluster.application.database);
    expect(await one(ada, 'select database()')).toBe('information_schema');
    expect(await one(ada, 'select @@character_set_client')).not.toBe('latin1');
    expect(await one(bob, 'select @@character_set_client')).toBe('latin1');
    expect(between.counts.pinned).toBe(0);
  });

  it.runIf(isThere)('pins by the documented rules, and keeps the pinned connection', async () => {
    await open();
    const [ada, bob] = [await client(), await client()];
    await ada.query('set @mine = 5');
    await id(bob);
    expect(await one(ada, 'select @mine')).toBe(5);
    expect(await one(bob, 'select @mine')).toBe(null);
    const [rows] = await bob.execute('select ? as n', ['x']);
    expect(rows).toEqual([{ n: 'x' }]);
    expect(between.counts.pinned).toBe(2);
    expect(told.flatMap(({ data }) => ('text' in data ? [data.text] : []))).toEqual([
      'a session was pinned: user variable',
      'a session was pinned: prepared statement',
    ]);
  });

  it.runIf(isThere)('never opens more than it may, for 50 clients at once', async () => {
    await open({ connectionsMax: 3 });
    const all = await Promise.all(Array.from({ length: 50 }, () => client()));
    let most = 0;
    await Promise.all(
      all.map(async (own) => {
        await own.query('begin');
        most = Math.max(most, between.counts.servers);
        await own.query('select sleep(0.002)');
        await own.query('commit');
      }),
    );
    expect(most).toBe(3);
  });

  it.runIf(isThere)('tells whoever waits too long, by the documented error', async () => {
    await open({ connectionsMax: 1, borrowTimeoutMs: 300 });
    const [ada, bob] = [await client(), await client()];
    await ada.query('begin');
    await expect(bob.query('select 1')).rejects.toMatchObject({
      errno: 9501,
      message: 'Timed-out waiting to acquire database connection',
    });
  });

  it.runIf(isThere)('keeps idle clients through a failover, and lets requests wait', async () => {
    await open();
    const [idle, busy] = [await client(), await client()];
    await idle.query('select 1');
    await busy.query('begin');
    await busy.query('select 1');
    const lost = new Promise<string>((resolve) => {
      busy.on('error', (error: Error & { code?: string }) => resolve(error.code ?? ''));
    });
    const job = failOver(world, { refusedMs: 300, startingUpMs: 200, staleDnsMs: 300 });
    expect(await lost).toBe('PROTOCOL_CONNECTION_LOST');
    expect(await one(idle, 'select @@read_only')).toBe(0);
    expect(await one(await client(), 'select 1')).toBe(1);
    expect((await job.finished).status).toBe('succeeded');
    expect(poolingTold(told)).toContain('pooling.ended.in-transaction 1');
  });

  it.runIf(isThere && flavour === 'mariadb')('bears clients of every kind', async () => {
    await open({ connectionsMax: 2 });
    const [ada, bob] = [await client({ multipleStatements: true }), await client()];
    // Byte by byte: no header comes whole.
    const { stream } = (bob as unknown as { connection: { stream: Socket } }).connection;
    const write = stream.write.bind(stream);
    stream.write = (bytes: Uint8Array | string) => {
      for (const byte of Buffer.from(bytes)) write(Buffer.from([byte]));
      return true;
    };
    expect(await one(bob, "select repeat('y', 10)")).toBe('y'.repeat(10));
    const [long] = await ada.query("select repeat('x', 15000000) as it; select 2 as it");
    expect((long as { it: string }[][])[0]?.[0]?.it.length).toBe(15_000_000);
    expect(await one(bob, `select length('${'z'.repeat(70_000)}')`)).toBe(70_000);
    expect(between.counts.pinned).toBe(1);
    await expect(bob.changeUser({ user: 'app' })).rejects.toMatchObject({ errno: 1835 });
    await ada.query('begin');
    const third = await client({ multipleStatements: true });
    await third.query('begin');
    const waiting = await client();
    const asked = waiting.query('select 1').catch((error: Error) => error.message);
    await until(() => between.counts.waiting === 1, 'one that waits');
    waiting.destroy();
    await until(() => between.counts.waiting === 0, 'nobody that waits');
    await Promise.race([asked, third.query('commit')]);
    expect(await one(ada, 'select 3')).toBe(3);
  });

  // A MySQL takes seconds to come up again; nothing of what is looked at here is its own.
  it.runIf(isThere && flavour === 'mariadb')(
    'ends a pinned client in a reboot, and no idle one',
    async () => {
      await open();
      const [idle, pinned] = [await client(), await client()];
      await idle.query('select 1');
      await pinned.query('set @mine = 5');
      const lost = new Promise((resolve) => pinned.on('error', resolve));
      const job = reboot(world, { refusedMs: 200, startingUpMs: 100 });
      await lost;
      expect(await one(idle, 'select 1')).toBe(1);
      expect((await job.finished).status).toBe('succeeded');
    },
  );
});
