/** A cluster of MySQL or MariaDB whose readers really apply the writer's binary log. */
import type { RowDataPacket } from 'mysql2/promise';
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

/** Names of columns are as the table has them on some servers, as the query on others. */
function renamed(row: RowDataPacket): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

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

    it('answers on each instance what clients of Aurora ask of the cluster', async () => {
      const world = await openOfferedWorld(flavour, { members: ['reader'] });
      onTestFinished(() => world.close());
      const cluster = world.cluster as ClusterRecord;
      // As the driver of AWS asks.
      const sql =
        "SELECT @@aurora_server_id AS me, server_id, session_id = 'MASTER_SESSION_ID' AS w " +
        'FROM information_schema.replica_host_status WHERE ' +
        "time_to_sec(timediff(now(), last_update_timestamp)) <= 300 OR session_id = 'x' " +
        'ORDER BY server_id';
      for (const { address, identifier } of cluster.instances) {
        const client = await world.client({ port: address.port });
        const wanted = [
          { me: identifier, server_id: 'demo-instance-1', w: 1 },
          { me: identifier, server_id: 'demo-instance-2', w: 0 },
        ];
        const asNumbers = (rows: unknown): unknown => JSON.parse(JSON.stringify(rows));
        const rows = (await client.query<RowDataPacket[]>(sql))[0].map(renamed);
        expect(asNumbers(rows)).toEqual(wanted);
        const prepared = (await client.execute<RowDataPacket[]>(sql))[0].map(renamed);
        expect(asNumbers(prepared)).toEqual(wanted);
        expect((await client.query('SELECT AURORA_VERSION() AS v'))[0]).toEqual([{ v: '3.05.2' }]);
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
