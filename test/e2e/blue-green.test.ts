/** Blue/green deployments as a user rehearses them: to the end, and refused. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { rehearse, temporaryFolder } from '../support/rehearse.js';

vi.setConfig({ testTimeout: 180_000 });

const place = temporaryFolder();
afterAll(() => place.remove());

/** What clients feel lasts some ticks of 100 ms; green follows for so long before guardrails. */
const timing = join(place.folder, 'timing.json');
const lasting = (valueMs: number) => ({ valueMs, source: 'this test' });
writeFileSync(
  timing,
  JSON.stringify({
    'bg.create': { replicaMs: lasting(0), upgradeMs: lasting(0), topologyMs: lasting(0) },
    'bg.switchover': { initiatedMs: lasting(2_000), finishMs: lasting(0) },
    'bg.switchover.2026': {
      readOnlyMs: lasting(500),
      refusedMs: lasting(500),
      readsFirstMs: lasting(300),
      staleDnsMs: lasting(900),
    },
  }),
);

async function run(...more: string[]): Promise<{ code: number | null; report: RunReport }> {
  const waits = ['--interval', '100ms', '--steady', '1s', '--settle', '1s'];
  const all = ['run', 'blue-green', '--json', '--seed', '3', '--timing', timing, '--pace', '1'];
  const { code, stdout } = await rehearse([...all, ...waits, ...more], place.folder);
  return { code, report: JSON.parse(stdout) as RunReport };
}

const ids = ({ events }: RunReport): string[] =>
  events.flatMap(({ eventId }) => eventId?.replace('RDS-EVENT-', '') ?? []);

describe('a rehearsal of a blue/green deployment', () => {
  it('passes on the new version, with each part of the outage told', async () => {
    const { code, report } = await run();
    expect(report).toMatchObject({ verdict: 'pass', completed: true });
    expect(code).toBe(0);
    expect(report.servers.after?.version).toBe('17.5');
    expect(report.writes).toMatchObject({ lost: 0, duplicated: 0 });
    expect(report.sessions?.preserved).toBe(0);
    // Those that write may have left by themselves, when writes were refused.
    expect(report.sessions?.dropped).toBeGreaterThanOrEqual(4);
    expect(ids(report)).toEqual(['0244', '0247', '0259', '0311', '0312', '0260', '0248']);
    const [outage] = report.lanes.writer?.outages ?? [];
    const kinds = outage?.errorKinds.map(({ kind }) => kind) ?? [];
    expect(kinds[0]).toBe('read-only');
    expect(kinds).toContain('refused');
    expect(outage?.sqlstates[0]).toBe('25006');
    // From the change of the names' record to that of their answers.
    expect(outage?.shares?.staleMs).toBeGreaterThan(0);
    expect(outage?.shares?.modelledMs).toBeGreaterThan(outage?.shares?.clientMs ?? 0);
    const served = Object.values(report.servedBy)[0] ?? [];
    expect(served.map(({ version, readOnly }) => `${version} ${readOnly}`)).toEqual([
      '17.4 false',
      '17.4 true',
      '17.5 false',
    ]);
    expect(served.at(-1)?.instance).toMatch(/^rehearsal-green-[a-z0-9]{6}-instance-1$/);
  });

  it('is refused by a guardrail where green lags, and nobody feels it', async () => {
    const late = ['--any-timeout', 'true', '--switchover-timeout', '1s'];
    const refused = await run(...late, '--fault', 'lag=3s@T0-2s');
    expect(refused.report).toMatchObject({ verdict: 'unknown', completed: false });
    expect(refused.code).toBe(2);
    expect(refused.report.reason).toContain('replication-lag');
    expect(ids(refused.report)).toEqual(['0244', '0247', '0261', '0249']);
    expect(refused.report.lanes.writer).toMatchObject({ failed: 0 });
  });
});
