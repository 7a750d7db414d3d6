import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import { ZeroDowntimePatch } from '../../sim/operations/zero-downtime-patch/operation.js';
import { program, run } from '../support/programs.js';
import { durations, openWorld, type World } from '../support/world.js';

const psql = program('psql');
const pgbench = program('pgbench');

let world: World;
let folder: string;
let environment: Record<string, string>;
beforeAll(async () => {
  world = await openWorld();
  folder = mkdtempSync(join(tmpdir(), 'rehearse-test-'));
  writeFileSync(join(folder, 'ca.pem'), world.cluster.caPem);
  const { application, writer } = world.cluster;
  environment = {
    PGHOST: writer.host,
    PGPORT: String(writer.port),
    PGUSER: application.user,
    PGPASSWORD: application.password,
    PGDATABASE: application.database,
    PGSSLROOTCERT: join(folder, 'ca.pem'),
  };
});
afterAll(async () => {
  await world?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(psql === undefined)('psql', () => {
  const ask = (args: string[], changes: Record<string, string> = {}) =>
    run(psql ?? '', ['-XtAq', ...args], { ...environment, ...changes });

  it.each(['disable', 'require', 'verify-ca', 'verify-full'])('with sslmode=%s', async (mode) => {
    const ran = await ask(['-c', '\\conninfo'], { PGSSLMODE: mode });
    expect(ran.status).toBe(0);
    expect(ran.stderr).toBe('');
    expect(ran.stdout.includes('SSL connection (protocol: TLS')).toBe(mode !== 'disable');
  });

  it('binds SCRAM to the TLS channel when told to', async () => {
    const changes = { PGSSLMODE: 'require', PGCHANNELBINDING: 'require' };
    expect(await ask(['-c', 'select 1'], changes)).toEqual({
      status: 0,
      stdout: '1\n',
      stderr: '',
    });
  });

  it('copies in and out what it copied', async () => {
    const file = join(folder, 'rows.tsv');
    const ran = await ask([
      '-c',
      'create table copied (id int, t text)',
      '-c',
      `\\copy (select n, repeat('x', 1000) from generate_series(1, 5000) n) to '${file}'`,
      '-c',
      `\\copy copied from '${file}'`,
      '-c',
      'select count(*), sum(length(t)) from copied',
    ]);
    expect(ran).toEqual({ status: 0, stdout: '5000|5000000\n', stderr: '' });
  });
});

describe.skipIf(pgbench === undefined)('pgbench across four patches', () => {
  const record = (): ClusterRecord => world.cluster as ClusterRecord;

  async function patchTo(version: string, preparedStatements: 'survive' | 'lost'): Promise<void> {
    const patch = new ZeroDowntimePatch(
      record(),
      {
        cluster: 'demo',
        engineVersion: version,
        durations: durations('engine'),
        longRunningMs: 300_000,
        lateSessions: 'restart',
        preparedStatements,
        defects: [],
      },
      new AbortController().signal,
    );
    await patch.run();
  }

  /** A patch refuses new connections: the 16 must be there and at work before it. */
  async function allConnected(): Promise<void> {
    const busy = (): number =>
      record().endpoint.sessions.filter((session) => session.state === 'running').length;
    while (busy() < 16) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }

  beforeAll(async () => {
    const ran = await run(pgbench ?? '', ['-i', '-s', '2', '-q'], environment);
    expect(ran.status).toBe(0);
  });

  it.each(['simple', 'extended', 'prepared'])(
    '16 clients, %s: no failed transaction',
    async (mode) => {
      const bench = run(
        pgbench ?? '',
        ['-n', '-c', '16', '-j', '2', '-T', '8', '-M', mode],
        environment,
      );
      await allConnected();
      for (const version of ['17.5', '17.4', '17.5', '17.4']) {
        await patchTo(version, 'survive');
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      const ran = await bench;
      expect(ran.stderr).not.toMatch(/error|abort|FATAL/i);
      expect(ran.status).toBe(0);
      expect(ran.stdout).toMatch(/number of failed transactions: 0 /);
      const dropped = world.told.filter(
        (one) => one.kind === 'session' && one.data.stage === 'dropped',
      );
      expect(dropped).toEqual([]);
    },
  );

  it('prepared, with lost statements: every client ends with 26000 and nothing else', async () => {
    const bench = run(
      pgbench ?? '',
      ['-n', '-c', '16', '-j', '2', '-T', '6', '-M', 'prepared', '--verbose-errors'],
      environment,
    );
    await allConnected();
    await patchTo('17.5', 'lost');
    const ran = await bench;
    const errors = ran.stderr.split('\n').filter((line) => /ERROR|FATAL/.test(line));
    expect(errors.length).toBe(16);
    for (const line of errors) expect(line).toMatch(/prepared statement "P[\d_]+" does not exist/);
  });
});
