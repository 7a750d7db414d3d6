/** A cluster of MySQL or MariaDB whose readers really apply the writer's binary log. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import { type Flavour, openOfferedWorld } from '../support/mysql-world.js';
import { program } from '../support/programs.js';

vi.setConfig({ testTimeout: 180_000 });

const errorNumber = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: { errno?: number }) => error.errno,
  );

for (const flavour of ['mysql', 'mariadb'] as const satisfies readonly Flavour[])
  describe.skipIf(program(flavour) === undefined)(`a cluster of ${flavour}`, () => {
    it('gives readers what the writer wrote, and takes no writes there', async () => {
      const world = await openOfferedWorld(flavour, { members: ['reader', 'reader'] });
      onTestFinished(() => world.close());
      const cluster = world.cluster as ClusterRecord;
      const writer = await world.client();
      await writer.query('CREATE TABLE t (n int)');
      await writer.query('INSERT INTO t VALUES (1)');
      for (const reader of cluster.readers) {
        await cluster.followers.replication.catchUp(reader, cluster.writerInstance, 10_000);
        const client = await world.client({ port: reader.address.port });
        expect((await client.query('SELECT n FROM t'))[0]).toEqual([{ n: 1 }]);
        expect(await errorNumber(client.query('INSERT INTO t VALUES (2)'))).toBe(1290);
        const { state, why } = await cluster.followers.replication.state(reader);
        expect([state, why]).toEqual(['streaming', null]);
      }
    });

    it('promotes a reader, which all others then follow, the writer before too', async () => {
      const world = await openOfferedWorld(flavour, { members: ['reader', 'reader'] });
      onTestFinished(() => world.close());
      const cluster = world.cluster as ClusterRecord;
      const { followers, writerInstance: before } = cluster;
      const [next, other] = cluster.readers;
      if (next === undefined || other === undefined) throw new Error('there are no two readers');
      const client = await world.client();
      await client.query('CREATE TABLE t (n int)');
      await followers.replication.catchUp(next, before, 10_000);
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
        expect((await reading.query('SELECT n FROM t'))[0]).toEqual([{ n: 1 }]);
        expect(await errorNumber(reading.query('INSERT INTO t VALUES (2)'))).toBe(1290);
      }
    });
  });
