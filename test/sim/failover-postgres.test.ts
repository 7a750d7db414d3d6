/** Failovers of an Aurora cluster of real Postgres servers. */
import { Client } from 'pg';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import type { ClusterOptions } from '../../sim/sim.js';
import {
  events,
  failOver,
  fates,
  leads,
  Poller,
  pause,
  roles,
  until,
} from '../support/failover.js';
import { openWorld, type World } from '../support/world.js';

vi.setConfig({ testTimeout: 120_000 });

const visible = { refusedMs: 300, startingUpMs: 400, staleDnsMs: 500 };

type Failing = { code?: string };

async function opened(members: ClusterOptions['members'] = ['reader']): Promise<{
  world: World;
  cluster: ClusterRecord;
}> {
  const world = await openWorld({ members });
  onTestFinished(() => world.close());
  const owner = await world.client();
  await owner.query('CREATE TABLE t (n int)');
  return { world, cluster: world.cluster as ClusterRecord };
}

/** Dials the writer name and writes. */
function writing({ cluster }: World): Poller {
  const { host, port } = cluster.writer;
  let next = 0;
  return new Poller(async () => {
    const client = new Client({ host, port, ...cluster.application });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('INSERT INTO t VALUES ($1)', [1_000_000 + next++]);
      return 'ok';
    } catch (error) {
      const { code } = error as Failing;
      return code === undefined || code === 'ECONNRESET' ? 'closed' : code;
    } finally {
      await client.end().catch(() => {});
    }
  });
}

async function rowsOf(world: World): Promise<number[]> {
  const client = await world.client();
  const { rows } = await client.query('SELECT n FROM t WHERE n < 1000000 ORDER BY n');
  return rows.map(({ n }) => n);
}

async function written(world: World, count: number): Promise<number[]> {
  const client = await world.client();
  for (let n = 1; n <= count; n++) await client.query('INSERT INTO t VALUES ($1)', [n]);
  return Array.from({ length: count }, (_, index) => index + 1);
}

