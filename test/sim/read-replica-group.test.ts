/** A read replica that has the parameter group of its source, and one that cannot go on. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { program } from '../support/programs.js';
import {
  checksOf,
  codeOf,
  eventsOf,
  openReplicaWorld,
  type ReplicaWorld,
} from '../support/replica-world.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const engines = (['postgres', 'mariadb'] as const).map((engine) => ({
  engine,
  isAway: engine !== 'postgres' && program(engine) === undefined,
  readOnly: engine === 'postgres' ? '25006' : '1290',
}));

/** How many rows there are. */
async function count(world: ReplicaWorld, of: string): Promise<number> {
  const ask = await world.client(of, world.cluster(of).mainInstance.address);
  return Number((await ask('SELECT count(*) FROM t'))[0]?.[0]);
}

describe.each(engines)('$engine', ({ engine, isAway, readOnly }) => {
  describe.skipIf(isAway)('a replica with the group of its source', () => {
    let world: ReplicaWorld;

    beforeAll(async () => {
      world = await openReplicaWorld(engine);
      const ask = await world.client('demo');
      await ask('CREATE TABLE t (id int PRIMARY KEY, gone int)');
      await world.operate('create-read-replica', 'demo', { replica: 'target' });
    });
    afterAll(() => world?.close());

    it('becomes read-only with it, and stays so when it is promoted', async () => {
      const own = await world.client('target');
      await own('CREATE TABLE mine (id int)');
      await world.flip(true);
      expect(await codeOf(own('INSERT INTO mine VALUES (1)'))).toBe(readOnly);
      await world.flip(false);
      expect(await codeOf(own('INSERT INTO mine VALUES (1)'))).toBe('ok');
      await world.flip(true);
      const promoted = await world.operate('promote-read-replica', 'target', {});
      expect(promoted).toEqual({ status: 'succeeded', reason: null });
      const again = await world.client('target');
      expect(await codeOf(again('INSERT INTO mine VALUES (2)'))).toBe(readOnly);
      await world.flip(false);
      expect(await codeOf(again('INSERT INTO mine VALUES (2)'))).toBe('ok');
    });

    it('cannot go on behind an incompatible change, which the check of the lag says', async () => {
      await world.operate('create-read-replica', 'demo', { replica: 'broken' });
      const own = await world.client('broken');
      await own('ALTER TABLE t ADD COLUMN more bigint');
      await own('ALTER TABLE t DROP COLUMN gone');
      // A row of the source does not fit: its second column is of another type now.
      await own("ALTER TABLE t ADD COLUMN text varchar(10) DEFAULT ''");
      if (engine !== 'postgres') await own('ALTER TABLE t MODIFY COLUMN text varchar(10) AFTER id');
      const ask = await world.client('demo');
      await ask('INSERT INTO t VALUES (1, 1)');
      const end = await world.operate('wait-for-replica', 'broken', { timeoutMs: 20_000 });
      expect(end).toMatchObject({ status: 'failed', reason: expect.stringContaining('broken') });
      expect(checksOf(world.told).at(-1)).toMatchObject({ state: 'blocked' });
      expect(eventsOf(world.told).at(-1)).toBe('broken 0045');
      const promoted = await world.operate('promote-read-replica', 'broken', {});
      expect(promoted).toEqual({ status: 'succeeded', reason: null });
      expect([await count(world, 'demo'), await count(world, 'broken')]).toEqual([1, 0]);
    });
  });
});
