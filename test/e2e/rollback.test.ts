/** `--rollback`: a run that goes back to its snapshot, and what it says is lost, counted again. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Entry, EntryOf } from '../../harness/history/entry.js';
import { readHistory } from '../../harness/history/read.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { localVersions } from '../support/docker.js';
import { program } from '../support/programs.js';
import { type Ended, rehearse, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
const images = await localVersions();
afterAll(() => place.remove());

/** Acknowledged writes, with the instants of their intent and of their answer. */
function acknowledgedWrites(entries: readonly Entry[]): { sentNs: number; answeredNs: number }[] {
  const sent = new Map<string, number>();
  return entries.flatMap(({ kind, atNs, data }) => {
    if (kind !== 'write' || data.stage === 'readback') return [];
    if (data.stage === 'intent') sent.set(data.id, atNs);
    const sentNs = sent.get(data.id);
    const isAnswer = data.stage === 'acknowledged' && sentNs !== undefined;
    return isAnswer ? [{ sentNs, answeredNs: atNs }] : [];
  });
}

async function expectRollback(ended: Ended, folder: string): Promise<RunReport> {
  expect(ended.stderr).not.toContain('defect');
  expect(ended.code).toBe(0);
  const report = JSON.parse(ended.stdout) as RunReport;
  const { entries } = await readHistory(join(folder, 'history.ndjson'));
  const taken = entries
    .filter((entry): entry is EntryOf<'rollback'> => entry.kind === 'rollback')
    .map(({ data }) => data)
    .find((data) => data.stage === 'snapshot');
  if (taken === undefined || report.rollback === null) throw new Error('no rollback');
  // To freeze and to thaw takes its time, and writes are answered until it is done: whether one of
  // that stretch is in the snapshot is for the server to say.
  const { frozenFromNs, frozenToNs } = taken;
  const writes = acknowledgedWrites(entries);
  const late = writes.filter(({ sentNs }) => sentNs > frozenToNs).length;
  const lateOrUnderWay = writes.filter(({ answeredNs }) => answeredNs > frozenFromNs).length;
  const { writesLost, earlierWritesLost, snapshotOffsetMs, frozenMs } = report.rollback;
  expect(late).toBeGreaterThan(10);
  expect(writesLost).toBeGreaterThanOrEqual(late);
  expect(writesLost).toBeLessThanOrEqual(lateOrUnderWay);
  expect(earlierWritesLost).toBe(0);
  // The snapshot is from before T0, and no writes of the cluster that went on are lost.
  expect(snapshotOffsetMs + frozenMs).toBeLessThan(0);
  expect(report.rollback.restoreMs).toBeGreaterThan(0);
  expect(report.writes).toMatchObject({ readBack: true, lost: 0, duplicated: 0 });
  const actions = entries.flatMap((entry) => (entry.kind === 'call' ? entry.data.action : []));
  expect(actions).toEqual([
    'CreateDBClusterSnapshot',
    'ModifyDBCluster',
    'RestoreDBClusterFromSnapshot',
    'CreateDBInstance',
  ]);
  expect(report.checks).toContainEqual(
    expect.objectContaining({ when: 'rollback', name: 'restore from the snapshot', state: 'ok' }),
  );
  return report;
}

/** Quick, and wide enough for a busy machine. */
const quick = [
  ...['--rollback', '--json', '--timing', 'engine', '--pace', '1000000', '--steady', '1s'],
  ...['--settle', '1s', '--objective', 'new-connection.downtime <= 60s'],
];

describe('rehearse run --rollback', () => {
  it('restores Postgres as it was before, and counts the writes that are lost', async () => {
    const folder = join(place.folder, 'postgres');
    const command = ['run', 'aurora-postgres-zdp', ...quick, '--out', folder];
    const report = await expectRollback(await rehearse(command, place.folder), folder);
    expect(report.rollback).toMatchObject({
      cluster: 'rehearsal-restored',
      restoredVersion: '17.4',
    });
    expect(report.servers.after?.version).toBe('17.5');
    const summary = await rehearse(['report', folder], place.folder);
    const { writesLost } = report.rollback ?? {};
    expect(summary.stdout).toContain(`late writes lost by the rollback: ${writesLost},`);
  }, 60_000);

  it.runIf(program('mariadb') !== undefined)(
    'does so on MariaDB',
    async () => {
      await expectMariadbRollback('embedded');
    },
    60_000,
  );

  it.runIf(images.mariadb.length > 0)(
    'does so on MariaDB in containers',
    async () => {
      await expectMariadbRollback('docker');
    },
    60_000,
  );
});

async function expectMariadbRollback(provider: 'embedded' | 'docker'): Promise<void> {
  const folder = join(place.folder, provider);
  const engine = ['--provider', provider, '--engine', 'mariadb', '--accept-substitute'];
  const command = ['run', 'aurora-mysql-zdp', ...engine, ...quick, '--out', folder];
  const report = await expectRollback(await rehearse(command, place.folder), folder);
  expect(report.rollback?.restoredVersion).toBe(report.servers.before?.version);
  expect(report.checks).toContainEqual(
    expect.objectContaining({ when: 'before', name: 'snapshot before', state: 'ok' }),
  );
}
