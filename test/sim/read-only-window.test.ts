/** A server made read-only by its parameter group: who is refused, and what is open then. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { program } from '../support/programs.js';
import {
  checksOf,
  codeOf,
  eventsOf,
  openReplicaWorld,
  type ReplicaWorld,
} from '../support/replica-world.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const engines = (['postgres', 'mysql', 'mariadb'] as const).map((engine) => ({
  engine,
  isAway: engine !== 'postgres' && program(engine) === undefined,
  readOnly: engine === 'postgres' ? '25006' : '1290',
}));

describe.each(engines)('$engine', ({ engine, isAway, readOnly }) => {
  describe.skipIf(isAway)('by its parameter group', () => {
    let world: ReplicaWorld;

    beforeAll(async () => {
      world = await openReplicaWorld(engine, { takesReplicas: false });
      await (await world.client('demo'))('CREATE TABLE t (id int)');
    });
    beforeEach(async () => {
      await world.flip(false);
      world.told.length = 0;
    });
    afterAll(() => world?.close());

    /** A session with a transaction that has written. */
    async function openTransaction() {
      const ask = await world.client('demo');
      await ask('BEGIN');
      await ask('INSERT INTO t VALUES (1)');
      return ask;
    }

    it('refuses writes, lets reads go on, and takes writes again', async () => {
      const ask = await world.client('demo');
      expect((await world.flip(true)).status).toBe('succeeded');
      const codes = [];
      for (const sql of ['INSERT INTO t VALUES (2)', 'SELECT count(*) FROM t'])
        codes.push(await codeOf(ask(sql)));
      expect((await world.flip(false)).status).toBe('succeeded');
      expect([...codes, await codeOf(ask('INSERT INTO t VALUES (3)'))]).toEqual([
        readOnly,
        'ok',
        'ok',
      ]);
      expect(eventsOf(world.told)).toEqual(['demo 0037', 'demo 0092', 'demo 0037', 'demo 0092']);
    });

    it('says what became of a transaction that was open, as this server has it', async () => {
      const ask = await openTransaction();
      await world.flip(true);
      const end = await codeOf(ask('COMMIT'));
      expect(end).toBe(engine === 'postgres' ? 'ok' : '1290');
      const checks = checksOf(world.told);
      expect(checks.map(({ name, state }) => [name, state])).toEqual([
        ['open transaction at the flip', 'warning'],
        ['writes while read-only', 'ok'],
      ]);
      const said = engine === 'postgres' ? 'it committed' : 'COMMIT failed with 1290';
      expect(checks[0]?.detail).toContain(said);
      expect(checks[1]?.detail).toContain(`refused with ${readOnly}`);
      // Nothing of what it looked with is left.
      const admin = await world.client('demo');
      expect(await codeOf(admin('SELECT * FROM rehearse_read_only_witness'))).not.toBe('ok');
    });

    it('waits for transactions that are open where it is told to', async () => {
      const ask = await openTransaction();
      const flipped = world.flip(true, { openTransactions: 'wait' });
      const first = await Promise.race([
        flipped.then(() => 'flipped'),
        new Promise((resolve) => setTimeout(resolve, 400, 'waits')),
      ]);
      expect(first).toBe('waits');
      expect(await codeOf(ask('COMMIT'))).toBe('ok');
      expect((await flipped).status).toBe('succeeded');
      expect(await codeOf(ask('INSERT INTO t VALUES (4)'))).toBe(readOnly);
    });

    it('lets none of them commit where it is told to', async () => {
      const ask = await openTransaction();
      await world.flip(true, { openTransactions: 'fail' });
      const end = await codeOf(ask('COMMIT'));
      // Postgres would let it: its session was ended, which this client may have heard before.
      if (engine === 'postgres') expect(end).not.toBe('ok');
      else expect(end).toBe('1290');
    });
  });
});

describe.skipIf(program('mysql') === undefined)('an application with privileges on MySQL', () => {
  it('writes on a read-only server, which a check says', async () => {
    const world = await openReplicaWorld('mysql', { userLike: 'rds-master', takesReplicas: false });
    try {
      const ask = await world.client('demo');
      await ask('CREATE TABLE t (id int)');
      await world.flip(true);
      expect(await codeOf(ask('INSERT INTO t VALUES (1)'))).toBe('ok');
      expect(checksOf(world.told).at(-1)).toMatchObject({
        name: 'writes while read-only',
        state: 'warning',
      });
    } finally {
      await world.close();
    }
  });
});
