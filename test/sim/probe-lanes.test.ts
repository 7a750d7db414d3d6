import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LaneKind } from '../../harness/history/entry.js';
import { Instruments } from '../../harness/probe/instruments.js';
import type { ConnectionTarget } from '../../harness/probe/target.js';
import { entryKeeper, type ProbedServer, probedServer, until } from '../support/probed-server.js';

let probed: ProbedServer;
beforeAll(async () => {
  probed = await probedServer();
});
afterAll(() => probed?.remove());

const holding: LaneKind[] = ['held-session', 'idle-session', 'writer', 'reader'];
const kinds: LaneKind[] = ['new-connection', ...holding, 'served-by', 'observer'];

interface Settings {
  readonly kinds?: readonly LaneKind[];
  readonly target?: ConnectionTarget;
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  readonly edgeIntervalMs?: number | null;
  readonly mustOpen?: boolean;
}

function instruments(settings: Settings = {}) {
  const kept = entryKeeper('probes');
  const made = new Instruments(
    {
      anchor: probed.clock.anchor,
      lanes: (settings.kinds ?? kinds).map((kind) => ({
        spec: {
          name: kind,
          kind,
          target: 'writer',
          intervalMs: settings.intervalMs ?? 50,
          timeoutMs: settings.timeoutMs ?? 10_000,
          edgeIntervalMs: settings.edgeIntervalMs ?? null,
        },
        target: kind === 'observer' ? null : (settings.target ?? probed.instrument),
      })),
      ledger: null,
      sessions: null,
      openTimeoutMs: 10_000,
      mustOpen: settings.mustOpen ?? true,
    },
    probed.clock,
    { probes: kept.record, load: kept.record },
  );
  const ticks = (lane: LaneKind) =>
    kept.of('poll').flatMap((poll) => (poll.subject.lane === lane ? [poll.data] : []));
  /** Those that looked: on a busy machine a lane may be too late for a tick. */
  const polls = (lane: LaneKind) => ticks(lane).filter(({ error }) => error?.kind !== 'not-sent');
  const waitFor = async (lane: LaneKind, count: number): Promise<void> => {
    const wanted = polls(lane).length + count;
    await until(probed.clock, () => polls(lane).length >= wanted, `${count} polls of ${lane}`);
  };
  return { made, kept, ticks, polls, waitFor };
}

