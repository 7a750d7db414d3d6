/** A major upgrade of an RDS instance in place, Postgres 16 to 17: real servers of both. */
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import {
  type InPlaceWorld,
  openInPlaceWorld,
  publishedOrder,
  withoutStart,
} from '../support/in-place-world.js';
import { postgresPair } from '../support/postgres-pair.js';

const clock = systemClock();
const first = await postgresPair(clock);

let world: InPlaceWorld | undefined;
const clients: Client[] = [];

afterEach(async () => {
  await Promise.allSettled(clients.splice(0).map((client) => client.end()));
  await world?.close();
  world = undefined;
});

async function dial({ cluster }: InPlaceWorld): Promise<Client> {
  const { writer, application } = cluster;
  const client = new Client({ ...writer, ...application, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  clients.push(client);
  await client.connect();
  return client;
}

const versionOf = async (client: Client): Promise<string> =>
  String((await client.query('show server_version')).rows[0].server_version).split(' ')[0] ?? '';

async function opened(options: { lamed?: true; members?: ['standby'] } = {}) {
  const pair = await postgresPair(clock);
  if (pair === undefined) throw new Error('the pair is gone');
  const { lamed, members } = options;
  const provider = lamed === true ? withoutStart(pair.provider, pair.to) : pair.provider;
  world = await openInPlaceWorld({
    ...{ engine: 'postgres', server: 'postgres', version: pair.from, provider },
    ...(members === undefined ? {} : { members }),
    parameters: { max_prepared_transactions: '5' },
  });
  return { world, pair };
}

describe.skipIf(first === undefined)('a major upgrade in place', () => {
  it('keeps rows, sequences, users and the endpoint; a standby follows again', async () => {
    const { world, pair } = await opened({ members: ['standby'] });
    const held = await dial(world);
    await held.query(`create table orders (id serial primary key, what text not null);
      insert into orders (what) select 'order ' || g from generate_series(1, 5000) g`);
    const lost = new Promise((resolve) => {
      held.on('error', (error: Error & { code?: string }) => resolve(error.code));
    });
    const { job } = world.upgrade(pair.to, {}, {});
    expect(await job?.finished).toEqual({ status: 'succeeded', reason: null });
    expect(await lost).toBe('57P01');
    expect(world.events()).toEqual(publishedOrder);
    expect(world.notes('upgrade-way')[0]).toContain('by dump and COPY in ');
    expect(world.notes('content-kept')).toHaveLength(1);
    expect(world.notes('content-differs')).toEqual([]);
    const client = await dial(world);
    expect(await versionOf(client)).toBe(pair.to);
    const { rows } = await client.query(
      "insert into orders (what) values ('next') returning id, (select count(*)::int from orders)",
    );
    expect(rows).toEqual([{ id: 5001, count: 5000 }]);
    await expect(client.query('insert into orders (id, what) values (1, 1)')).rejects.toMatchObject(
      { code: '23505' },
    );
    expect(await rowsOfStandby(world)).toEqual([{ count: 5001 }]);
    const { serverAddress, serverAdmin } = world.cluster;
    const admin = new Client({ ...serverAddress, ...serverAdmin });
    clients.push(admin);
    await admin.connect();
    expect(await versionOf(admin)).toBe(pair.to);
  });

  it('is not begun where the pre-check finds what cannot be upgraded: nobody notices', async () => {
    const { world, pair } = await opened();
    const client = await dial(world);
    await client.query('create table names (id int, what regproc)');
    await client.query("begin; create table half (id int); prepare transaction 'left over'");
    const { job } = world.upgrade(pair.to, {}, {});
    const end = await job?.finished;
    expect(end?.status).toBe('failed');
    expect(end?.reason).toContain('left over');
    expect(end?.reason).toContain('app: public.names.what');
    expect(world.events().slice(0, 5)).toEqual(['0001', '0002', '0264', '0265', '0158']);
    expect(world.events()).toHaveLength(5);
    expect(world.notes('check').filter((text) => text.includes('blocked'))).toHaveLength(2);
    expect(await versionOf(client)).toBe(pair.from);
    await client.query("commit prepared 'left over'");
    await client.query('drop table names');
    expect(await world.upgrade(pair.to, {}, {}).job?.finished).toMatchObject({
      status: 'succeeded',
    });
  });

  it('goes back to the old version when the new one does not start', async () => {
    const { world, pair } = await opened({ lamed: true });
    const before = await dial(world);
    await before.query('create table kept as select generate_series(1, 100) as id');
    const { job } = world.upgrade(pair.to, {}, {});
    expect(await job?.finished).toMatchObject({ status: 'failed' });
    expect(world.events().slice(-2)).toEqual(['0006', '0270']);
    const client = await dial(world);
    expect(await versionOf(client)).toBe(pair.from);
    expect((await client.query('select count(*)::int from kept')).rows).toEqual([{ count: 100 }]);
    expect(world.cluster.status).toBe('available');
  });
});

async function rowsOfStandby({ cluster }: InPlaceWorld): Promise<unknown[]> {
  const standby = cluster.instances.find(({ role }) => role === 'standby');
  if (standby === undefined) throw new Error('there is no standby');
  const client = new Client({ ...standby.address, ...cluster.application });
  clients.push(client);
  await client.connect();
  for (let tries = 0; ; tries++) {
    const { rows } = await client.query('select count(*)::int from orders');
    if (rows[0].count === 5001 || tries === 200) return rows;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
