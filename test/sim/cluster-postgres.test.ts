/** A cluster of Postgres with readers that really stream from the writer. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import { openWorld } from '../support/world.js';

vi.setConfig({ testTimeout: 120_000 });

const code = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  );

describe('a cluster of Postgres with two readers', () => {
  it('gives readers what the writer wrote, and takes no writes there', async () => {
    const world = await openWorld({ members: ['reader', 'reader'] });
    onTestFinished(() => world.close());
    const cluster = world.cluster as ClusterRecord;
    expect(cluster.instances.map(({ identifier, role }) => [identifier, role])).toEqual([
      ['demo-instance-1', 'writer'],
      ['demo-instance-2', 'reader'],
      ['demo-instance-3', 'reader'],
    ]);
    const writer = await world.client();
    await writer.query('CREATE TABLE t (n int)');
    await writer.query('INSERT INTO t VALUES (1)');
    for (const reader of cluster.readers) {
      await cluster.followers.replication.catchUp(reader, cluster.writerInstance, 10_000);
      const client = await world.client({ port: reader.address.port });
      expect((await client.query('SELECT n FROM t')).rows).toEqual([{ n: 1 }]);
      expect(await code(client.query('INSERT INTO t VALUES (2)'))).toBe('25006');
      expect(await cluster.followers.replication.state(reader)).toMatchObject({
        state: 'streaming',
      });
    }
    const throughName = await world.client({ port: cluster.reader.port });
    expect(await code(throughName.query('INSERT INTO t VALUES (2)'))).toBe('25006');
  });

  it('promotes a reader, which the others then follow, the writer before among them', async () => {
    const world = await openWorld({ members: ['reader', 'reader'] });
    onTestFinished(() => world.close());
    const cluster = world.cluster as ClusterRecord;
    const { followers, writerInstance: before } = cluster;
    const [next, other] = cluster.readers;
    if (next === undefined || other === undefined) throw new Error('there are no two readers');
    const client = await world.client();
    await client.query('CREATE TABLE t (n int)');
    await before.stopServer('fast');
    await followers.promote(next, 10_000);
    [before.role, next.role] = ['reader', 'writer'];
    await followers.follow(other, next);
    await before.startServer({ standby: true });
    await followers.follow(before, next);
    await cluster.leadWritersTo(next);
    const again = await world.client();
    await again.query('INSERT INTO t VALUES (1)');
    for (const reader of [before, other]) {
      await followers.replication.catchUp(reader, next, 10_000);
      const reading = await world.client({ port: reader.address.port });
      expect((await reading.query('SELECT n FROM t')).rows).toEqual([{ n: 1 }]);
    }
  });

  it('tells on each server who is a member, after a promotion too', async () => {
    const world = await openWorld({ members: ['reader'] });
    onTestFinished(() => world.close());
    const cluster = world.cluster as ClusterRecord;
    const { followers, writerInstance: before } = cluster;
    const [next] = cluster.readers;
    if (next === undefined) throw new Error('there is no reader');
    // As the driver of AWS asks.
    const sql = `SELECT aurora_db_instance_identifier() AS me, server_id,
      session_id = 'MASTER_SESSION_ID' AS writer FROM pg_catalog.aurora_replica_status()
      WHERE EXTRACT(EPOCH FROM (NOW() - last_update_timestamp)) <= 300 ORDER BY server_id`;
    const told = async (port: number): Promise<unknown> => {
      const client = await world.client({ port });
      const { rows } = await client.query(sql);
      await client.end();
      return rows.map(({ me, server_id, writer }) => [me.slice(-1), server_id.slice(-1), writer]);
    };
    await followers.replication.catchUp(next, before, 10_000);
    expect(await told(before.address.port)).toEqual([
      ['1', '1', true],
      ['1', '2', false],
    ]);
    expect(await told(next.address.port)).toEqual([
      ['2', '1', true],
      ['2', '2', false],
    ]);
    await before.stopServer('fast');
    await followers.promote(next, 10_000);
    [before.role, next.role] = ['reader', 'writer'];
    await before.startServer({ standby: true });
    await followers.follow(before, next);
    for (const [port, me] of [
      [before.address.port, '1'],
      [next.address.port, '2'],
    ] as const)
      await vi.waitFor(
        async () =>
          expect(await told(port)).toEqual([
            [me, '1', false],
            [me, '2', true],
          ]),
        10_000,
      );
    const client = await world.client({ port: next.address.port });
    expect(await code(client.query('SELECT * FROM aurora_global_db_status()'))).toBe('42883');
    const notes = world.told.flatMap((one) => (one.kind === 'note' ? [one.data] : []));
    expect(notes.filter((note) => note.code === 'metadata-unanswered')).toMatchObject([
      { level: 'error', text: expect.stringContaining('aurora_global_db_status') },
    ]);
    expect((await client.query('SELECT aurora_version() AS v')).rows).toEqual([{ v: '17.4.5' }]);
  });

  it('is removed whole', async () => {
    const world = await openWorld({ members: ['reader'] });
    const cluster = world.cluster as ClusterRecord;
    const pids = cluster.instances.map(({ server }) => server.pid);
    expect(pids.every((pid) => pid !== undefined)).toBe(true);
    await world.close();
    for (const { server } of cluster.instances) expect(server.state).toBe('stopped');
  });
});