describe('lanes on a real server', () => {
  it('are all ok while nothing happens, name the server, and count their sessions', async () => {
    const { made, polls, waitFor } = instruments();
    expect(await made.start()).toEqual(
      holding.map((kind) => ({ sessionKind: `probe ${kind}`, count: 1 })),
    );
    for (const kind of kinds) if (kind !== 'served-by') await waitFor(kind, 3);
    await made.finish();
    expect(polls('served-by')).toEqual([]);
    for (const kind of ['new-connection', ...holding] as const) {
      for (const poll of polls(kind)) {
        expect(poll).toMatchObject({ outcome: 'ok', error: null });
        expect(poll.reconnected).toBeUndefined();
        if (kind !== 'idle-session') expect(poll.server?.version).toBe('17.4');
      }
    }
    expect(polls('new-connection')[0]?.server?.startedAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(polls('idle-session').at(-1)).toMatchObject({ finalCheck: true, outcome: 'ok' });
  });

  it('feel a restart: fail, then reconnect and say so', async () => {
    const { made, polls, waitFor } = instruments({ edgeIntervalMs: 10 });
    await made.start();
    for (const kind of holding) await waitFor(kind, 2);
    await probed.server.stop('fast');
    for (const kind of ['new-connection', ...holding] as const) {
      const failed = () => polls(kind).filter(({ outcome }) => outcome === 'fail').length;
      await until(probed.clock, () => failed() >= 3, `failures of ${kind}`);
    }
    await probed.server.start();
    for (const kind of ['new-connection', ...holding] as const)
      await until(probed.clock, () => polls(kind).at(-1)?.outcome === 'ok', `${kind} to be back`);
    await made.finish();
    for (const kind of holding) {
      const lane = polls(kind);
      const first = lane.find(({ outcome }) => outcome !== 'ok');
      expect(first?.error).toMatchObject({ kind: 'terminated', sqlstate: '57P01' });
      const back = lane.filter(({ reconnected, outcome }) => reconnected && outcome === 'ok');
      expect(back.length).toBeGreaterThanOrEqual(1);
    }
    const seen = new Set(polls('new-connection').map(({ error }) => error?.kind ?? 'ok'));
    expect(seen.has('refused')).toBe(true);
    const edge = polls('new-connection').filter(({ tick }) => tick === null);
    expect(edge.length).toBeGreaterThan(0);
    expect(edge.some(({ outcome }) => outcome === 'fail')).toBe(true);
  });

  it('time out on a server that is frozen, each at its own deadline, and recover', async () => {
    const { made, polls, waitFor } = instruments({
      kinds: ['held-session', 'new-connection'],
      intervalMs: 200,
      timeoutMs: 2_000,
    });
    await made.start();
    await waitFor('held-session', 2);
    await probed.server.freeze();
    const late = (lane: LaneKind) =>
      polls(lane).filter(({ error }) => error?.kind === 'timeout').length;
    await until(probed.clock, () => late('held-session') >= 2, 'time-outs of the held session');
    await until(probed.clock, () => late('new-connection') >= 2, 'time-outs');
    await probed.server.thaw();
    const isOk = (lane: LaneKind) => polls(lane).at(-1)?.outcome === 'ok';
    await until(probed.clock, () => isOk('held-session') && isOk('new-connection'), 'recovery');
    await made.finish();
    for (const poll of polls('held-session'))
      if (poll.error?.message.startsWith('no answer'))
        expect(poll.endNs - poll.scheduledNs).toBeGreaterThanOrEqual(1_999e6);
  });

  it('leave a write in doubt when its session dies over it', async () => {
    await probed.sql(
      'CREATE FUNCTION rehearse.sleepy() RETURNS trigger LANGUAGE plpgsql AS ' +
        '$$BEGIN PERFORM pg_sleep(30); RETURN NEW; END$$',
      'CREATE TRIGGER sleepy BEFORE INSERT ON rehearse.probe_write ' +
        'FOR EACH ROW EXECUTE FUNCTION rehearse.sleepy()',
    );
    const { made, polls } = instruments({ kinds: ['writer'] });
    await made.start();
    const end =
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ' +
      // In the trigger: a session that dies before its INSERT is sent loses nothing in doubt.
      "application_name = 'rehearse/probe/writer' AND wait_event = 'PgSleep'";
    for (let wait = 0; wait < 200 && polls('writer').length === 0; wait++) {
      await probed.sql(end);
      await probed.clock.sleep(20);
    }
    const finished = made.finish();
    for (let wait = 0; wait < 100; wait++) {
      await probed.sql(end);
      await probed.clock.sleep(20);
      if ((await Promise.race([finished.then(() => 'done'), probed.clock.sleep(1)])) === 'done')
        break;
    }
    await finished;
    await probed.sql('DROP FUNCTION rehearse.sleepy() CASCADE');
    // Attempts that waited for the session end before the one that was under way in it.
    const sent = polls('writer').filter(({ error }) => error?.sqlstate === '57P01');
    expect(sent.some(({ outcome }) => outcome === 'unknown')).toBe(true);
  });

  it('call a read-only server read-only, and come back by dialling anew', async () => {
    const { made, polls, waitFor } = instruments({ kinds: ['writer'] });
    await made.start();
    await waitFor('writer', 2);
    await probed.sql("ALTER SYSTEM SET default_transaction_read_only = 'on'", readConfiguration);
    const failed = () => polls('writer').filter(({ error }) => error?.kind === 'read-only').length;
    await until(probed.clock, () => failed() >= 2, 'refused writes');
    await probed.sql('SET default_transaction_read_only = off', resetReadOnly, readConfiguration);
    await until(probed.clock, () => polls('writer').at(-1)?.outcome === 'ok', 'writes again');
    await made.finish();
    expect(polls('writer').find(({ error }) => error?.kind === 'read-only')).toMatchObject({
      outcome: 'fail',
      error: { sqlstate: '25006' },
    });
  });

  it('never write the password down when it is wrong', async () => {
    const target = { ...probed.instrument, password: 'a-wrong-password' };
    const { made, kept, polls, waitFor } = instruments({ kinds: ['new-connection'], target });
    await made.start();
    await waitFor('new-connection', 2);
    await made.finish();
    for (const { error } of polls('new-connection'))
      expect(error).toMatchObject({ kind: 'auth', sqlstate: '28P01' });
    expect(JSON.stringify(kept.of('poll'))).not.toContain('a-wrong-password');
  });

  it('refuse to begin a rehearsal whose session cannot be opened', async () => {
    const target = { ...probed.instrument, database: 'nowhere' };
    const { made } = instruments({ kinds: ['held-session'], target });
    await expect(made.start()).rejects.toThrow(/held-session could not be opened.*nowhere/);
    await made.finish();
  });
});

const readConfiguration = 'SELECT pg_reload_conf()';
const resetReadOnly = 'ALTER SYSTEM RESET default_transaction_read_only';

describe('lanes on something that is no server', () => {
  const listening: NetServer[] = [];
  const sockets = new Set<Socket>();
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of listening.splice(0)) server.close();
  });

  async function listen(greet: (socket: Socket) => void): Promise<ConnectionTarget> {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      greet(socket);
    });
    listening.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return { ...probed.instrument, port: address.port };
  }

  it('keep the cap on a black hole, and leave no socket behind', async () => {
    const target = await listen((socket) => socket.resume());
    const { made, ticks } = instruments({
      kinds: ['new-connection'],
      target,
      intervalMs: 10,
      timeoutMs: 4_000,
      mustOpen: false,
    });
    await made.start();
    let peak = 0;
    const left = () =>
      ticks('new-connection').filter(({ error }) => error?.message.startsWith('64 attempts'));
    const capped = (): boolean => {
      peak = Math.max(peak, sockets.size);
      return left().length > 0;
    };
    await until(probed.clock, capped, 'the cap');
    await made.finish();
    // The other side sees a close a little later than this one.
    expect(peak).toBeGreaterThan(32);
    expect(peak).toBeLessThanOrEqual(72);
    await until(probed.clock, () => sockets.size === 0, 'all sockets to be closed');
    expect(left().every(({ outcome }) => outcome === 'unknown')).toBe(true);
    expect(ticks('new-connection').some(({ error }) => error?.kind === 'timeout')).toBe(true);
  });

  it.each([
    ['random bytes', Buffer.from([0x9c, 0x00, 0xff, 0xff, 0xff, 0xff, 0x01, 0x52])],
    ['an absurd length', Buffer.from([0x52, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
    ['a truncated error', Buffer.from([0x45, 0, 0, 0, 6, 0x53, 0x46])],
    ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['nothing', Buffer.alloc(0)],
  ])('take %s for a failure', async (_what, bytes) => {
    const target = await listen((socket) => socket.end(bytes));
    for (const tls of ['disable', 'require'] as const) {
      const { made, polls, waitFor } = instruments({
        kinds: ['new-connection', 'held-session'],
        target: { ...target, tls: { mode: tls, caPem: null } },
        timeoutMs: 1_000,
        mustOpen: false,
      });
      await made.start();
      await waitFor('new-connection', 2);
      await waitFor('held-session', 2);
      await made.finish();
      for (const lane of ['new-connection', 'held-session'] as const)
        for (const poll of polls(lane)) expect(poll.outcome).not.toBe('ok');
    }
  });
});
