import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CensusSession, sessionKindsOf } from '../../harness/load/census.js';
import { LoadSessions } from '../../harness/load/sessions.js';
import { entryKeeper, type ProbedServer, probedServer } from '../support/probed-server.js';

const sessionKinds = sessionKindsOf('postgres');
let probed: ProbedServer;
beforeAll(async () => {
  probed = await probedServer();
});
afterAll(() => probed?.remove());

async function openSessions(sessions: CensusSession[]) {
  const kept = entryKeeper('load');
  const plan = { target: probed.application, sessions };
  const load = new LoadSessions(plan, probed.clock, kept.record);
  const failure = await load.open(30_000);
  const findings = () =>
    new Map(
      kept.of('note').map(({ subject, data }) => [
        subject.session ?? '',
        (data as { after?: unknown }).after as {
          alive: boolean;
          kept: string[];
          lost: string[];
          failure: { sqlstate: string | null } | null;
        },
      ]),
    );
  return { load, failure, findings };
}

describe('application sessions', () => {
  it('finds the state of every kind again when nothing happened', async () => {
    const census = sessionKinds.map((kind) => ({ kind, count: 1 }));
    const { load, failure, findings } = await openSessions(census);
    expect(failure).toBeNull();
    expect([...load.counts()]).toEqual(sessionKinds.map((kind) => [kind, 1]));
    await load.verify(10_000);
    await load.close();
    expect([...findings().values()].map(({ alive, lost }) => ({ alive, lost }))).toEqual(
      sessionKinds.map(() => ({ alive: true, lost: [] })),
    );
    for (const { kept } of findings().values()) expect(kept.length).toBeGreaterThan(0);
    expect(findings().get('idle-1')?.kept).toEqual([
      'setting timezone',
      'setting search_path',
      'setting app.tenant_id',
    ]);
  });

  it('says which sessions are gone', async () => {
    const census = sessionKinds.map((kind) => ({ kind, count: 2 }));
    const { load, failure, findings } = await openSessions(census);
    expect(failure).toBeNull();
    await probed.sql(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'application'",
    );
    await load.verify(10_000);
    await load.close();
    expect(findings().size).toBe(2 * sessionKinds.length);
    for (const after of findings().values()) {
      expect(after.alive).toBe(false);
      expect(after.failure?.sqlstate).toBe('57P01');
    }
  });

  it('takes settings and names from a census', async () => {
    const settings = { work_mem: '7MB', 'app.region': "it's \\ here" };
    const census: CensusSession[] = [
      { kind: 'temp-table', count: 2, name: 'report', settings },
      { kind: 'idle', count: 1, name: 'admin', settings: {} },
    ];
    const { load, failure, findings } = await openSessions(census);
    expect(failure).toBeNull();
    await load.verify(10_000);
    await load.close();
    expect([...findings().keys()].sort()).toEqual(['admin', 'report-1', 'report-2']);
    expect(findings().get('report-2')?.kept).toEqual([
      'temporary table',
      'setting work_mem',
      'setting app.region',
    ]);
  });

  it('names the session that cannot be opened', async () => {
    const census: CensusSession[] = [{ kind: 'idle', count: 1, settings: { work_mem: 'much' } }];
    const { load, failure } = await openSessions(census);
    await load.close();
    expect(failure).toMatchObject({ name: 'idle-1', failure: { sqlstate: '22023' } });
  });
});
