/** Failovers and a reboot of clusters of real MySQL and MariaDB servers. */
import mysql from 'mysql2/promise';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import type { ClusterOptions } from '../../sim/sim.js';
import { events, failOver, leads, Poller, reboot, roles } from '../support/failover.js';
import { type Flavour, type MysqlWorld, openOfferedWorld } from '../support/mysql-world.js';
import { program } from '../support/programs.js';

vi.setConfig({ testTimeout: 180_000 });

const visible = { refusedMs: 300, startingUpMs: 300, staleDnsMs: 500, awayMs: 300 };

/** Dials the writer name and writes. */
function writing({ cluster }: MysqlWorld): Poller {
  const { host, port } = cluster.writer;
  const options = { host, port, ...cluster.application, connectTimeout: 30_000 };
  return new Poller(async () => {
    let client: mysql.Connection | undefined;
    try {
      client = await mysql.createConnection(options);
      client.on('error', () => {});
      await client.query('INSERT INTO t VALUES (0)');
      return 'ok';
    } catch (error) {
      const { code, errno } = error as { code?: string; errno?: number };
      const closed = ['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE'];
      if (code !== undefined && closed.includes(code)) return 'closed';
      return code === 'ECONNREFUSED' ? code : String(errno);
    } finally {
      client?.destroy();
    }
  });
}

async function written(world: MysqlWorld, count: number): Promise<number[]> {
  const client = await world.client();
  for (let n = 1; n <= count; n++) await client.query('INSERT INTO t VALUES (?)', [n]);
  return Array.from({ length: count }, (_, index) => index + 1);
}

async function rowsOf(world: MysqlWorld): Promise<number[]> {
  const client = await world.client();
  const [rows] = await client.query('SELECT n FROM t WHERE n > 0 ORDER BY n');
  return (rows as { n: number }[]).map(({ n }) => n);
}

async function opened(
  flavour: Flavour,
  members: ClusterOptions['members'],
  engine?: ClusterOptions['engine'],
): Promise<{ world: MysqlWorld; cluster: ClusterRecord }> {
  const options = { members: members ?? [], ...(engine === undefined ? {} : { engine }) };
  const world = await openOfferedWorld(flavour, options);
  onTestFinished(() => world.close());
  const owner = await world.client();
  await owner.query('CREATE TABLE t (n int)');
  return { world, cluster: world.cluster as ClusterRecord };
}

for (const flavour of ['mysql', 'mariadb'] as const satisfies readonly Flavour[])
  describe.skipIf(program(flavour) === undefined)(`a cluster of ${flavour}`, () => {
    it('fails over to a lagging reader, and back: 1290 behind a stale name, 0 lost', async () => {
      const { world, cluster } = await opened(flavour, ['reader']);
      const [target] = cluster.readers;
      if (target === undefined) throw new Error('there is no reader');
      cluster.injectFault({ name: 'apply-lag', value: 5_000 });
      cluster.injectFault({ name: 'lag', value: 5_000 });
      const rows = await written(world, 30);
      const poller = writing(world);
      await poller.sees('ok');
      expect(await failOver(world, visible).finished).toMatchObject({ reason: null });
      await poller.sees('ok');
      expect(await poller.end()).toEqual(['ok', 'ECONNREFUSED', '1290', 'ok']);
      expect(await rowsOf(world)).toEqual(rows);
      expect(roles(cluster)).toEqual(['reader', 'writer']);
      expect(leads(cluster)).toEqual({ writer: 2, reader: 1 });
      cluster.injectFault({ name: 'partition', value: 1 });
      const client = await world.client();
      await client.query('INSERT INTO t VALUES (31)');
      expect(await failOver(world).finished).toMatchObject({ reason: null });
      expect(await rowsOf(world)).toEqual([...rows, 31]);
      expect(leads(cluster)).toEqual({ writer: 1, reader: 2 });
      const [reader] = cluster.readers;
      if (reader === undefined) throw new Error('there is no reader');
      await cluster.followers.replication.catchUp(reader, cluster.writerInstance, 10_000);
    });

    it('of RDS fails over to its standby, and its instance reboots', async () => {
      const { world, cluster } = await opened(flavour, ['standby'], flavour);
      const rows = await written(world, 10);
      const poller = writing(world);
      await poller.sees('ok');
      expect(await failOver(world, visible).finished).toMatchObject({ reason: null });
      await poller.sees('ok');
      expect(roles(cluster)).toEqual(['standby', 'writer']);
      expect(await reboot(world, visible).finished).toMatchObject({ reason: null });
      await poller.sees('ok');
      const phases = ['ok', 'ECONNREFUSED', 'ok', 'ECONNREFUSED', 'ok'];
      expect(await poller.end()).toEqual(phases);
      expect(await rowsOf(world)).toEqual(rows);
      expect(events(world.told)).toEqual([
        '1: Multi-AZ instance failover started.',
        '2: DB instance restarted',
        '2: Multi-AZ instance failover completed.',
        '2: The user requested a failover of the DB instance.',
        '2: DB instance shutdown',
        '2: DB instance restarted',
      ]);
    });
  });
