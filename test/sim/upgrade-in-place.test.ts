/** Minor upgrades of an RDS instance in place on Postgres, with a Multi-AZ standby and without. */
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { Job } from '../../sim/sim.js';
import {
  type InPlaceWorld,
  openInPlaceWorld,
  publishedOrder,
  withoutStart,
} from '../support/in-place-world.js';

const provider = () => embeddedProvider({ clock: systemClock(), offline: true });
const small = { engine: 'postgres', server: 'postgres', version: '17.4' } as const;

let world: InPlaceWorld;
const clients: Client[] = [];

afterEach(async () => {
  await Promise.allSettled(clients.splice(0).map((client) => client.end()));
  await world.close();
});

async function dial(): Promise<Client> {
  const { writer, application } = world.cluster;
  const client = new Client({ ...writer, ...application, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  clients.push(client);
  await client.connect();
  return client;
}

/** What new connections meet, in order and each once, until the job has ended and one succeeds. */
async function metBy(job: Job): Promise<string[]> {
  const met: string[] = [];
  for (let ended = false; ; ended = job.status !== 'running') {
    const answer = await dial().then(
      () => 'ok',
      (error: { code?: string }) => error.code ?? 'lost',
    );
    if (met.at(-1) !== answer) met.push(answer);
    if (ended && answer === 'ok') return met;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function jobOf(started: ReturnType<InPlaceWorld['upgrade']>): Job {
  if (started.job === undefined) throw new Error(started.fault.message);
  return started.job;
}

describe('a minor upgrade in place', () => {
  it('is refused, then starting up, then there, and its standby is upgraded with it', async () => {
    world = await openInPlaceWorld({ ...small, provider: provider(), members: ['standby'] });
    const held = await dial();
    await held.query('create table kept as select generate_series(1, 500) as id');
    const ended = new Promise((resolve) => {
      held.on('error', (error: Error & { code?: string }) => resolve(error.code));
    });
    const statuses = new Set<string>();
    const job = jobOf(world.upgrade('17.5', { onT0: () => statuses.add(world.cluster.status) }));
    const met = await metBy(job);
    // Whoever is being greeted at the shutdown is told 57P03 too.
    expect(met.slice(met.indexOf('ECONNREFUSED'))).toEqual(['ECONNREFUSED', '57P03', 'ok']);
    expect(await job.finished).toEqual({ status: 'succeeded', reason: null });
    expect(await ended).toBe('57P01');
    expect([...statuses]).toEqual(['upgrading']);
    expect(world.cluster.instances.map(({ status }) => status)).toEqual(['available', 'available']);
    expect(world.events()).toEqual([
      ...publishedOrder,
      'Database instance engine minor version upgrade complete. ' +
        'Previous version: 17.4. New version: 17.5.',
    ]);
    const again = await dial();
    const { rows } = await again.query('select count(*)::int as rows, version() from kept');
    expect(rows[0]).toMatchObject({ rows: 500 });
    expect(rows[0].version).toContain('PostgreSQL 17.5');
    await again.query('insert into kept values (501)');
    expect(await world.cluster.serverVersion()).toMatchObject({ version: '17.5' });
    expect(await followed(501)).toBe('17.5');
  });

  it('rolls back when the new engine does not start', async () => {
    world = await openInPlaceWorld({
      ...small,
      provider: withoutStart(provider(), '17.5'),
      members: ['standby'],
    });
    const client = await dial();
    await client.query('create table kept as select 1 as id');
    const job = jobOf(world.upgrade('17.5', {}, {}));
    const { status, reason } = await job.finished;
    expect(status).toBe('failed');
    expect(reason).toContain('17.5 did not start and 17.4 runs again');
    expect(world.events().slice(4)).toEqual(['0004', '0001', '0266', '0267', '0006', '0270']);
    expect(world.cluster.status).toBe('available');
    const again = await dial();
    await again.query('insert into kept values (2)');
    expect(await world.cluster.serverVersion()).toMatchObject({ version: '17.4' });
    expect(await followed(2)).toBe('17.4');
  });

  it('leaves everything as it was when it is aborted before the shutdown', async () => {
    world = await openInPlaceWorld({ ...small, provider: provider() });
    const client = await dial();
    const job = jobOf(world.upgrade('17.5', {}, { precheckMs: 60_000 }));
    await until(() => world.events().includes('0264'));
    job.abort('enough');
    expect(await job.finished).toEqual({ status: 'aborted', reason: 'enough' });
    expect((await client.query('show server_version')).rows[0].server_version).toContain('17.4');
    expect(world.cluster.status).toBe('available');
    expect(world.events()).not.toContain('0004');
  });

  it('only waits no longer when it is aborted in the outage', async () => {
    world = await openInPlaceWorld({ ...small, provider: provider() });
    const job = jobOf(
      world.upgrade('17.5', { onT0: () => job.abort('enough') }, { upgradeAfterMs: 60_000 }),
    );
    expect(await job.finished).toEqual({ status: 'aborted', reason: 'enough' });
    const client = await dial();
    expect((await client.query('show server_version')).rows[0].server_version).toContain('17.5');
    expect(world.cluster.status).toBe('available');
  });

  it('is refused as RDS refuses it', async () => {
    world = await openInPlaceWorld({ ...small, provider: provider() });
    const code = 'InvalidParameterCombination';
    const faultOf = (to: string, allowMajorVersionUpgrade = true) =>
      world.upgrade(to, { allowMajorVersionUpgrade }).fault;
    expect(faultOf('17.4')).toEqual({ code, message: 'Cannot modify postgres from 17.4 to 17.4' });
    expect(faultOf('16.9')).toEqual({ code, message: 'Cannot upgrade postgres from 17.4 to 16.9' });
    expect(faultOf('18.1', false)?.message).toContain('AllowMajorVersionUpgrade flag must be');
    expect(world.upgrade('17.5', { cluster: 'other' }).fault?.code).toBe('DBInstanceNotFound');
    const job = jobOf(world.upgrade('17.5', {}, { backupMs: 60_000 }));
    expect(faultOf('17.5')?.code).toBe('InvalidDBInstanceState');
    job.abort('enough');
    await job.finished;
    expect(world.events()).not.toContain('0004');
  });
});

/** Waits until the standby has that row of `kept`. @returns its version */
async function followed(id: number): Promise<string> {
  const standby = world.cluster.instances.find(({ role }) => role === 'standby');
  if (standby === undefined) throw new Error('there is no standby');
  const { application } = world.cluster;
  const client = new Client({ ...standby.address, ...application });
  clients.push(client);
  await client.connect();
  await until(async () => {
    const { rows } = await client.query('select 1 from kept where id = $1', [id]);
    return rows.length === 1;
  });
  const { rows } = await client.query('show server_version');
  return String(rows[0].server_version).split(' ')[0] ?? '';
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('not within ten seconds');
}
