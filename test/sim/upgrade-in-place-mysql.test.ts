/**
 * Upgrades of an RDS instance in place: MariaDB from 10.11 to 11.8 in containers, MySQL by AWS's
 * version names over one version of the server.
 */
import mysql from 'mysql2/promise';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import { localVersions, makeProvider } from '../support/docker.js';
import {
  type InPlaceWorld,
  openInPlaceWorld,
  publishedOrder,
  withoutStart,
} from '../support/in-place-world.js';
import { program } from '../support/programs.js';

vi.setConfig({ testTimeout: 180_000 });

const { mariadb } = await localVersions();
const [from, to] = [mariadb[0] ?? '', mariadb.at(-1) ?? ''];
const isPair = from !== to;
if (!isPair) process.stderr.write('skipped: one image of MariaDB is no pair of versions\n');

let world: InPlaceWorld;
const clients: mysql.Connection[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await world.close();
});

async function dial(): Promise<mysql.Connection> {
  const { writer, application } = world.cluster;
  const { host, port } = writer;
  const client = await mysql.createConnection({ host, port, ...application });
  client.on('error', () => {});
  clients.push(client);
  return client;
}

async function rowOf(client: mysql.Connection, sql: string): Promise<unknown[]> {
  const [rows] = await client.query({ sql, rowsAsArray: true });
  return (rows as unknown[][])[0] ?? [];
}

const makeOrders = async (client: mysql.Connection): Promise<void> => {
  await client.query('create table orders (id int auto_increment primary key, what text)');
  await client.query("insert into orders (what) values ('a'), ('b'), ('c')");
  await client.query('delete from orders where id = 3');
};

describe.runIf(isPair)('MariaDB', () => {
  it('is upgraded to a new major version; what is in it stays', async () => {
    world = await openInPlaceWorld({
      ...{ engine: 'mariadb', server: 'mariadb', version: from },
      provider: makeProvider({ runId: `in-place-${process.pid}` }),
    });
    const held = await dial();
    await makeOrders(held);
    const ended = new Promise((resolve) => {
      held.on('error', ({ code }: Error & { code?: string }) => resolve(code));
    });
    const { job } = world.upgrade(to, {}, {});
    expect(await job?.finished).toEqual({ status: 'succeeded', reason: null });
    expect(await ended).toBe('PROTOCOL_CONNECTION_LOST');
    expect(world.events()).toEqual(publishedOrder);
    expect(world.notes('content-differs')).toEqual([]);
    expect(world.notes('content-kept')).toHaveLength(1);
    const client = await dial();
    expect(String(await rowOf(client, 'select version()'))).toContain(to);
    await client.query("insert into orders (what) values ('d')");
    expect(await rowOf(client, 'select count(*), max(id) from orders')).toEqual([3, 4]);
  });
});

const mariadbd = program('mariadb') !== undefined;

describe.runIf(mariadbd)('MariaDB whose new version does not start', () => {
  it('is taken back to what there was at the shutdown, with a standby that follows', async () => {
    const provider = embeddedProvider({ clock: systemClock(), offline: true });
    const offer = (await provider.offers()).find(({ engine }) => engine === 'mariadb');
    const newer = offer?.version ?? '';
    const series = newer.split('.').slice(0, 2).join('.');
    world = await openInPlaceWorld({
      ...{ engine: 'mariadb', server: 'mariadb', version: series, awsVersion: `${series}.1` },
      provider: withoutStart(provider, newer),
      members: ['standby'],
    });
    await makeOrders(await dial());
    const { job } = world.upgrade(newer, { awsVersion: `${series}.2` }, {});
    const end = await job?.finished;
    expect(end?.status).toBe('failed');
    expect(end?.reason).toContain(`${newer} did not start and ${series} runs again`);
    expect(world.events().slice(4)).toEqual(['0004', '0001', '0266', '0267', '0006', '0270']);
    const client = await dial();
    await client.query("insert into orders (what) values ('d')");
    expect(await rowOf(client, 'select count(*) from orders')).toEqual([3]);
    const standby = world.cluster.instances.find(({ role }) => role === 'standby');
    const { host = '', port = 0 } = standby?.address ?? {};
    const second = await mysql.createConnection({ host, port, ...world.cluster.application });
    clients.push(second);
    for (let tries = 0; tries < 200; tries++) {
      if ((await rowOf(second, 'select count(*) from orders'))[0] === 3) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('the standby does not follow');
  });
});

const mysqld = program('mysql') !== undefined;

/** AWS's names alone tell the step: there is one version of the server. */
async function openMysql(): Promise<string> {
  const provider = embeddedProvider({ clock: systemClock(), offline: true });
  const offer = (await provider.offers()).find(({ engine }) => engine === 'mysql');
  const version = offer?.version ?? '';
  world = await openInPlaceWorld({
    ...{ engine: 'mysql', server: 'mysql', version, awsVersion: '8.0.42', provider },
  });
  return version;
}

describe.runIf(mysqld)('MySQL', () => {
  it('tells a minor upgrade as the published log does', async () => {
    const version = await openMysql();
    await makeOrders(await dial());
    const { job } = world.upgrade(version, { awsVersion: '8.0.44' }, {});
    expect(await job?.finished).toEqual({ status: 'succeeded', reason: null });
    expect(world.events()).toEqual([
      ...publishedOrder,
      'Database instance engine minor version upgrade complete. ' +
        'Previous version: 8.0.42. New version: 8.0.44.',
    ]);
    const client = await dial();
    await client.query("insert into orders (what) values ('d')");
    expect(await rowOf(client, 'select count(*), max(id) from orders')).toEqual([3, 4]);
    const skipped = world.upgrade(version, { awsVersion: '9.1.0' }).fault;
    expect(skipped?.message).toBe('Cannot upgrade mysql from 8.0.44 to 9.1.0');
  });

  it('does not begin a major upgrade over what the pre-check finds', async () => {
    const version = await openMysql();
    const client = await dial();
    await client.query('create table `parallel` (`manual` int, id int)');
    await client.query("xa start 'left over'");
    await client.query('insert into `parallel` values (1, 1)');
    await client.query("xa end 'left over'");
    await client.query("xa prepare 'left over'");
    const awsVersion = '8.4.7';
    const end = await world.upgrade(version, { awsVersion }, {}).job?.finished;
    expect(end?.status).toBe('failed');
    expect(end?.reason).toContain('prepared-transactions');
    expect(world.events()).toEqual(['0001', '0002', '0264', '0265', '0158']);
    const [words] = world.notes('check').filter((text) => text.includes('reserved-words'));
    expect(words).toContain('warning');
    expect(words).toContain('app.parallel, app.parallel.manual');
    await client.query("xa rollback 'left over'");
    expect((await world.upgrade(version, { awsVersion }, {}).job?.finished)?.status).toBe(
      'succeeded',
    );
  });
});
