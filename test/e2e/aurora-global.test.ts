/** The upgrade of a global database as a user rehearses it: both regions, and its rollback. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Entry, parseEntry } from '../../harness/history/entry.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { rehearse, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());

/** What clients feel lasts about four ticks of 200 ms, and so does the gap between the regions. */
const timing = join(place.folder, 'timing.json');
const lasting = (valueMs: number) => ({ valueMs, source: 'this test' });
const four = { refusedMs: lasting(800), startingUpMs: lasting(800) };
writeFileSync(
  timing,
  JSON.stringify({
    'global.minor.pg': {
      untilSecondariesMs: lasting(0),
      untilPrimaryMs: lasting(800),
      ...four,
    },
    'zdp.success.pg': { ...four, finishMs: lasting(0) },
  }),
);

interface Run {
  readonly report: RunReport;
  readonly entries: readonly Entry[];
  readonly code: number | null;
}

async function run(...more: string[]): Promise<Run> {
  const out = join(place.folder, `run${more.length}`);
  const waits = ['--interval', '200ms', '--steady', '1s', '--settle', '1s'];
  const lengths = ['--timing', timing, '--pace', '1'];
  const all = ['run', 'aurora-global-minor-upgrade', '--json', '--out', out, '--seed', '3'];
  const { code, stdout } = await rehearse([...all, ...waits, ...lengths, ...more], place.folder);
  const lines = readFileSync(join(out, 'history.ndjson'), 'utf8').trim().split('\n');
  const entries = lines.flatMap((line) => {
    const parsed = parseEntry(JSON.parse(line));
    return parsed.known ? [parsed.entry] : [];
  });
  return { report: JSON.parse(stdout) as RunReport, entries, code };
}

/** Who of which region said it in the name of AWS, in order: `us-east-1 rehearsal: …`. */
const events = (entries: readonly Entry[]): string[] =>
  entries.flatMap((entry) => {
    if (entry.kind !== 'event' || entry.clock !== 'control') return [];
    const { region, instance, cluster } = entry.subject;
    return [`${region} ${instance ?? cluster}: ${entry.data.message}`];
  });

const at = (told: readonly string[], text: string): number =>
  told.findIndex((one) => one.startsWith(text));

describe('a rehearsal of the upgrade of a global database', () => {
  it('ends in a verdict, with the outages one after the other', async () => {
    const { report, entries, code } = await run();
    expect(report.reason).toBe('6 of 6 objectives met');
    expect(code).toBe(0);
    expect(report.writes).toMatchObject({ lost: 0, duplicated: 0, failed: 0 });
    const [secondary] = report.lanes['secondary/new-connection']?.outages ?? [];
    const [primary] = report.lanes['new-connection']?.outages ?? [];
    for (const outage of [secondary, primary])
      expect(outage?.errorKinds.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['refused', 'starting-up']),
      );
    expect(primary?.startMs).toBeGreaterThan(secondary?.endMs ?? Number.POSITIVE_INFINITY);
    expect(report.lanes['held-session']?.failed).toBe(0);
    expect(report.lanes['secondary/held-session']?.failed).toBeGreaterThan(0);
    expect(report.sessions?.drops.map(({ owner }) => owner)).not.toContain('application');
    const versions = report.statuses.flatMap(({ of, identifier, changes }) =>
      of === 'cluster' ? [[identifier, ...changes.map(({ status }) => status)]] : [],
    );
    expect(versions).toEqual([
      ['rehearsal', 'available', 'upgrading', 'available'],
      ['rehearsal-tokyo', 'available', 'upgrading', 'available'],
    ]);
    const told = events(entries);
    const order = [
      'us-east-1 rehearsal: Database cluster engine minor version upgrade started',
      'ap-northeast-1 rehearsal-tokyo: Database cluster engine minor version upgrade started',
      'ap-northeast-1 rehearsal-tokyo-instance-1: DB instance shutdown',
      'ap-northeast-1 rehearsal-tokyo-instance-1: DB instance restarted',
      'us-east-1 rehearsal: Attempting to upgrade the database with zero downtime',
      'us-east-1 rehearsal: Attempt to upgrade the database instance',
      'ap-northeast-1 rehearsal-tokyo: Database cluster engine minor version upgrade complete',
      'us-east-1 rehearsal: Database cluster engine minor version upgrade complete',
    ].map((text) => at(told, text));
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  it('is rolled back to the old version when the secondary fails', async () => {
    const { report, entries, code } = await run('--fault', 'secondary-start-failure');
    expect(code).toBe(2);
    expect(report.reason).toContain('engine 17.5 did not start');
    expect(report.reason).toContain('every cluster runs 17.4 again');
    expect(report.servers.after?.version).toBe('17.4');
    expect(report.lanes['new-connection']?.failed).toBe(0);
    expect(report.writes).toMatchObject({ lost: 0, duplicated: 0, failed: 0 });
    expect(events(entries).at(-1)).toMatch(
      /^ap-northeast-1 .* The DB engine version upgrade failed/,
    );
  });
});
