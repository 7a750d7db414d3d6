/** How sessions end when something is in the way: a fault, a hold, a client that does not read. */
import type { Socket } from 'node:net';
import type { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { queryMessage } from '../../sim/wire/postgres/messages.js';
import { openWorld, type World } from '../support/world.js';

let world: World;
afterEach(() => world?.close());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The socket under a driver's client, for bytes that no driver would send. */
function socketOf(client: Client): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}

/** Resolves when the client's connection is gone, or after the time with `still there`. */
function gone(client: Client, withinMs: number): Promise<string> {
  const ended = new Promise<string>((resolve) => {
    client.on('error', () => {});
    socketOf(client).on('close', () => resolve('gone'));
  });
  return Promise.race([ended, pause(withinMs).then(() => 'still there')]);
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return;
    await pause(50);
  }
  throw new Error(`${what}: not within ten seconds`);
}

describe('behind a black hole', () => {
  it('what a client sent before it left arrives when the hole ends', async () => {
    world = await openWorld({ version: '17.5' });
    const admin = await world.superuser();
    const app = await world.client();
    await app.query('create table said (what text)');
    await app.query('begin');
    await app.query(`insert into said values ('before the hole')`);
    const hole = world.cluster.injectFault({ name: 'black-hole' });
    socketOf(app).write(queryMessage('commit'));
    await pause(100);
    socketOf(app).destroy();
    await pause(200);
    expect((await admin.query('select from said')).rowCount).toBe(0);
    hole.end();
    await until(async () => (await admin.query('select from said')).rowCount === 1, 'the commit');
  });

  it('a client whose session was ended hears of it when the hole ends', async () => {
    world = await openWorld();
    const app = await world.client({ application_name: 'rehearse/load/temp-table' });
    await app.query('create temporary table mine (n int)');
    const ended = gone(app, 20_000);
    const hole = world.cluster.injectFault({ name: 'black-hole' });
    expect((await world.patch('17.5').finished).status).toBe('succeeded');
    hole.end();
    expect(await ended).toBe('gone');
  });
});

describe('a client that is cut off', () => {
  it('is not left hanging where its server had closed already', async () => {
    world = await openWorld({ version: '17.5' });
    const admin = await world.superuser();
    const app = await world.client();
    const { rows } = await app.query('select pg_backend_pid() as pid');
    const ended = gone(app, 20_000);
    world.cluster.injectFault({ name: 'latency', value: 1_000 });
    world.cluster.injectFault({ name: 'cut-after', value: 40 });
    app.query('select repeat(md5(random()::text), 100)').catch(() => {});
    await pause(700);
    await admin.query('select pg_terminate_backend($1)', [rows[0].pid]);
    expect(await ended).toBe('gone');
  });
});

describe('across the patch', () => {
  it('what a client sent into the hold before it left is done', async () => {
    world = await openWorld();
    const app = await world.client();
    await app.query('create table said (what text)');
    const job = world.patch('17.5', {}, 'typical');
    await until(async () => {
      return world.told.some((one) => one.kind === 'gauge' && one.data.value === 'stopped');
    }, 'the stop of the server');
    const socket = socketOf(app);
    socket.write(queryMessage(`insert into said values ('into the hold')`));
    socket.end();
    expect((await job.finished).status).toBe('succeeded');
    const admin = await world.superuser();
    await until(async () => (await admin.query('select from said')).rowCount === 1, 'the insert');
  });

  it('a client that reads nothing is no session that could not be examined', async () => {
    world = await openWorld();
    const app = await world.client();
    const rows: unknown[] = [];
    socketOf(app).pause();
    const answer = app.query(`select repeat('x', 1000) as x from generate_series(1, 20000)`);
    await pause(1_000);
    const job = world.patch('17.5', { lateSessions: 'drop' });
    const end = await job.finished;
    expect(end.status).toBe('succeeded');
    socketOf(app).resume();
    await answer.then((done) => rows.push(...done.rows)).catch(() => {});
    const dropped = world.told.filter(
      (one) => one.kind === 'session' && one.data.reason === 'not-examined',
    );
    expect(dropped).toEqual([]);
  });

  it('a session that comes to life late does not prevent the quiet point', async () => {
    world = await openWorld();
    await world.client();
    const job = world.patch('17.5');
    const late = await Promise.allSettled(
      [0, 150, 300, 450, 600, 750, 900].map(async (ms) => {
        await pause(ms);
        return world.client();
      }),
    );
    expect((await job.finished).status).toBe('succeeded');
    expect(late.length).toBe(7);
    const reasons = world.told.flatMap((one) =>
      one.kind === 'session' && one.data.stage === 'dropped' ? [one.data.reason] : [],
    );
    expect(reasons).toEqual([]);
  });
});
