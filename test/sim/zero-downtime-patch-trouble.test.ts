/** What can go wrong with sessions in hand: nobody hangs, nothing runs twice, all is told. */
import { connect, createServer, type Server } from 'node:net';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import type { SimEvent } from '../../sim/events.js';
import { endOf, openWorld, type World } from '../support/world.js';

let world: World;
let squatter: Server | undefined;
afterEach(async () => {
  squatter?.close();
  squatter = undefined;
  await world?.close();
});

const fates = (told: readonly SimEvent[]): string[] =>
  told.flatMap((one) =>
    one.kind === 'session' && one.data.stage !== 'present'
      ? [`${one.data.stage} ${one.data.reason ?? ''}`.trim()]
      : [],
  );
const present = (told: readonly SimEvent[]): number =>
  told.filter((one) => one.kind === 'session' && one.data.stage === 'present').length;
const notes = (told: readonly SimEvent[]): string[] =>
  told.flatMap((one) => (one.kind === 'note' ? [one.data.text] : []));

describe('restoring', () => {
  it('runs nothing of the application a second time', async () => {
    world = await openWorld();
    const app = await world.client();
    await app.query('create table led (id int)');
    await app.query('insert into led values (1); prepare p as select 7 as n');
    await app.query('begin; prepare q as select 8 as n; insert into led values (2); commit');
    await world.patch('17.5').finished;
    expect(fates(world.told)).toEqual(['preserved']);
    expect((await app.query('select count(*)::int as n from led')).rows[0].n).toBe(2);
    expect((await app.query('execute p')).rows[0].n).toBe(7);
    expect((await app.query('execute q')).rows[0].n).toBe(8);
  });

  it('keeps a session whose statements cannot all be put back, and tells the loss', async () => {
    world = await openWorld();
    const app = await world.client();
    await app.query('create table gone (id int)');
    await app.query('prepare stale as select id from gone');
    await app.query('prepare commented as select 5 as n -- app:web');
    await app.query({ name: 'gone-too', text: 'select id from gone' });
    await app.query({ name: 'fine', text: 'select 6 as n' });
    await app.query(`set statement_timeout = '1s'; drop table gone`);
    await world.patch('17.5').finished;
    expect(fates(world.told)).toEqual(['preserved']);
    expect(notes(world.told).filter((text) => text.includes('has lost')).length).toBe(2);
    expect((await app.query('execute commented')).rows[0].n).toBe(5);
    expect((await app.query({ name: 'fine', text: 'select 6 as n' })).rows[0].n).toBe(6);
    expect((await app.query('show statement_timeout')).rows[0].statement_timeout).toBe('1s');
  });

  it('is not hit by a cancel request of the client', async () => {
    world = await openWorld();
    const app = await world.client();
    for (let n = 0; n < 100; n++) await app.query(`prepare many_${n} as select ${n} as n`);
    const { processID, secretKey } = app as unknown as { processID: number; secretKey: number };
    const request = Buffer.alloc(16);
    request.writeInt32BE(16, 0);
    request.writeInt32BE(80877102, 4);
    request.writeInt32BE(processID, 8);
    request.writeInt32BE(secretKey, 12);
    const job = world.patch('17.5', {}, 'engine');
    // Once it is released, a cancel is rightly the session's own again.
    while (job.status === 'running' && fates(world.told).length === 0) {
      const socket = connect({ host: '127.0.0.1', port: world.cluster.writer.port });
      socket.on('error', () => {});
      socket.end(request);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await job.finished;
    expect(fates(world.told)).toEqual(['preserved']);
    expect((await behindCancels(() => app.query('execute many_99'))).rows[0].n).toBe(99);
  });
});

/** The last requests may have been on their way when the session was released: they hit it then. */
async function behindCancels<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if ((error as { code?: string }).code !== '57014') throw error;
    }
  }
}

describe('sessions that end during the patch', () => {
  it('are dropped when their server ended them, and closed when their client left', async () => {
    world = await openWorld();
    const stays = await world.client();
    const leaves = await world.client();
    const killed = await world.client();
    const { rows } = await killed.query('select pg_backend_pid() as pid');
    const admin = await world.superuser();
    const holder = await world.client();
    await holder.query('begin');
    const ended = endOf(killed);
    const job = world.patch('17.5', { lateSessions: 'drop' });
    await new Promise((resolve) => setTimeout(resolve, 700));
    await admin.query('select pg_terminate_backend($1)', [rows[0].pid]);
    await ended;
    await holder.query('rollback');
    await job.finished;
    await leaves.end();
    expect(fates(world.told).sort()).toEqual([
      'dropped server-connection-lost',
      'preserved',
      'preserved',
      'preserved',
    ]);
    expect(present(world.told)).toBe(4);
    expect((await stays.query('select 1 as n')).rows[0].n).toBe(1);
  });
});

describe('a patch that cannot go on', () => {
  it('with the port taken, drops everybody, starts the engine again and says why', async () => {
    world = await openWorld();
    const app = await world.client();
    const ended = endOf(app);
    const { port } = world.cluster.writer;
    const job = world.patch('17.5', { onT0: () => void sitOn(port) });
    const end = await job.finished;
    expect(end.status).toBe('failed');
    expect(end.reason).toContain('EADDRINUSE');
    await ended;
    expect(fates(world.told)).toEqual(['dropped operation-failed']);
    expect((world.cluster as ClusterRecord).serverRuns).toBe(true);
  });

  it('with no engine that starts, drops everybody and is not available', async () => {
    world = await openWorld();
    const app = await world.client();
    const ended = endOf(app);
    const record = world.cluster as ClusterRecord;
    record.writerInstance.startServer = () =>
      Promise.reject(new Error('pg_control is unreadable.'));
    const end = await world.patch('17.5').finished;
    expect(end.reason).toContain('neither engine 17.5 nor 17.4 started');
    await ended;
    expect(fates(world.told)).toEqual(['dropped engine-did-not-start']);
    expect(record.status).toBe('upgrade_failed');
    const dial = new Client({
      host: '127.0.0.1',
      port: world.cluster.writer.port,
      ...world.cluster.application,
    });
    await expect(dial.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('with only the new engine failing, goes back and keeps the sessions', async () => {
    world = await openWorld();
    const app = await world.client();
    const record = world.cluster as ClusterRecord;
    const { writerInstance: writer } = record;
    const start = writer.startServer.bind(writer);
    writer.startServer = (options) =>
      options?.version === '17.5' ? Promise.reject(new Error('it crashed.')) : start(options);
    const end = await world.patch('17.5').finished;
    expect(end.reason).toContain('engine 17.5 did not start and 17.4 runs again');
    expect((await app.query('show server_version')).rows[0].server_version).toBe('17.4');
    const events = world.told.flatMap((one) => (one.kind === 'event' ? [one.data.message] : []));
    const rolledBack = events.find((text) => text.includes('rollback succeeded'));
    expect(rolledBack).toBeDefined();
    expect(events.some((text) => text.includes('connections preserved'))).toBe(false);
  });
});

/** Takes the port as soon as it is closed. */
async function sitOn(port: number): Promise<void> {
  for (let tries = 0; tries < 500 && squatter === undefined; tries++) {
    const server = createServer();
    const took = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen({ host: '127.0.0.1', port }, () => resolve(true));
    });
    if (took) squatter = server;
    else await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
