/** A cluster in containers: followers reach their source through this run's own network. */
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import { createSim } from '../../sim/create-sim.js';
import { type EngineName, engineNames } from '../../sim/server/server.js';
import { ask, clock, codeOf, localVersions, makeProvider, namesWith } from '../support/docker.js';

vi.setConfig({ testTimeout: 240_000 });

const versions = await localVersions();
const here = engineNames.filter((engine) => versions[engine].length > 0);
const run = `cluster-${process.pid}`;

afterAll(() => {
  if (here.length > 0) expect(namesWith(run)).toEqual([]);
});

async function openCluster(engine: EngineName): Promise<ClusterRecord> {
  const provider = makeProvider({ runId: run });
  const sim = createSim({ clock, seed: 'test', emit: () => undefined, provider });
  onTestFinished(async () => {
    await sim.close();
    await provider.close();
  });
  return (await sim.createCluster({
    identifier: 'demo',
    engine: engine === 'postgres' ? 'aurora-postgresql' : 'aurora-mysql',
    server: engine,
    version: versions[engine].at(-1) ?? '',
    members: ['reader'],
  })) as ClusterRecord;
}

describe.skipIf(here.length === 0)('a cluster in containers', () => {
  it.each(here)(
    'of %s replicates, promotes its reader, and takes the writer before back as one',
    async (engine) => {
      const cluster = await openCluster(engine);
      const { followers, writerInstance: before } = cluster;
      const [next] = cluster.readers;
      if (next === undefined) throw new Error('there is no reader');
      const table = engine === 'postgres' ? 't' : 'rehearse.t';
      await ask(before.server, `CREATE TABLE ${table} AS SELECT 1 AS n`);
      await followers.replication.catchUp(next, before, 20_000);
      expect(await ask(next.server, `SELECT n FROM ${table}`)).toEqual([1]);
      await before.stopServer('fast');
      await followers.promote(next, 20_000);
      [before.role, next.role] = ['reader', 'writer'];
      await before.startServer({ standby: true });
      await followers.follow(before, next);
      await ask(next.server, `INSERT INTO ${table} VALUES (2)`);
      await followers.replication.catchUp(before, next, 20_000);
      expect(await ask(before.server, `SELECT max(n) FROM ${table}`)).toEqual([2]);
      if (engine === 'postgres')
        expect(await codeOf(ask(before.server, `DELETE FROM ${table}`))).toBe('25006');
      else expect(await ask(before.server, 'SELECT @@global.read_only')).toEqual([1]);
    },
  );
});
