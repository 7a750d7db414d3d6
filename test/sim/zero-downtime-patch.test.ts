import { afterEach, describe, expect, it } from 'vitest';
import type { SimEvent } from '../../sim/events.js';
import { endOf, openWorld, type World } from '../support/world.js';

let world: World;
afterEach(() => world?.close());

const messages = (told: readonly SimEvent[]): string[] =>
  told.flatMap((one) =>
    one.kind === 'event' && one.clock === 'control' ? [one.data.message] : [],
  );

const sessions = (told: readonly SimEvent[], stage: string): [string, string | null][] =>
  told.flatMap((one) =>
    one.kind === 'session' && one.data.stage === stage
      ? [[one.data.sessionKind, one.data.reason] as [string, string | null]]
      : [],
  );

describe('zero-downtime patch', () => {
  it('keeps sessions with their state over a real change of engine', async () => {
    world = await openWorld();
    const app = await world.client({ application_name: 'rehearse/load/idle' });
    await app.query(`set timezone = 'Asia/Tokyo'; set work_mem = '8MB'; set app.tenant_id = '42';
      set search_path = pg_catalog, public; set statement_timeout = '59s'`);
    await app.query(`prepare by_sql (int) as select $1 + 1 as n`);
    await app.query({ name: 'by-protocol', text: 'select $1::int * 2 as n', values: [1] });
    await app.query(`select pg_advisory_lock(77), pg_advisory_lock_shared(1, 2)`);
    expect((await app.query('show server_version')).rows[0].server_version).toBe('17.4');

    const end = await world.patch('17.5').finished;

    expect(end).toEqual({ status: 'succeeded', reason: null });
    const after = await app.query(`select current_setting('server_version') as version,
      current_setting('timezone') as zone, current_setting('work_mem') as mem,
      current_setting('app.tenant_id') as tenant, current_setting('search_path') as path,
      current_setting('statement_timeout') as timeout`);
    expect(after.rows[0]).toEqual({
      version: '17.5',
      zone: 'Asia/Tokyo',
      mem: '8MB',
      tenant: '42',
      path: 'pg_catalog, public',
      timeout: '59s',
    });
    expect((await app.query('execute by_sql(1)')).rows[0].n).toBe(2);
    const again = await app.query({
      name: 'by-protocol',
      text: 'select $1::int * 2 as n',
      values: [4],
    });
    expect(again.rows[0].n).toBe(8);
    const locks = await app.query(
      `select count(*)::int as n from pg_locks
       where locktype = 'advisory' and pid = pg_backend_pid()`,
    );
    expect(locks.rows[0].n).toBe(2);
    expect(sessions(world.told, 'preserved')).toEqual([['load idle', null]]);
    expect(messages(world.told)).toEqual([
      'Database cluster engine minor version upgrade started. Cluster remains online.',
      'Attempting to upgrade the database with zero downtime.',
      expect.stringContaining('max_wal_senders'),
      'Attempting to upgrade the database with zero downtime.',
      expect.stringMatching(/^Aurora fast startup completed in \[\d+\] microseconds\.$/),
      expect.stringMatching(/took \d+ ms, 1 connections preserved, 0 connections dropped\./),
      expect.stringMatching(/took \d+ ms, 1 connections preserved, 0 connections dropped\./),
      'Database cluster is online. The primary instance is ready for connections.',
      'Database cluster engine version upgrade finished on all instances.',
      'Database cluster engine minor version upgrade complete. ' +
        'Previous version: 17.4.5. New version: 17.5.4.',
      'Database cluster engine version has been upgraded.',
    ]);
  });

  it("keeps a session's own encoding and timeout, not those of its examination", async () => {
    world = await openWorld();
    const admin = await world.superuser();
    await admin.query(`alter role app set statement_timeout = '40s'`);
    const untouched = await world.client({ application_name: 'rehearse/load/untouched' });
    const lifted = await world.client({ application_name: 'rehearse/load/lifted' });
    await lifted.query(`set statement_timeout = 0; create temp table x (id int); drop table x`);
    const latin = await world.client({ application_name: 'rehearse/load/latin' });
    await latin.query(`set app.name = 'Zoë'; set client_encoding = 'LATIN1'`);
    await admin.query(`alter role app set statement_timeout = '50s'`);

    await world.patch('17.5').finished;

    const settings = (client: typeof latin) =>
      client
        .query(`select current_setting('statement_timeout') as timeout,
          current_setting('client_encoding') as encoding,
          octet_length(convert_to(current_setting('app.name', true), 'UTF8')) as bytes,
          current_setting('server_version') as version`)
        .then(({ rows }) => rows[0]);
    const expected = { timeout: '40s', encoding: 'UTF8', bytes: null, version: '17.5' };
    expect(await settings(untouched)).toEqual(expected);
    expect(await settings(lifted)).toEqual({ ...expected, timeout: '0' });
    expect(await settings(latin)).toEqual({ ...expected, encoding: 'LATIN1', bytes: 4 });
    expect(sessions(world.told, 'dropped')).toEqual([]);
  });

  it('drops exactly the sessions that AWS names, each with its reason', async () => {
    world = await openWorld();
    const dropped: Promise<{ code?: string | undefined }>[] = [];
    const inState = async (kind: string, sql: string): Promise<void> => {
      const client = await world.client({ application_name: `rehearse/load/${kind}` });
      dropped.push(endOf(client));
      await client.query(sql);
    };
    const owner = await world.client();
    await owner.query('create table t (id int); create table u (id int)');
    await owner.end();
    await inState('temp-table', 'create temp table x (id int)');
    await inState('held-cursor', 'declare c cursor with hold for select 1');
    await inState('table-lock', 'begin; lock table t in access exclusive mode');
    await inState('open-transaction', 'begin; select 1');
    const long = await world.client({ application_name: 'rehearse/load/long-query' });
    dropped.push(long.query('select pg_sleep(60)').catch((error) => error));
    const ddl = await world.client({ application_name: 'rehearse/load/ddl' });
    dropped.push(ddl.query('create table v as select 1 from pg_sleep(60)').catch((error) => error));
    const idle = await world.client({ application_name: 'rehearse/load/idle' });
    await new Promise((resolve) => setTimeout(resolve, 300));

    await world.patch('17.5', { longRunningMs: 200 }).finished;

    expect(sessions(world.told, 'dropped').sort()).toEqual([
      ['load ddl', 'ddl'],
      ['load held-cursor', 'with-hold-cursor'],
      ['load long-query', 'long-running-query'],
      ['load open-transaction', 'long-running-transaction'],
      ['load table-lock', 'table-lock'],
      ['load temp-table', 'temporary-table'],
    ]);
    expect(sessions(world.told, 'preserved')).toEqual([['load idle', null]]);
    expect((await Promise.all(dropped)).map((end) => end.code)).toEqual(dropped.map(() => '57P01'));
    expect((await idle.query('show server_version')).rows[0].server_version).toBe('17.5');
  });

  it('drops listening sessions when all of them listen, and keeps LISTEN otherwise', async () => {
    world = await openWorld();
    const listener = await world.client({ application_name: 'rehearse/load/listening' });
    const other = await world.client({ application_name: 'rehearse/load/idle' });
    await listener.query('listen news');
    await world.patch('17.5').finished;
    expect(sessions(world.told, 'dropped')).toEqual([]);
    const heard = new Promise((resolve) => listener.on('notification', resolve));
    await other.query(`notify news, 'hello'`);
    expect(await heard).toMatchObject({ channel: 'news', payload: 'hello' });
  });

  it('restarts as usual when a session stays busy, unless late ones are dropped', async () => {
    world = await openWorld();
    const busy = await world.client();
    await busy.query('begin');
    const idle = await world.client();
    const ended = [endOf(busy), endOf(idle)];
    await world.patch('17.5').finished;
    expect(sessions(world.told, 'dropped').map(([, reason]) => reason)).toEqual([
      'no-quiet-point',
      'no-quiet-point',
    ]);
    expect((await Promise.all(ended)).map((end) => end.code)).toEqual(['57P01', '57P01']);
    expect(messages(world.told)).toContain('DB instance shutdown');
    await world.client();
    await world.client({ application_name: 'another' });
    await world.client();
    await world.client();
    expect(sessions(world.told, 'reconnected').length).toBe(2);
  });

  it('with lost prepared statements, clients get 26000 and go on', async () => {
    world = await openWorld();
    const app = await world.client();
    await app.query({ name: 's', text: 'select 1' });
    await world.patch('17.5', { preparedStatements: 'lost' }).finished;
    await expect(app.query({ name: 's', text: 'select 1' })).rejects.toMatchObject({
      code: '26000',
    });
    expect((await app.query('select 2 as n')).rows[0].n).toBe(2);
  });

  it('refuses with pending parameters, without touching anybody', async () => {
    world = await openWorld({ pending: ['max_connections'] });
    const app = await world.client();
    const end = await world.patch('17.5').finished;
    expect(end.status).toBe('failed');
    expect(end.reason).toContain('max_connections');
    expect((await app.query('show server_version')).rows[0].server_version).toBe('17.4');
    expect(world.told.some((one) => one.kind === 'session')).toBe(false);
    expect(world.cluster.status).toBe('available');
  });

  it('refuses what ModifyDBCluster would refuse, at once', async () => {
    world = await openWorld();
    expect(() => world.patch('16.4')).toThrow(/Cannot upgrade/);
    expect(() => world.patch('17.5', { cluster: 'other' })).toThrow(/not found/);
    const job = world.patch('17.5');
    expect(() => world.patch('17.5')).toThrow(/not in available state/);
    await job.finished;
  });

  it('as a defect, hangs for ever on a parameterised query but answers simple ones', async () => {
    world = await openWorld();
    const app = await world.client();
    await world.patch('17.5', { defects: ['zdp-hang'] }).finished;
    expect((await app.query('select 1 as n')).rows[0].n).toBe(1);
    const answered = await Promise.race([
      app.query('select $1::int as n', [1]).then(
        () => 'answered',
        () => 'error',
      ),
      new Promise((resolve) => setTimeout(() => resolve('silence'), 1_000)),
    ]);
    expect(answered).toBe('silence');
  });
});
