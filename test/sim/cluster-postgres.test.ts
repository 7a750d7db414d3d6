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

  it('is removed whole', async () => {
    const world = await openWorld({ members: ['reader'] });
    const cluster = world.cluster as ClusterRecord;
    const pids = cluster.instances.map(({ server }) => server.pid);
    expect(pids.every((pid) => pid !== undefined)).toBe(true);
    await world.close();
    for (const { server } of cluster.instances) expect(server.state).toBe('stopped');
  });
});
