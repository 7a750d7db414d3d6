/** Failovers of an RDS Multi-AZ instance, and reboots, on real Postgres servers. */
import { Client } from 'pg';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import * as multiAz from '../../sim/operations/failover/messages.js';
import type { ClusterOptions } from '../../sim/sim.js';
import {
  events,
  failOver,
  fates,
  leads,
  Poller,
  reboot,
  roles,
  until,
} from '../support/failover.js';
import { endOf, openWorld, type World } from '../support/world.js';

vi.setConfig({ testTimeout: 120_000 });

const visible = { awayMs: 300, staleDnsMs: 200, refusedMs: 300, startingUpMs: 300 };

async function opened(
  members: ClusterOptions['members'],
  engine: ClusterOptions['engine'] = 'postgres',
  pending: string[] = [],
): Promise<{ world: World; cluster: ClusterRecord }> {
  const world = await openWorld({ members: members ?? [], engine, pending });
  onTestFinished(() => world.close());
  const owner = await world.client();
  await owner.query('CREATE TABLE t (n int)');
  await owner.query('INSERT INTO t VALUES (1)');
  return { world, cluster: world.cluster as ClusterRecord };
}

/** Dials that address and reads. */
function reading({ cluster }: World, address = cluster.writer): Poller {
  const { host, port } = address;
  return new Poller(async () => {
    const client = new Client({ host, port, ...cluster.application });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT n FROM t');
      return 'ok';
    } catch (error) {
      const { code } = error as { code?: string };
      return code === undefined || code === 'ECONNRESET' ? 'closed' : code;
    } finally {
      await client.end().catch(() => {});
    }
  });
}

