import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { rehearse, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());

/** As fast as the local engine goes: nothing here is about lengths. */
const quick = ['--timing', 'engine', '--steady', '2s', '--settle', '1s', '--seed', '3'];

async function run(
  ...args: string[]
): Promise<{ code: number | null; report: RunReport; stderr: string }> {
  const all = ['run', 'aurora-postgres-zdp', '--json', ...quick, ...args];
  const { code, stdout, stderr } = await rehearse(all, place.folder);
  return { code, stderr, report: JSON.parse(stdout) as RunReport };
}

describe('sessions that cannot be kept', () => {
  it('are dropped, each with its documented reason, and no other', async () => {
    const kinds =
      'idle,prepared,advisory-lock,listening,open-transaction,temp-table,held-cursor,' +
      'long-query,ddl,table-lock';
    const { code, report } = await run('--sessions', kinds, '--long-running', '500ms');
    const drops = (report.sessions?.drops ?? []).map(({ kind, reason }) => `${kind}: ${reason}`);
    expect(drops.sort()).toEqual([
      'load ddl: ddl',
      'load held-cursor: with-hold-cursor',
      'load long-query: long-running-query',
      'load open-transaction: long-running-transaction',
      'load table-lock: table-lock',
      'load temp-table: temporary-table',
    ]);
    for (const drop of report.sessions?.drops ?? []) expect(drop.detail).toMatch(/AuroraUserGuide/);
    expect(report.sessions).toMatchObject({ source: 'given', present: 15, preserved: 9 });
    expect(report).toMatchObject({ verdict: 'fail', completed: true });
    expect(code).toBe(1);
  });

  it('are all that listen, when all sessions do', async () => {
    const { report } = await run('--sessions', 'listening=2');
    expect(report.sessions?.drops.map(({ reason }) => reason)).toEqual([
      'all-sessions-listening',
      'all-sessions-listening',
    ]);
  });
});

describe('what can go another way', () => {
  it('a failed attempt drops every session in an ordinary restart', async () => {
    const file = join(place.folder, 'fallback.json');
    const valueMs = (value: number) => ({ valueMs: value, source: 'this test' });
    const fallback = { refusedMs: valueMs(900), startingUpMs: valueMs(900) };
    writeFileSync(file, JSON.stringify({ 'zdp.fallback.pg': fallback }));
    const { report } = await run('--fault', 'zdp-fallback', '--timing', file, '--pace', '1000');
    const { sessions, servers, events } = report;
    expect(sessions).toMatchObject({ present: 6, preserved: 0, dropped: 6 });
    expect(new Set(sessions?.drops.map(({ reason }) => reason))).toEqual(new Set(['zdp-failed']));
    expect(servers.after).toMatchObject({ version: '17.5' });
    const messages = events.map(({ message }) => message);
    expect(messages).toContain('DB instance shutdown');
    expect(messages).toContain('DB instance restarted');
    const kinds = report.lanes['new-connection']?.outages[0]?.errorKinds ?? [];
    expect(kinds.map(({ kind }) => kind)).toEqual(['refused', 'starting-up']);
    expect(report.lanes['held-session']?.failed).toBeGreaterThan(0);
  });

  it('a pending parameter refuses the patch, with no outage at all', async () => {
    const { code, report } = await run('--pending-parameter', 'max_connections');
    expect(report).toMatchObject({ verdict: 'unknown', completed: false, t0Ms: null });
    expect(report.reason).toContain('pending parameter changes: max_connections');
    expect(report.servers.after).toMatchObject({ version: '17.4' });
    for (const lane of Object.values(report.lanes)) expect(lane).toMatchObject({ failed: 0 });
    expect(report.writes).toMatchObject({ readBack: true, lost: 0 });
    expect(code).toBe(2);
  });

  it('a fault begins and ends at its time', async () => {
    const { report } = await run('--fault', 'refuse@500ms:700ms', '--interval', '100ms');
    const outages = report.lanes['new-connection']?.outages ?? [];
    const early = outages.filter(({ endMs }) => endMs < 0);
    expect(early).toHaveLength(1);
    expect(early[0]?.errorKinds.map(({ kind }) => kind)).toEqual(['refused']);
    expect(report.lanes['held-session']).toMatchObject({ failed: 0 });
  });

  // In /proc a folder can be seen and none be made, where Node's own way never comes back.
  it.each(['/dev/null/cache', '/proc/nope', '/proc/nope/deeper'])(
    'an environment that cannot be used ends with 3 and a way out: %s',
    async (REHEARSE_CACHE_DIR) => {
      const args = ['run', 'aurora-postgres-zdp', ...quick];
      const ended = await rehearse(args, place.folder, { REHEARSE_CACHE_DIR });
      expect(ended.code).toBe(3);
      expect(ended.stderr).toContain('error CACHE_UNUSABLE');
      expect(ended.stderr).not.toMatch(/^\s+at /m);
    },
  );

  it('more sessions than a server takes by default are all open', async () => {
    const { report } = await run('--sessions', 'idle=120');
    expect(report.sessions).toMatchObject({ present: 125, preserved: 125, dropped: 0 });
  });

  it('sessions that the server does not take end with 3, and are no defect', async () => {
    const file = join(place.folder, 'parameters.yaml');
    writeFileSync(file, 'max_connections: 20\n');
    const args = ['--sessions', 'idle=40', '--engine-parameters', file];
    const ended = await rehearse(['run', 'aurora-postgres-zdp', ...quick, ...args], place.folder);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/error SESSIONS_UNOPENED: The session of idle-\d+ could not be/);
  });

  it('a session that a fault ended is broken, though nothing dropped it', async () => {
    const { report } = await run('--sessions', 'idle=2', '--fault', 'drop-sessions=100%@+1s');
    expect(report.sessions).toMatchObject({ preserved: 7, dropped: 0, brokenCount: 2 });
    expect(report.sessions?.broken[0]?.text).toContain('the operation did not drop it');
    expect(report.verdict).toBe('fail');
  });
});
