/** Aurora's own fault SQL through the endpoint of a cluster, by its master user. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import { type MysqlWorld, openOfferedWorld, refusal, until } from '../support/mysql-world.js';
import { program } from '../support/programs.js';
import { endOf, openWorld, type World } from '../support/world.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const toldOf = ({ told }: Pick<World, 'told'>): string[] =>
  told.flatMap((one) =>
    one.kind === 'event' && one.data.source === 'fault' ? [one.data.message] : [],
  );
const notesOf = ({ told }: Pick<World, 'told'>): (string | null)[] =>
  told.flatMap((one) => (one.kind === 'note' ? [one.data.code] : []));

describe('on Postgres', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({ members: ['reader'], userLike: 'rds-master' });
  });
  beforeEach(() => {
    world.told.length = 0;
  });
  afterAll(() => world?.close());

  it('aurora_inject_crash crashes the server, and no failover follows', async () => {
    const client = await world.client();
    const end = endOf(client);
    const asked = client.query("SELECT aurora_inject_crash('instance')").catch(() => 'lost');
    expect(await asked).toBe('lost');
    await end;
    await expect.poll(() => toldOf(world), { timeout: 20_000 }).toContain('fault crash ends');
    const again = await world.client();
    expect((await again.query('select pg_is_in_recovery() as r')).rows).toEqual([{ r: false }]);
    await again.end();
    expect(notesOf(world)).toEqual(['aurora-fault-sql']);
  });

  it.each([
    ['simple', {}],
    ['extended', { queryMode: 'extended' }],
    ['prepared', { name: 'a fault' }],
  ])('the others are answered and last as long as they say (%s)', async (_form, how) => {
    const client = await world.client();
    for (const [call, name] of [
      ["aurora_inject_replica_failure(100, 0.2, 'demo-instance-2')", 'partition'],
      ['aurora_inject_disk_congestion(100, 0, true, 0.2, 10, 20)', 'disk-congestion'],
      ['aurora_inject_disk_failure(50, 0, true, 0.2)', 'disk-failure'],
    ] as const) {
      const text = `SELECT ${call}`;
      const asked = Object.assign({ text }, how, 'name' in how ? { name } : {});
      const { rows, fields } = await client.query(asked);
      expect([rows.length, fields.map((one) => one.name)]).toEqual([1, [call.split('(')[0]]]);
      await expect.poll(() => toldOf(world)).toContain(`fault ${name} ends`);
    }
    expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    await client.end();
  });

  it('is left to the server where it makes no sense, or others ask', async () => {
    const client = await world.client();
    const code = (work: Promise<unknown>) => work.catch((error: { code?: string }) => error.code);
    expect(await code(client.query('SELECT aurora_inject_crash($1)', ['instance']))).toBe('42883');
    const nobody = "SELECT aurora_inject_replica_failure(100, 1, 'nobody')";
    expect(await code(client.query(nobody))).toBe('42883');
    const other = await world.client({}, world.cluster.instrument);
    expect(await code(other.query("SELECT aurora_inject_crash('node')"))).toBe('42883');
    expect(toldOf(world)).toEqual([]);
    await Promise.all([client.end(), other.end()]);
  });

  it("is the server's own where the application is no master user", async () => {
    const plain = await openWorld();
    const { endpoint } = plain.cluster as ClusterRecord;
    const client = await plain.client();
    const asked = client.query("SELECT aurora_inject_crash('instance')");
    await expect(asked).rejects.toMatchObject({ code: '42883' });
    expect(endpoint.state).toBe('open');
    await plain.close();
  });
});

for (const flavour of ['mysql', 'mariadb'] as const)
  describe.skipIf(program(flavour) === undefined)(`on ${flavour}`, () => {
    let world: MysqlWorld;
    beforeAll(async () => {
      world = await openOfferedWorld(flavour, { members: ['reader'], userLike: 'rds-master' });
    });
    beforeEach(() => {
      world.told.length = 0;
    });
    afterAll(() => world?.close());

    it('ALTER SYSTEM CRASH crashes the server, which comes back', async () => {
      const client = await world.client();
      const { code } = await refusal(client.query('ALTER SYSTEM CRASH DISPATCHER'));
      expect(code).toMatch(/^(ECONNRESET|PROTOCOL_CONNECTION_LOST)$/);
      await until(() => toldOf(world).includes('fault crash ends'), 'the end of the crash');
      const again = await world.client();
      await again.query('create table if not exists t (n int)');
      expect(notesOf(world)).toEqual(['aurora-fault-sql']);
    });

    it('SIMULATE is answered with OK and lasts as long as it says', async () => {
      const client = await world.client();
      const simulate = (what: string) => client.query(`ALTER SYSTEM SIMULATE 100 PERCENT ${what}`);
      await simulate('READ REPLICA FAILURE TO "demo-instance-2" FOR INTERVAL 1 SECOND');
      await simulate('DISK CONGESTION BETWEEN 1 AND 5 MILLISECONDS FOR INTERVAL 1 SECOND');
      await client.query('BEGIN');
      await simulate('DISK FAILURE IN DISK 1 FOR INTERVAL 1 SECOND');
      await client.query('COMMIT');
      const ends = () => toldOf(world).filter((one) => one.endsWith('ends'));
      await until(() => ends().length === 3, 'the end of three faults');
      expect((await client.query('select 1 as n'))[0]).toEqual([{ n: 1 }]);
    });

    it('is left to the server where it makes no sense, or others ask', async () => {
      const client = await world.client();
      expect((await refusal(client.query('ALTER SYSTEM CRASH ALL'))).errno).toBe(1064);
      expect((await refusal(client.execute('ALTER SYSTEM CRASH'))).errno).toBe(1064);
      const other = await world.client({}, world.cluster.instrument);
      expect((await refusal(other.query('ALTER SYSTEM CRASH'))).errno).toBe(1064);
      expect(toldOf(world)).toEqual([]);
    });
  });
