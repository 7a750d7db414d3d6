/** Everything that polls, writes and holds, through the endpoint, over a real patch. */
import { afterEach, describe, expect, it } from 'vitest';
import type { LaneKind } from '../../harness/history/entry.js';
import { type LoadSessionKind, sessionKindsOf } from '../../harness/load/census.js';
import { readback } from '../../harness/load/readback.js';
import { prepareSchema } from '../../harness/load/schema.js';
import { measureLedger } from '../../harness/measure/ledger.js';
import { Instruments } from '../../harness/probe/instruments.js';
import type { ConnectionTarget } from '../../harness/probe/target.js';
import { systemClock } from '../../sim/clock.js';
import type { AdminLogin, ServerAddress } from '../../sim/server/server.js';
import type { EndpointAddress, Login, ZeroDowntimePatchParameters } from '../../sim/sim.js';
import type { TimingChoice } from '../../sim/timing.js';
import { type MysqlWorld, openOfferedWorld, sessionsTold } from '../support/mysql-world.js';
import { entryKeeper, mysqlFlavours, until } from '../support/probed-server.js';

const clock = systemClock();
const lanes: LaneKind[] = ['new-connection', 'held-session', 'idle-session', 'writer', 'reader'];

interface After {
  readonly alive: boolean;
  readonly kept: string[];
  readonly lost: string[];
  readonly failure: { kind: string; errorNumber?: number; message: string } | null;
}

let world: MysqlWorld | undefined;
let made: Instruments | undefined;
afterEach(async () => {
  await made?.finish();
  await world?.close();
  made = undefined;
  world = undefined;
});

function target(
  { host, port }: EndpointAddress | ServerAddress,
  { user, password, database }: Login | AdminLogin,
): ConnectionTarget {
  const tls = { mode: 'disable', caPem: null } as const;
  return { name: 'writer', engine: 'mysql', host, port, user, password, database, tls };
}

