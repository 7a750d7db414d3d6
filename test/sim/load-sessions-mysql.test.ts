import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CensusSession, sessionKindsOf } from '../../harness/load/census.js';
import { LoadSessions } from '../../harness/load/sessions.js';
import {
  entryKeeper,
  mysqlFlavours,
  type ProbedServer,
  probedServer,
} from '../support/probed-server.js';

interface After {
  readonly alive: boolean;
  readonly kept: string[];
  readonly lost: string[];
  readonly failure: { kind: string; errorNumber?: number } | null;
}

const kinds = sessionKindsOf('mysql');
const one = (...wanted: readonly CensusSession['kind'][]): CensusSession[] =>
  wanted.map((kind) => ({ kind, count: 1 }));

for (const { engine, isMissing } of mysqlFlavours)
  describe.skipIf(isMissing)(`application sessions of ${engine}`, () => {
    let probed: ProbedServer;
    beforeAll(async () => {
      probed = await probedServer(engine);
    });
    afterAll(() => probed?.remove());

    async function openSessions(sessions: CensusSession[]) {
      const kept = entryKeeper('load');
      const plan = { target: probed.application, sessions };
      const load = new LoadSessions(plan, probed.clock, kept.record);
      const failure = await load.open(30_000);
      const findings = () =>
        new Map(
          kept
            .of('note')
            .map(({ subject, data }) => [
              (subject.session ?? '').replace(/-\d+$/, ''),
              (data as { after?: unknown }).after as After,
            ]),
        );
      return { load, failure, findings };
    }

    /** Of the application's sessions that run a statement, or do not. */
    async function threads(running: boolean): Promise<string[]> {
      const rows = await probed.rows(
        "SELECT id FROM information_schema.processlist WHERE user = 'application' " +
          `AND command ${running ? '<>' : '='} 'Sleep'`,
      );
      return rows.map((row) => row[0] ?? '');
    }

    async function killAll(what: 'KILL' | 'KILL QUERY', running: boolean): Promise<void> {
      // A thread may have gone by itself meanwhile.
      for (const id of await threads(running))
        await probed.sql(`${what} ${id}`).catch(() => undefined);
    }

    async function noneLeft(): Promise<void> {
      await killAll('KILL', true);
      await killAll('KILL', false);
    }

    it('finds the state of every kind again when nothing happened', async () => {
      const { load, failure, findings } = await openSessions(one(...kinds));
      expect(failure).toBeNull();
      expect([...load.counts()].sort()).toEqual(kinds.map((kind) => [kind, 1]).sort());
      await load.verify(10_000);
      await load.close();
      await noneLeft();
      expect([...findings().keys()].sort()).toEqual([...kinds].sort());
      for (const after of findings().values())
        expect(after).toMatchObject({ alive: true, lost: [], failure: null });
      for (const { kept } of findings().values()) expect(kept.length).toBeGreaterThan(0);
      expect(findings().get('idle')?.kept).toEqual([
        'current database',
        'setting time_zone',
        'setting sql_mode',
        'setting group_concat_max_len',
        'setting @tenant',
      ]);
    });

    it('tells statements that were killed from sessions that were', async () => {
      const { load, findings } = await openSessions(one('long-query', 'ddl'));
      // The statements were sent; whether the server has begun them is another matter.
      for (let wait = 0; wait < 200 && (await threads(true)).length < 2; wait++)
        await probed.clock.sleep(20);
      await probed.clock.sleep(200);
      await killAll('KILL QUERY', true);
      for (let wait = 0; wait < 200 && (await threads(true)).length > 0; wait++)
        await probed.clock.sleep(20);
      await load.verify(10_000);
      await load.close();
      for (const kind of ['long-query', 'ddl'])
        expect(findings().get(kind)).toMatchObject({
          alive: true,
          lost: ['running statement'],
          failure: { errorNumber: 1317 },
        });
    });

    it('says which sessions are gone', async () => {
      const { load, failure, findings } = await openSessions(one(...kinds));
      expect(failure).toBeNull();
      await noneLeft();
      await load.verify(10_000);
      await load.close();
      expect(findings().size).toBe(kinds.length);
      for (const after of findings().values()) {
        expect(after.alive).toBe(false);
        expect(after.failure).not.toBeNull();
      }
    });

    it('names the session that cannot be opened', async () => {
      const settings = { sql_mode: 'NO_SUCH_MODE' };
      const { load, failure } = await openSessions([{ kind: 'idle', count: 1, settings }]);
      await load.close();
      expect(failure).toMatchObject({ name: 'idle-1', failure: { errorNumber: 1231 } });
    });

    it('takes settings from a census, user variables included', async () => {
      const settings = { lock_wait_timeout: '77', '@region': "it's \\ here", time_zone: '-03:30' };
      const { load, failure, findings } = await openSessions([
        { kind: 'temp-table', count: 1, name: 'report', settings },
      ]);
      expect(failure).toBeNull();
      await load.verify(10_000);
      await load.close();
      expect(findings().get('report')).toMatchObject({
        lost: [],
        kept: [
          'temporary table',
          'setting lock_wait_timeout',
          'setting @region',
          'setting time_zone',
        ],
      });
    });

    it('refuses kinds that only another engine has', () => {
      const plan = { target: probed.application, sessions: one('held-cursor') };
      expect(() => new LoadSessions(plan, probed.clock, () => undefined)).toThrow(
        expect.objectContaining({ code: 'SESSIONS_INVALID' }),
      );
    });
  });