describe('a failover of RDS Multi-AZ', () => {
  it('leads the name to the standby; a second one too soon is abandoned', async () => {
    const { world, cluster } = await opened(['standby']);
    const [, standby] = cluster.instances;
    const direct = new Client({ ...cluster.application, ...standby?.address, host: '127.0.0.1' });
    await expect(direct.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const session = await world.client({ application_name: 'rehearse/load/idle' });
    const ended = endOf(session);
    const poller = reading(world);
    await poller.sees('ok');
    expect(await failOver(world, visible).finished).toEqual({ status: 'succeeded', reason: null });
    await poller.sees('ok');
    expect(await poller.end()).toEqual(['ok', 'ECONNREFUSED', 'ok']);
    expect(roles(cluster)).toEqual(['standby', 'writer']);
    expect(leads(cluster)).toEqual({ writer: 2, reader: 2 });
    await ended;
    expect(fates(world.told, 'dropped')).toContainEqual(['load idle', 'writer-lost']);
    expect(events(world.told)).toEqual([
      '1: Multi-AZ instance failover started.',
      '2: DB instance restarted',
      '2: Multi-AZ instance failover completed.',
      '2: The user requested a failover of the DB instance.',
    ]);
    world.told.length = 0;
    const second = await failOver(world, { againMs: 60_000 }).finished;
    expect([second.status, second.reason]).toEqual([
      'failed',
      expect.stringContaining('RDS-EVENT-0034'),
    ]);
    expect(events(world.told)).toEqual([`2: ${multiAz.abandoned.message}`]);
    expect(roles(cluster)).toEqual(['standby', 'writer']);
    // What AWS does by itself is not abandoned.
    expect((await failOver(world, { againMs: 60_000 }, { cause: 'loss' }).finished).reason).toBe(
      null,
    );
    expect(world.told.filter(({ kind }) => kind === 'call').length).toBe(1);
  });

  it('after a loss of the network tells so, and no call was made', async () => {
    const { world, cluster } = await opened(['standby']);
    const lost = { cause: 'loss', fencing: 'black-hole' } as const;
    const job = failOver(world, visible, lost);
    await until(() => cluster.endpoint.state === 'black-hole', 'a black hole');
    // Dialled where nobody answers: its own time-out ends it.
    await expect(world.client({ connectionTimeoutMillis: 100 })).rejects.toThrow(/timeout/);
    await job.finished;
    await world.client();
    expect(events(world.told).at(-1)).toBe(`2: ${multiAz.multiAzReasons.unreachable.message}`);
    expect(world.told.some(({ kind }) => kind === 'call')).toBe(false);
  });

  it('activates the primary again where the standby does not come up', async () => {
    const { world, cluster } = await opened(['standby']);
    const { status } = await failOver(world, visible, { targetFails: true }).finished;
    expect(status).toBe('failed');
    expect(events(world.told)).toEqual([
      '1: Multi-AZ instance failover started.',
      '1: Multi-AZ instance activation started.',
      '1: DB instance restarted',
      '1: Multi-AZ instance activation completed.',
    ]);
    expect(roles(cluster)).toEqual(['writer', 'standby']);
    const client = await world.client();
    await client.query('INSERT INTO t VALUES (2)');
    const standby = cluster.instances[1] as never;
    await cluster.followers.replication.catchUp(standby, cluster.writerInstance, 10_000);
  });

  it('is refused without a standby', async () => {
    const { world } = await opened([]);
    expect(() => failOver(world)).toThrow(/InvalidParameterCombination: .*not Multi-AZ/);
  });
});

describe('a reboot', () => {
  it('of the writer ends its sessions, readers stay, pending parameters are applied', async () => {
    const { world, cluster } = await opened(['reader'], 'aurora-postgresql', ['max_connections']);
    const session = await world.client({ application_name: 'rehearse/load/idle' });
    const ended = endOf(session);
    const reader = await world.client({ port: cluster.reader.port });
    const poller = reading(world);
    await poller.sees('ok');
    const job = reboot(world, visible);
    expect(cluster.writerInstance.status).toBe('rebooting');
    expect(() => reboot(world)).toThrow(/InvalidDBInstanceState/);
    expect(() => failOver(world)).toThrow(/InvalidDB/);
    expect(await job.finished).toEqual({ status: 'succeeded', reason: null });
    await poller.sees('ok');
    expect(await poller.end()).toEqual(['ok', 'ECONNREFUSED', '57P03', 'ok']);
    expect((await ended).code).toBe('57P01');
    expect((await reader.query('SELECT n FROM t')).rows).toEqual([{ n: 1 }]);
    expect(events(world.told)).toEqual(['1: DB instance shutdown', '1: DB instance restarted']);
    expect(fates(world.told, 'dropped')).toContainEqual(['load idle', 'rebooted']);
    expect(cluster.writerInstance.status).toBe('available');
    expect(cluster.pendingParameters).toEqual([]);
  });

  it('of a reader leaves the writer alone, and it follows again', async () => {
    const { world, cluster } = await opened(['reader'], 'aurora-postgresql');
    const session = await world.client();
    const poller = reading(world, cluster.reader);
    await poller.sees('ok');
    await reboot(world, visible, { instance: 'demo-instance-2' }).finished;
    await poller.sees('ok');
    expect(await poller.end()).toEqual(['ok', 'ECONNREFUSED', '57P03', 'ok']);
    await session.query('INSERT INTO t VALUES (2)');
    const reader = cluster.instances[1] as never;
    await cluster.followers.replication.catchUp(reader, cluster.writerInstance, 10_000);
  });

  it('can be aborted in each phase and leaves the instance usable', async () => {
    const { world } = await opened([]);
    for (const phase of ['refusedMs', 'startingUpMs']) {
      world.told.length = 0;
      const job = reboot(world, { [phase]: 20_000 });
      await until(
        () => world.told.some(({ data }) => 'name' in data && data.name.endsWith(`.${phase}`)),
        phase,
      );
      job.abort('enough');
      expect(await job.finished).toEqual({ status: 'aborted', reason: 'enough' });
      await (await world.client()).query('SELECT n FROM t');
    }
    expect(() => reboot(world, {}, { instance: 'other' })).toThrow(/DBInstanceNotFound/);
    expect(() => reboot(world, {}, { cluster: 'other' })).toThrow(/DBClusterNotFoundFault/);
  });
});
