/** Read replicas on real servers: made, changed, waited for, promoted, and what is lost with it. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EngineName } from '../../sim/server/server.js';
import { program } from '../support/programs.js';
import {
  checksOf,
  codeOf,
  eventsOf,
  openReplicaWorld,
  type ReplicaWorld,
  readOnlyName,
} from '../support/replica-world.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const engines = (['postgres', 'mysql', 'mariadb'] as const).map((engine) => ({
  engine,
  isAway: engine !== 'postgres' && program(engine) === undefined,
  readOnly: engine === 'postgres' ? '25006' : '1290',
}));

/** How many rows there are. */
async function count(world: ReplicaWorld, of: string): Promise<number> {
  const ask = await world.client(of, world.cluster(of).mainInstance.address);
  return Number((await ask('SELECT count(*) FROM t'))[0]?.[0]);
}

async function ownGroup(world: ReplicaWorld, engine: EngineName): Promise<void> {
  const values = { [readOnlyName(engine)]: '0' };
  const instance = 'target-instance-1';
  await world.operate('create-parameter-group', 'demo', { group: 'target-group', values });
  await world.operate('associate-parameter-group', 'target', { instance, group: 'target-group' });
  await world.operate('reboot', 'target', {});
}

describe.each(engines)('$engine', ({ engine, isAway, readOnly }) => {
  describe.skipIf(isAway)('a replica with a group of its own', () => {
    let world: ReplicaWorld;

    beforeAll(async () => {
      world = await openReplicaWorld(engine);
      const ask = await world.client('demo');
      await ask('CREATE TABLE t (id int PRIMARY KEY, gone int)');
      await ask('INSERT INTO t VALUES (1, 1)');
      await world.operate('create-read-replica', 'demo', { replica: 'target' });
    });
    afterAll(() => world?.close());

    it('follows its source through a reboot, and takes writes of its own', async () => {
      await ownGroup(world, engine);
      const ask = await world.client('demo');
      await ask('INSERT INTO t VALUES (2, 2)');
      const own = await world.client('target');
      await own('ALTER TABLE t ADD COLUMN more int');
      expect(
        (await world.operate('wait-for-replica', 'target', { timeoutMs: 20_000 })).status,
      ).toBe('succeeded');
      expect(await count(world, 'target')).toBe(2);
      expect(checksOf(world.told).at(-1)).toMatchObject({ name: 'replica lag', state: 'ok' });
    });

    it('stays writable when its source becomes read-only, and loses what it lacks', async () => {
      const ask = await world.client('demo');
      const late = { meets: () => true, delayMs: 60_000 };
      await world.source.followers.impose(late);
      for (let id = 3; id <= 7; id++) await ask(`INSERT INTO t VALUES (${id}, ${id})`);
      expect((await world.flip(true)).status).toBe('succeeded');
      expect(await codeOf(ask('INSERT INTO t VALUES (8, 8)'))).toBe(readOnly);
      world.told.length = 0;
      const end = await world.operate('promote-read-replica', 'target', {});
      expect(end).toEqual({ status: 'succeeded', reason: null });
      expect([await count(world, 'demo'), await count(world, 'target')]).toEqual([7, 2]);
      const lag = checksOf(world.told).find(({ name }) => name === 'lag at promotion');
      expect(lag).toMatchObject({ when: 'before', state: 'warning' });
      // What the flip did by itself counts as well.
      expect(lag?.detail).toMatch(
        engine === 'postgres'
          ? / [1-9]\d* bytes of log behind/
          : / [5-9] transactions of .* behind/,
      );
      expect(eventsOf(world.told)).toEqual([
        'target 0057',
        'target 0004',
        'target 0006',
        'target 0001',
        'target 0002',
      ]);
      const statuses = world.told.flatMap(({ kind, data }) =>
        kind === 'gauge' && data.name === 'instance.status' ? [data.value] : [],
      );
      expect(statuses).toEqual(['modifying', 'rebooting', 'backing-up', 'available']);
    });

    it('is what the application writes to once it is told of it', async () => {
      const { source } = world;
      const old = await world.client('demo');
      const stays = await codeOf(old('INSERT INTO t VALUES (9, 9)'));
      expect(stays).toBe(readOnly);
      const moved = { to: 'target', sessions: 'reconnect' } as const;
      expect((await world.operate('repoint', 'demo', moved)).status).toBe('succeeded');
      expect(await codeOf(old('SELECT 1'))).not.toBe('ok');
      const ask = await world.client('demo');
      await ask('INSERT INTO t (id, gone) VALUES (9, 9)');
      expect(source.writerInstance.identifier).toBe('target-instance-1');
      expect([await count(world, 'demo'), await count(world, 'target')]).toEqual([3, 7]);
    });

    it('is no replica any more, and can be deleted', async () => {
      const promote = world.operate('promote-read-replica', 'demo', {});
      await expect(promote).rejects.toThrow(/InvalidDBInstanceState.*not a read replica/);
      world.told.length = 0;
      expect((await world.operate('delete-instance', 'target', {})).status).toBe('succeeded');
      expect(eventsOf(world.told)).toEqual(['demo 0003']);
      expect(world.sim.clusters().map(({ identifier }) => identifier)).toEqual(['demo']);
      await expect(world.operate('delete-instance', 'target', {})).rejects.toThrow(
        /DBInstanceNotFound/,
      );
    });
  });
});

describe('a replica that is deleted while it follows', () => {
  it('leaves a Postgres that logs and takes writes as before', async () => {
    const world = await openReplicaWorld('postgres');
    try {
      const ask = await world.client('demo');
      await ask('CREATE TABLE keyless (n int)');
      await ask('INSERT INTO keyless VALUES (1)');
      await world.operate('create-read-replica', 'demo', { replica: 'target' });
      expect(await codeOf(ask('UPDATE keyless SET n = 2'))).toBe('55000');
      expect(checksOf(world.told)).toMatchObject([
        { name: 'primary-keys', state: 'warning', detail: expect.stringContaining('keyless') },
      ]);
      expect((await world.operate('delete-instance', 'target', {})).status).toBe('succeeded');
      expect(await codeOf(ask('UPDATE keyless SET n = 2'))).toBe('ok');
      expect(await ask('SELECT slot_name FROM pg_replication_slots')).toEqual([]);
    } finally {
      await world.close();
    }
  });
});
