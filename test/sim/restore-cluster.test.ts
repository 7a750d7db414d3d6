/** Going back: a snapshot of a cluster, a patch, and a new cluster from the snapshot. */
import mysql from 'mysql2/promise';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { SimEvent } from '../../sim/events.js';
import { type Flavour, openOfferedWorld } from '../support/mysql-world.js';
import { program } from '../support/programs.js';
import { openWorld } from '../support/world.js';

vi.setConfig({ testTimeout: 180_000 });

const calls = (told: readonly SimEvent[]): [string, unknown][] =>
  told.flatMap((one) =>
    one.kind === 'call'
      ? [[one.data.action, one.data.parameters.DBClusterIdentifier] as [string, unknown]]
      : [],
  );

const snapshotChecks = (told: readonly SimEvent[]): (string | undefined)[] =>
  told.flatMap((one) =>
    one.kind === 'note' && one.data.check?.name === 'snapshot before' ? one.data.check.state : [],
  );

const frozen = (told: readonly SimEvent[]): unknown[] =>
  told.flatMap((one) =>
    one.kind === 'gauge' && one.data.name === 'server.frozen' ? one.data.value : [],
  );

const expectedCalls = [
  ['CreateDBClusterSnapshot', 'demo'],
  ['ModifyDBCluster', 'demo'],
  ['RestoreDBClusterFromSnapshot', 'back'],
  ['CreateDBInstance', 'back'],
];

describe('a cluster of Postgres', () => {
  it('goes on as patched, beside a new one of the version and the rows before', async () => {
    const world = await openWorld();
    onTestFinished(() => world.close());
    const { cluster, sim, told } = world;
    const client = await world.client();
    await client.query('CREATE TABLE kept (n int)');
    await client.query('INSERT INTO kept VALUES (1), (2)');
    const snapshot = await cluster.snapshot('before');
    await client.query('INSERT INTO kept VALUES (3)');
    expect((await world.patch('17.5').finished).status).toBe('succeeded');

    const restored = await sim.restoreCluster(snapshot, 'back');
    expect((await restored.serverVersion()).version).toBe('17.4');
    expect((await cluster.serverVersion()).version).toBe('17.5');
    expect(restored.writer.name).not.toBe(cluster.writer.name);
    expect(restored.writer.port).not.toBe(cluster.writer.port);
    // The logins are in the data, and the certificate is one of its own.
    const { host, port, name } = restored.writer;
    const back = new Client({
      ...{ host, port, ...restored.application },
      ssl: { ca: restored.caPem, servername: name },
    });
    await back.connect();
    onTestFinished(() => back.end());
    const rows = 'SELECT array_agg(n ORDER BY n) AS all FROM kept';
    expect((await back.query(rows)).rows).toEqual([{ all: [1, 2] }]);
    expect((await client.query(rows)).rows).toEqual([{ all: [1, 2, 3] }]);
    expect(calls(told)).toEqual(expectedCalls);
    expect(frozen(told)).toEqual([1, 0]);
    await expect(sim.restoreCluster(snapshot, 'back')).rejects.toThrow('already');
  });
});

for (const flavour of ['mysql', 'mariadb'] as const satisfies readonly Flavour[])
  describe.skipIf(program(flavour) === undefined)(`a cluster of ${flavour}`, () => {
    it('is restored from its snapshot, which the runbook looks for', async () => {
      const world = await openOfferedWorld(flavour);
      onTestFinished(() => world.close());
      const { cluster, sim, told } = world;
      expect((await world.patch().finished).status).toBe('succeeded');
      expect(snapshotChecks(told)).toEqual(['warning']);
      await world.clear();

      const client = await world.client();
      await client.query('CREATE TABLE kept (n int)');
      await client.query('INSERT INTO kept VALUES (1), (2)');
      const snapshot = await cluster.snapshot('before');
      await client.query('INSERT INTO kept VALUES (3)');
      expect((await world.patch().finished).status).toBe('succeeded');
      expect(snapshotChecks(told)).toEqual(['ok']);

      const restored = await sim.restoreCluster(snapshot, 'back');
      const { host, port } = restored.writer;
      const back = await mysql.createConnection({ host, port, ...restored.application });
      onTestFinished(() => back.end());
      const rows = { sql: 'SELECT n FROM kept ORDER BY n', rowsAsArray: true };
      expect((await back.query(rows))[0]).toEqual([[1], [2]]);
      expect((await client.query(rows))[0]).toEqual([[1], [2], [3]]);
      expect(calls(told)).toEqual(expectedCalls);
    });
  });
