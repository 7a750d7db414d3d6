/** The replica-lag lane against real servers: what it measures contains what was injected. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { LaneSpec } from '../../harness/history/entry.js';
import { prepareSchema } from '../../harness/load/schema.js';
import { LagBook, lagOf } from '../../harness/measure/lag.js';
import type { PollData } from '../../harness/measure/lane.js';
import { Instruments } from '../../harness/probe/instruments.js';
import type { ConnectionTarget } from '../../harness/probe/target.js';
import { type Clock, systemClock } from '../../sim/clock.js';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import type { Login } from '../../sim/sim.js';
import { entryKeeper, mysqlFlavours, probedServer, until } from '../support/probed-server.js';
import { openWorld } from '../support/world.js';

vi.setConfig({ testTimeout: 120_000 });

const intervalMs = 100;
const spec: LaneSpec = {
  name: 'replica-lag',
  kind: 'replica-lag',
  target: 'reader',
  intervalMs,
  timeoutMs: 10_000,
  edgeIntervalMs: null,
};

async function lagLane(clock: Clock, writer: ConnectionTarget, reader: ConnectionTarget) {
  const kept = entryKeeper('probes');
  const made = new Instruments(
    {
      anchor: clock.anchor,
      lanes: [{ spec, target: reader, heartbeatTarget: writer }],
      ledger: null,
      sessions: null,
      openTimeoutMs: 20_000,
      mustOpen: true,
    },
    clock,
    { probes: kept.record, load: kept.record },
  );
  const polls = (): PollData[] => kept.of('poll').map(({ data }) => data);
  const opened = await made.start();
  return {
    made,
    polls,
    opened,
    /** Waits for polls from now on that tell what is wanted. */
    next: async (
      count: number,
      wanted: (poll: PollData) => boolean = isTold,
    ): Promise<PollData[]> => {
      const from = polls().length;
      const found = (): PollData[] => polls().slice(from).filter(wanted);
      await until(clock, () => found().length >= count, `${count} such polls`);
      return found();
    },
  };
}

function isTold(poll: PollData): boolean {
  return lagOf(poll, intervalMs) !== null;
}

function boundsMs(poll: PollData): { lower: number; upper: number } {
  const lag = lagOf(poll, intervalMs);
  return { lower: (lag?.lowerNs ?? 0) / 1e6, upper: (lag?.upperNs ?? Infinity) / 1e6 };
}

describe('the replica-lag lane on a cluster of Postgres', () => {
  it('measures a lag that contains the injected one, and its end', async () => {
    const world = await openWorld({ members: ['reader'] });
    onTestFinished(() => world.close());
    const clock = systemClock();
    const cluster = world.cluster as ClusterRecord;
    const target = (name: string, port: number, login: Login): ConnectionTarget => ({
      ...{ name, engine: 'postgres', host: '127.0.0.1', port },
      ...login,
      tls: { mode: 'disable', caPem: null },
    });
    const admin = target('server', cluster.serverAddress.port, {
      ...cluster.serverAdmin,
      database: cluster.instrument.database,
    });
    await prepareSchema(admin, cluster.instrument.user, clock);
    const writer = target('writer', cluster.writer.port, cluster.instrument);
    const reader = target('reader', cluster.reader.port, cluster.instrument);
    const lane = await lagLane(clock, writer, reader);
    onTestFinished(() => lane.made.finish());
    expect(lane.opened).toEqual([
      { sessionKind: 'probe replica-lag', count: 1 },
      { sessionKind: 'probe heartbeat', count: 1 },
    ]);
    await lane.next(3);
    const [follower] = cluster.readers;
    const link = follower === undefined ? undefined : cluster.followers.linkOf(follower);
    const injectedMs = 1_500;
    link?.delay(injectedMs);
    await clock.sleep(injectedMs + 500);
    const lagging = await lane.next(10);
    link?.delay(0);
    // Nothing comes sooner than the link lets it; what is late besides only adds.
    for (const { upper } of lagging.map(boundsMs)) expect(upper).toBeGreaterThanOrEqual(injectedMs);
    const holds = ({ lower }: { lower: number }): boolean => lower <= injectedMs;
    expect(lagging.map(boundsMs).some(holds)).toBe(true);
    const [back] = await lane.next(1, (poll) => isTold(poll) && boundsMs(poll).upper < injectedMs);
    expect(back?.heartbeat?.seenNs).not.toBeNull();
    await lane.made.finish();
    const book = new LagBook(intervalMs);
    for (const poll of lane.polls()) book.take(poll);
    const max = book.measured()?.max;
    expect(max?.upperNs).toBeGreaterThanOrEqual(injectedMs * 1e6);
    expect(max?.lowerNs).toBeGreaterThan((injectedMs / 2) * 1e6);
    expect(lane.polls().every(({ outcome }) => outcome !== 'fail')).toBe(true);
  });
});

describe.each(mysqlFlavours)('the replica-lag lane on $engine', ({ engine, isMissing }) => {
  it.skipIf(isMissing)(
    'sees its own heartbeats, also where sessions do not autocommit',
    async () => {
      const probed = await probedServer(engine, { init_connect: 'SET autocommit = 0' });
      onTestFinished(() => probed.remove());
      const lane = await lagLane(probed.clock, probed.instrument, probed.instrument);
      onTestFinished(() => lane.made.finish());
      const seenNs = (): number[] =>
        lane.polls().flatMap(({ heartbeat }) => heartbeat?.seenNs ?? []);
      // Numbers of two digits come after those of one. How many a tick allows is the machine's.
      const shown = (): boolean => new Set(seenNs()).size > 12;
      await until(probed.clock, shown, 'a dozen heartbeats');
      const told = lane.polls();
      expect(seenNs()).toEqual(seenNs().sort((a, b) => a - b));
      expect(told.every(({ heartbeat }) => (heartbeat?.missedNs ?? null) === null)).toBe(true);
      expect(told.every(({ outcome }) => outcome !== 'fail')).toBe(true);
    },
  );
});