for (const { engine, isMissing } of mysqlFlavours)
  describe.skipIf(isMissing)(`a patch of ${engine}, felt by every instrument`, () => {
    async function patched(
      sessionKinds: readonly LoadSessionKind[] = sessionKindsOf('mysql'),
      changes: Partial<ZeroDowntimePatchParameters> = {},
      timing: TimingChoice = 'engine',
    ) {
      world = await openOfferedWorld(engine);
      const { cluster } = world;
      const admin = target(cluster.serverAddress, cluster.serverAdmin);
      await prepareSchema(admin, cluster.instrument.user, clock);
      const kept = entryKeeper('load');
      const instrument = target(cluster.writer, cluster.instrument);
      const running = new Instruments(
        {
          anchor: clock.anchor,
          lanes: lanes.map((kind) => ({
            spec: {
              ...{ name: kind, kind, target: 'writer', intervalMs: 100 },
              ...{ timeoutMs: 30_000, edgeIntervalMs: null },
            },
            target: instrument,
          })),
          ledger: { target: instrument, sessions: 2, ratePerSecond: 20, timeoutMs: 30_000 },
          sessions: {
            target: target(cluster.writer, cluster.application),
            sessions: sessionKinds.map((kind) => ({ kind, count: 1 })),
          },
          openTimeoutMs: 60_000,
          mustOpen: true,
        },
        clock,
        { probes: kept.record, load: kept.record },
      );
      made = running;
      await running.start();
      const polls = (lane: LaneKind) =>
        kept.of('poll').flatMap(({ subject, data }) => (subject.lane === lane ? [data] : []));
      const oks = (lane: LaneKind): number =>
        polls(lane).filter(({ outcome }) => outcome === 'ok').length;
      const allOk = async (what: string): Promise<void> => {
        const before = new Map(lanes.map((lane) => [lane, oks(lane)]));
        const more = () => lanes.every((lane) => oks(lane) >= (before.get(lane) ?? 0) + 3);
        await until(clock, more, what);
      };
      await allOk('polls before the patch');
      expect(await world.patch(changes, timing).finished).toEqual({
        status: 'succeeded',
        reason: null,
      });
      await allOk('polls after the patch');
      await running.finish();
      const { told } = world;
      return { told, running, admin, kept, polls, after: afterOf(kept) };
    }

    it('keeps, cancels and drops sessions as AWS says, and each is told what it lost', async () => {
      const { after, told } = await patched();
      expect([...after.keys()].sort()).toEqual([...sessionKindsOf('mysql')].sort());
      const gone = ['ddl', 'table-lock', 'temp-table', 'user-lock'];
      for (const kind of gone) {
        expect(after.get(kind)?.alive).toBe(false);
        expect(after.get(kind)?.failure).not.toBeNull();
      }
      expect(sessionsTold(told, 'dropped').sort()).toEqual([
        ['load ddl', 'ddl'],
        ['load table-lock', 'table-lock'],
        ['load temp-table', 'temporary-table'],
        ['load user-lock', 'user-lock'],
      ]);
      expect(after.get('idle')).toMatchObject({
        ...{ alive: true, lost: [], failure: null },
        kept: [
          'current database',
          'setting time_zone',
          'setting sql_mode',
          'setting group_concat_max_len',
          'setting @tenant',
        ],
      });
      expect(after.get('prepared')).toMatchObject({
        ...{ alive: true, kept: [], lost: ['prepared statement'] },
        failure: { kind: 'statement-lost', errorNumber: 1243 },
      });
      expect(after.get('open-transaction')).toMatchObject({
        ...{ alive: true, kept: ['connection'], lost: ['open transaction'] },
        failure: { errorNumber: 1105 },
      });
      expect(after.get('long-query')).toMatchObject({
        ...{ alive: true, lost: ['running statement'] },
        failure: { errorNumber: 1317 },
      });
      // InnoDB keeps its counters over a restart since MySQL 8.0 and MariaDB 10.2.4.
      expect(after.get('auto-increment')).toMatchObject({
        ...{ alive: true, kept: ['AUTO_INCREMENT counter'], lost: [] },
      });
      expect(after.get('last-insert-id')).toMatchObject({
        ...{ alive: true, kept: [], lost: ['LAST_INSERT_ID()'] },
      });
    });

    it('is an outage for what dials, none for what holds, and loses no write', async () => {
      const { told, polls, running, admin, kept } = await patched(
        ['last-insert-id'],
        { lastInsertId: 'survive' },
        // An engine alone may be back between two ticks.
        'typical',
      );
      const sent = (lane: LaneKind) =>
        polls(lane).filter(({ error }) => error?.kind !== 'not-sent');
      for (const lane of lanes.slice(1))
        expect(sent(lane).filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
      const dialled = sent('new-connection');
      expect(dialled.some(({ error }) => error?.kind === 'refused')).toBe(true);
      expect(dialled.at(-1)?.outcome).toBe('ok');
      expect(sessionsTold(told, 'dropped')).toEqual([]);
      expect(
        sessionsTold(told, 'preserved')
          .map(([kind]) => kind)
          .sort(),
      ).toEqual([
        ...['ledger writer', 'ledger writer', 'load last-insert-id', 'probe held-session'],
        ...['probe idle-session', 'probe reader', 'probe writer'],
      ]);
      expect(afterOf(kept).get('last-insert-id')).toMatchObject({
        ...{ alive: true, kept: ['LAST_INSERT_ID()'], lost: [] },
      });

      const { highestRowId } = running;
      await readback({
        target: admin,
        clock,
        record: kept.record,
        timeoutMs: 30_000,
        highestRowId,
      });
      const writes = kept.of('write').map(({ data }) => data);
      expect(measureLedger(writes)).toMatchObject({
        ...{ readBack: true, lost: 0, duplicated: 0, resurrected: 0 },
      });
      expect(measureLedger(writes)?.acknowledged).toBeGreaterThan(0);
      const rowIds = writes.at(-1)?.rowIds as { acknowledgedMax: number; next: number } | undefined;
      expect(rowIds?.acknowledgedMax).toBe(highestRowId);
      expect(rowIds?.next).toBeGreaterThan(highestRowId ?? Number.POSITIVE_INFINITY);
    });
  });

type Kept = ReturnType<typeof entryKeeper>;

/** What was found of each session when it was examined, by its kind. */
function afterOf(kept: Kept): Map<string, After> {
  return new Map(
    kept.of('note').flatMap(({ subject, data }): [string, After][] => {
      if (!('after' in data)) return [];
      return [[(subject.session ?? '').replace(/-\d+$/, ''), data.after as After]];
    }),
  );
}