describe('a failover of Aurora PostgreSQL', () => {
  it('is refused, starting up, read-only behind the stale name, then over; none lost', async () => {
    const { world, cluster } = await opened(['reader', 'reader']);
    cluster.injectFault({ name: 'lag', value: 5_000, target: 'demo-instance-2' });
    const rows = await written(world, 50);
    await world.client({ application_name: 'rehearse/load/idle' });
    const other = await world.client({ port: cluster.readers[1]?.address.port ?? 0 });
    const poller = writing(world);
    await poller.sees('ok');
    const end = await failOver(world, visible).finished;
    expect(end).toEqual({ status: 'succeeded', reason: null });
    await poller.sees('ok');
    expect(await poller.end()).toEqual(['ok', 'ECONNREFUSED', '57P03', '25006', 'ok']);
    expect(await rowsOf(world)).toEqual(rows);
    expect(events(world.told)).toEqual([
      'cluster: Started cross AZ failover to DB instance: demo-instance-2',
      '2: DB instance shutdown',
      '2: DB instance restarted',
      '1: A new writer was promoted. Restarting database as a reader.',
      'cluster: Completed failover to DB instance: demo-instance-2',
      '1: DB instance restarted',
    ]);
    expect(roles(cluster)).toEqual(['reader', 'writer', 'reader']);
    expect(leads(cluster)).toEqual({ writer: 2, reader: 3 });
    expect(cluster.status).toBe('available');
    expect(fates(world.told, 'dropped')).toContainEqual(['load idle', 'writer-lost']);
    // Who was connected to the third instance is so still, and sees what is written now.
    const writer = await world.client();
    await writer.query('INSERT INTO t VALUES (51)');
    for (const reader of cluster.readers)
      await cluster.followers.replication.catchUp(reader, cluster.writerInstance, 10_000);
    expect((await other.query('SELECT count(*)::int AS c FROM t WHERE n = 51')).rows).toEqual([
      { c: 1 },
    ]);
  });

  it('as a black hole leaves sessions without an answer, and dials too', async () => {
    const { world, cluster } = await opened();
    cluster.injectFault({ name: 'partition', value: 0.5 });
    cluster.injectFault({ name: 'apply-lag', value: 5_000 });
    const rows = await written(world, 20);
    const session = await world.client();
    const job = failOver(world, { ...visible, startingUpMs: 1_500 }, { fencing: 'black-hole' });
    await until(() => cluster.endpoint.state === 'black-hole', 'a black hole');
    const asked = session.query('SELECT 1').then(
      () => 'answered',
      () => 'ended',
    );
    const dialled = world.client().then((client) =>
      client.query('INSERT INTO t VALUES (0)').then(
        () => 'ok',
        ({ code }: Failing) => code,
      ),
    );
    await pause(200);
    expect(await Promise.race([asked, dialled, Promise.resolve('silence')])).toBe('silence');
    await job.finished;
    expect(await asked).toBe('ended');
    expect(await dialled).toBe('25006');
    expect(await rowsOf(world)).toEqual(rows);
    expect(leads(cluster)).toEqual({ writer: 2, reader: 1 });
  });

  for (const cause of ['requested', 'loss'] as const)
    it(`leaves a COMMIT that was never answered in doubt, not lost (${cause})`, async () => {
      const { world, cluster } = await opened();
      cluster.injectFault({ name: 'broken-replication' });
      const owner = await world.client();
      await owner.query(`CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
        'begin perform pg_sleep(new.n); return null; end'`);
      await owner.query(`CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON t
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slowly()`);
      const committing = async (n: number): Promise<unknown> => {
        const client = await world.client();
        await client.query('BEGIN');
        await client.query('INSERT INTO t VALUES ($1)', [n]);
        return client.query('COMMIT').then(
          () => 'acknowledged',
          () => 'in doubt',
        );
      };
      // One is committed, and its answer gets lost; the other does not get that far.
      const [one, other] = [committing(1), committing(60)];
      await pause(300);
      const hole = cluster.injectFault({ name: 'black-hole' });
      const admin = await world.superuser();
      const isThere = async (): Promise<boolean> =>
        (await admin.query('SELECT n FROM t')).rows.length === 1;
      while (!(await isThere())) await pause(20);
      const job = failOver(world, {}, { cause });
      await until(() => cluster.endpoint.sessions.length === 0, 'the end of the sessions');
      hole.end();
      await job.finished;
      expect(await other).toBe('in doubt');
      await one;
      expect(await rowsOf(world)).toEqual([1]);
    });

  it('goes back to the writer before where the reader does not come up', async () => {
    const { world, cluster } = await opened(['reader', 'reader']);
    const rows = await written(world, 20);
    const end = await failOver(world, visible, { targetFails: true }).finished;
    expect(end.status).toBe('failed');
    expect(end.reason).toContain('demo-instance-1 is the writer again');
    expect(events(world.told)).toEqual([
      'cluster: Started cross AZ failover to DB instance: demo-instance-2',
      '2: DB instance shutdown',
      'cluster: Cluster failover failed, check the health of your cluster instances and try again.',
      'cluster: Promoting previous primary again: demo-instance-1.',
      '1: DB instance restarted',
    ]);
    expect(roles(cluster)).toEqual(['writer', 'reader', 'reader']);
    expect(leads(cluster).writer).toBe(1);
    expect(cluster.status).toBe('available');
    expect(await rowsOf(world)).toEqual(rows);
    await written(world, 1);
    for (const reader of cluster.readers)
      await cluster.followers.replication.catchUp(reader, cluster.writerInstance, 10_000);
  });

  it('can be aborted in every phase, and back and forth, without losing anything', async () => {
    const { world, cluster } = await opened();
    const rows = await written(world, 10);
    const long = 20_000;
    const phases = ['precheckMs', 'refusedMs', 'startingUpMs', 'staleDnsMs', 'finishMs'];
    let writer = 1;
    for (const phase of phases) {
      world.told.length = 0;
      const job = failOver(world, { [phase]: long });
      const begun = (): boolean =>
        world.told.some(({ kind, data }) => kind === 'gauge' && data.name.endsWith(`.${phase}`));
      await until(begun, phase);
      await pause(50);
      job.abort('enough');
      expect(await job.finished).toEqual({ status: 'aborted', reason: 'enough' });
      if (phase !== 'precheckMs') writer = 3 - writer;
      expect([phase, leads(cluster)]).toEqual([phase, { writer, reader: 3 - writer }]);
      expect(cluster.status).toBe('available');
      expect(await rowsOf(world)).toEqual(rows);
      rows.push(rows.length + 1);
      const client = await world.client();
      await client.query('INSERT INTO t VALUES ($1)', [rows.length]);
    }
  });

  it('without staleness never leads writers to a reader', async () => {
    const { world } = await opened();
    const poller = writing(world);
    await poller.sees('ok');
    await failOver(world, { ...visible, staleDnsMs: 0 }).finished;
    await poller.sees('ok');
    const codes = await poller.end();
    // A client that dialled in the very instant of the change is with the old writer already.
    const others = codes.filter((code) => code !== '25006');
    expect(others).toEqual(['ok', 'ECONNREFUSED', '57P03', 'ok']);
    expect(poller.polls('25006')).toBeLessThanOrEqual(1);
  });

  it('is refused where nobody can take over', async () => {
    const { world, cluster } = await opened();
    expect(() => failOver(world, {}, { cluster: 'other' })).toThrow(/DBClusterNotFoundFault/);
    expect(() => failOver(world, {}, { target: 'demo-instance-1' })).toThrow(
      /InvalidDBInstanceState: .*not a reader/,
    );
    const job = failOver(world);
    expect(() => failOver(world)).toThrow(/InvalidDBClusterStateFault/);
    await job.finished;
    const [reader] = cluster.readers;
    await reader?.stopServer('fast');
    expect(() => failOver(world)).toThrow(/InvalidDBInstanceState/);
    const alone = await openWorld();
    onTestFinished(() => alone.close());
    expect(() => failOver(alone)).toThrow(/InvalidDBClusterStateFault: .*no reader/);
  });
});
