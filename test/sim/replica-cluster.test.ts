/** A replica that is a cluster of its own: a copy of another one's data that follows it. */
import mysql from 'mysql2/promise';
import pg from 'pg';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import { createCluster } from '../../sim/cluster/create.js';
import { createReplica, type ReplicaWanted } from '../../sim/cluster/replica/create-replica.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { EngineName } from '../../sim/server/server.js';
import type { EndpointAddress, SimOptions } from '../../sim/sim.js';
import { program } from '../support/programs.js';

vi.setConfig({ testTimeout: 120_000 });

interface Source {
  readonly sim: SimOptions;
  readonly source: ClusterRecord;
  replicate(wanted?: Partial<ReplicaWanted>): Promise<ClusterRecord>;
}

async function openSource(engine: EngineName, takesReplicas = true): Promise<Source> {
  const clock = systemClock();
  const provider = embeddedProvider({ clock, offline: true });
  const sim: SimOptions = { clock, seed: 'test', emit: () => undefined, provider };
  const offer = (await provider.offers()).find((one) => one.engine === engine);
  const version = engine === 'postgres' ? '17.4' : (offer?.version ?? 'none');
  const source = await createCluster(sim, {
    ...{ identifier: 'demo', engine, server: engine, version, takesReplicas },
  });
  onTestFinished(() => source.close());
  const replicate = async (wanted: Partial<ReplicaWanted> = {}): Promise<ClusterRecord> => {
    const { replica } = await createReplica(sim, source, { identifier: 'green', ...wanted });
    onTestFinished(() => replica.close());
    return replica;
  };
  return { sim, source, replicate };
}

type Ask = (sql: string) => Promise<unknown[][]>;

async function clientOf({ application, server }: ClusterRecord, at: EndpointAddress): Promise<Ask> {
  const { host, port } = at;
  if (server === 'postgres') {
    const client = new pg.Client({ host, port, ...application });
    client.on('error', () => {});
    await client.connect();
    onTestFinished(() => client.end());
    return async (text) => (await client.query({ text, rowMode: 'array' })).rows;
  }
  const client = await mysql.createConnection({ host, port, ...application, rowsAsArray: true });
  client.on('error', () => {});
  onTestFinished(() => client.end());
  return async (sql) => (await client.query(sql))[0] as unknown[][];
}

/** Writes one row after the other until it is told to stop; how many there are then. */
function keepWriting(ask: Ask): () => Promise<number> {
  let isWriting = true;
  let last = 0;
  const writing = (async () => {
    while (isWriting) {
      await ask(`INSERT INTO t (n) VALUES (${last + 1})`);
      last += 1;
    }
  })();
  return async () => {
    isWriting = false;
    await writing;
    return last;
  };
}

async function numbers(ask: Ask): Promise<number[]> {
  return (await ask('SELECT n FROM t ORDER BY n')).map(([n]) => Number(n));
}
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

const engines = (['postgres', 'mysql', 'mariadb'] as const).map((engine) => ({
  engine,
  skipped: engine === 'postgres' ? false : program(engine) === undefined,
}));

describe.each(engines)('a replica of $engine', ({ engine, skipped }) => {
  it.skipIf(skipped)('has all that was written before, while and after it was made', async () => {
    const { source, replicate } = await openSource(engine);
    const ask = await clientOf(source, source.writer);
    await ask('CREATE TABLE t (n int)');
    const stop = keepWriting(ask);
    const replica = await replicate({ members: ['reader'] });
    const last = await stop();
    expect(last).toBeGreaterThan(10);
    const { followers, writerInstance } = source;
    await followers.catchUp(replica.writerInstance, writerInstance, 20_000);
    expect(await numbers(await clientOf(replica, replica.writer))).toEqual(upTo(last));
    expect((await followers.state(replica.writerInstance)).state).toBe('streaming');
    const [reader] = replica.readers;
    if (reader === undefined) throw new Error('it has no reader');
    await followers.catchUp(reader, replica.writerInstance, 20_000);
    expect(await numbers(await clientOf(replica, reader.address))).toEqual(upTo(last));
  });

  it.skipIf(skipped)('lacks what the link kept back, once it is promoted', async () => {
    const { source, replicate } = await openSource(engine);
    const ask = await clientOf(source, source.writer);
    await ask('CREATE TABLE t (n int)');
    await ask('INSERT INTO t (n) VALUES (1)');
    const replica = await replicate();
    const { followers } = source;
    const late = { meets: () => true, delayMs: 60_000 };
    await followers.impose(late);
    await ask('INSERT INTO t (n) VALUES (2)');
    await followers.promote(replica.writerInstance, 20_000);
    const own = await clientOf(replica, replica.writer);
    await own('INSERT INTO t (n) VALUES (3)');
    expect(await numbers(own)).toEqual([1, 3]);
    expect(await numbers(ask)).toEqual([1, 2]);
  });

  it.skipIf(skipped)('changes places with its source', async () => {
    const { source, replicate } = await openSource(engine);
    await (await clientOf(source, source.writer))('CREATE TABLE t (n int)');
    const replica = await replicate();
    const [blue, green] = [source.writerInstance, replica.writerInstance];
    await source.followers.promote(green, 20_000);
    source.exchangeInstances(replica);
    await source.leadWritersTo(green);
    expect([source.writerInstance, replica.writerInstance]).toEqual([green, blue]);
    const ask = await clientOf(source, source.writer);
    await ask('INSERT INTO t (n) VALUES (7)');
    expect(await numbers(await clientOf(source, green.address))).toEqual([7]);
    expect(await numbers(await clientOf(source, blue.address))).toEqual([]);
    // Whoever trusts the authority of blue trusts green, by the names of blue.
    expect(replica.caPem).toBe(source.caPem);
    expect(replica.identity.names).toEqual(expect.arrayContaining([...source.identity.names]));
  });
});

describe('a replica of Postgres', () => {
  it('may be of another version', async () => {
    const { source, replicate } = await openSource('postgres');
    const ask = await clientOf(source, source.writer);
    await ask('CREATE TABLE t (n int primary key)');
    const stop = keepWriting(ask);
    const replica = await replicate({ version: '17.5' });
    const last = await stop();
    await source.followers.catchUp(replica.writerInstance, source.writerInstance, 20_000);
    expect((await replica.serverVersion()).version).toBe('17.5');
    expect(await numbers(await clientOf(replica, replica.writer))).toEqual(upTo(last));
  });

  it('is not made where the log of the source is not made for it', async () => {
    const { replicate } = await openSource('postgres', false);
    await expect(replicate()).rejects.toMatchObject({ code: 'REPLICA_SOURCE_UNFIT' });
  });

  it('says why it is broken', async () => {
    const { source, replicate } = await openSource('postgres');
    const ask = await clientOf(source, source.writer);
    await ask('CREATE TABLE t (n int, m int)');
    const replica = await replicate();
    await (await clientOf(replica, replica.writer))('ALTER TABLE t DROP COLUMN m');
    await ask('INSERT INTO t (n, m) VALUES (1, 1)');
    const { followers } = source;
    await vi.waitFor(
      async () =>
        expect(await followers.state(replica.writerInstance)).toMatchObject({
          state: 'broken',
          why: expect.stringContaining('missing replicated column'),
        }),
      20_000,
    );
  });
});
