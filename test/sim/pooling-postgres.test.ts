import { Client, type ClientConfig } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimEvent } from '../../sim/events.js';
import { failOver, reboot, roles, until } from '../support/failover.js';
import { type Pooling, pooling, poolingTold } from '../support/pooling.js';
import { endOf, openWorld, type World } from '../support/world.js';

let world: World;
let between: Pooling;
let told: SimEvent[];
const clients: Client[] = [];

beforeAll(async () => {
  world = await openWorld({ members: ['reader'] });
});
afterAll(() => world.close());
afterEach(async () => {
  await Promise.allSettled(clients.splice(0).map((client) => client.end()));
  await between.close();
});

async function open(settings: Parameters<typeof pooling>[2] = {}): Promise<void> {
  told = [];
  between = await pooling(world.cluster, told, settings);
}

async function client(config: ClientConfig = {}): Promise<Client> {
  const { host, port } = between.address;
  const { user, password, database } = world.cluster.application;
  const made = new Client({ host, port, user, password, database, ...config });
  made.on('error', () => {});
  clients.push(made);
  await made.connect();
  return made;
}

/** The process that serves a statement. */
async function backend(from: Client): Promise<number> {
  return (await from.query('select pg_backend_pid() as pid')).rows[0].pid;
}

/** Waits until a statement with that text is being run. */
async function isAtWork(text: string): Promise<void> {
  const superuser = await world.superuser();
  const sql = "select 1 from pg_stat_activity where state = 'active' and query like $1";
  const find = async (): Promise<number> =>
    (await superuser.query(`${sql} and pid <> pg_backend_pid()`, [`%${text}%`])).rows.length;
  while ((await find()) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a pooling endpoint in front of Postgres', () => {
  it('authenticates its clients, in clear and over TLS', async () => {
    await open();
    const ca = between.address.caPem ?? '';
    const secure = await client({ ssl: { ca, servername: between.address.name } });
    expect((await secure.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await expect(client({ password: 'wrong' })).rejects.toMatchObject({ code: '28P01' });
    await expect(client({ database: 'nowhere' })).rejects.toMatchObject({ code: '3D000' });
  });

  it('lends one server connection to one transaction after the other', async () => {
    await open();
    const [ada, bob] = [await client(), await client()];
    expect(await backend(ada)).toBe(await backend(bob));
    await ada.query('begin');
    const held = await backend(ada);
    expect(await backend(bob)).not.toBe(held);
    expect(await backend(ada)).toBe(held);
    await ada.query('commit');
    expect(between.counts).toMatchObject({ sessions: 2, pinned: 0, servers: 2 });
  });

  it('serves parameterised statements without pinning, and pins named ones', async () => {
    await open();
    const ada = await client();
    expect((await ada.query('select $1::int as n', [5])).rows).toEqual([{ n: 5 }]);
    expect(between.counts.pinned).toBe(0);
    const named = { name: 'p', text: 'select $1::int as n', values: [6] };
    expect((await ada.query(named)).rows).toEqual([{ n: 6 }]);
    expect((await ada.query(named)).rows).toEqual([{ n: 6 }]);
    expect(between.counts.pinned).toBe(1);
  });

  it('keeps a pinned session on its connection, and lets nothing of it leak', async () => {
    await open({ connectionsMax: 2 });
    const [ada, bob] = [await client(), await client()];
    await ada.query("set application_name = 'mine'");
    const own = await backend(ada);
    const show = async (from: Client): Promise<string> =>
      (await from.query("select current_setting('application_name') as it")).rows[0].it;
    expect(await backend(bob)).not.toBe(own);
    expect([await show(ada), await show(bob)]).toEqual(['mine', 'rehearse/pool/server']);
    await ada.end();
    const eve = await client();
    expect(await show(eve)).toBe('rehearse/pool/server');
    expect(poolingTold(told)).toContain('session-pinned');
  });

  it('clears what no rule saw: settings of a function', async () => {
    await open({ connectionsMax: 1 });
    const [ada, bob] = [await client(), await client()];
    await ada.query(`create or replace function sneak() returns text language plpgsql as $$
      begin perform set_config('my.secret', 'ada', false); return 'x'; end $$`);
    await ada.query('select sneak()');
    const read = "select coalesce(current_setting('my.secret', true), '') as it";
    expect((await bob.query(read)).rows).toEqual([{ it: '' }]);
  });

  it('never opens more server connections than it may, for 50 clients at once', async () => {
    await open({ connectionsMax: 3 });
    const all = await Promise.all(Array.from({ length: 50 }, () => client()));
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, between.counts.servers);
    }, 1);
    const pids = await Promise.all(
      all.map(async (one) => {
        await one.query('begin');
        const pid = await backend(one);
        await one.query('select pg_sleep(0.005)');
        await one.query('commit');
        return pid;
      }),
    );
    clearInterval(watch);
    expect(most).toBe(3);
    expect(pids.length).toBe(50);
  });

  it('tells whoever waits too long, with the documented words', async () => {
    await open({ connectionsMax: 1, borrowTimeoutMs: 300 });
    const [ada, bob] = [await client(), await client()];
    await ada.query('begin');
    await expect(bob.query('select 1')).rejects.toMatchObject({
      code: '08000',
      message: 'Timed-out waiting to acquire database connection',
    });
    await ada.query('commit');
    expect((await ada.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('ends a client that is idle for too long', async () => {
    await open({ idleClientTimeoutMs: 200 });
    const ada = await client();
    await ada.query('select 1');
    const ended = endOf(ada);
    await ended;
    expect(between.counts.sessions).toBe(0);
  });
});

describe('a writer that goes away behind it', () => {
  it('keeps idle clients through a failover, cancels others, and lets requests wait', async () => {
    await open();
    const [idle, busy, stuck] = [await client(), await client(), await client()];
    await idle.query('select 1');
    await busy.query('create table kept (a int)');
    await busy.query('begin');
    await busy.query('insert into kept values (1)');
    const busyEnd = endOf(busy);
    const statement = stuck.query('select pg_sleep(10)').then(
      () => 'answered',
      (error: Error & { code?: string }) => error.code,
    );
    await isAtWork('pg_sleep');
    const idleEnd = endOf(idle).then(() => 'ended');
    const job = failOver(world, { refusedMs: 300, startingUpMs: 200, staleDnsMs: 500 });
    await busyEnd;
    expect(await statement).toBe('57P01');
    // Asked while nobody is there.
    const waited = idle.query('select pg_is_in_recovery() as reader');
    const fresh = client().then((late) => late.query('select 1 as one'));
    expect((await waited).rows).toEqual([{ reader: false }]);
    expect((await fresh).rows).toEqual([{ one: 1 }]);
    expect((await job.finished).status).toBe('succeeded');
    expect(await Promise.race([idleEnd, Promise.resolve('kept')])).toBe('kept');
    const words = poolingTold(told);
    expect(words.indexOf('pooling-away')).toBeGreaterThan(-1);
    expect(words.indexOf('pooling-back')).toBeGreaterThan(words.indexOf('pooling-away'));
    expect(words).toContain('pooling.ended.in-transaction 1');
    expect(words).toContain('pooling.ended.in-statement 1');
  });

  it('ends a pinned session with its server connection in a reboot, and no other', async () => {
    await open();
    const [pinned, idle] = [await client(), await client()];
    await pinned.query('listen it');
    await idle.query('select 1');
    const gone = endOf(pinned);
    const job = reboot(world, { refusedMs: 200, startingUpMs: 100 });
    expect((await gone).code).toBe('57P01');
    expect((await idle.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect((await job.finished).status).toBe('succeeded');
  });

  it('comes through a fence that answers nobody', async () => {
    await open();
    const idle = await client();
    await idle.query('select 1');
    const before = roles(world.cluster)[1];
    const job = failOver(
      world,
      { refusedMs: 200, startingUpMs: 100, staleDnsMs: 300 },
      { fencing: 'black-hole' },
    );
    await until(() => roles(world.cluster)[1] !== before, 'another writer');
    expect((await idle.query('select pg_is_in_recovery() as reader')).rows).toEqual([
      { reader: false },
    ]);
    expect((await job.finished).status).toBe('succeeded');
  });
});
