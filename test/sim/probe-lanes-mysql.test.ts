import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LaneKind } from '../../harness/history/entry.js';
import { Instruments } from '../../harness/probe/instruments.js';
import { openConnection } from '../../harness/probe/open-connection.js';
import type { ConnectionTarget } from '../../harness/probe/target.js';
import {
  entryKeeper,
  mysqlFlavours,
  type ProbedServer,
  probedServer,
  until,
} from '../support/probed-server.js';

const holding: LaneKind[] = ['held-session', 'idle-session', 'writer', 'reader'];
const kinds: LaneKind[] = ['new-connection', ...holding, 'served-by', 'observer'];

interface Settings {
  readonly kinds?: readonly LaneKind[];
  readonly target?: ConnectionTarget;
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  readonly mustOpen?: boolean;
}

function instruments(probed: ProbedServer, settings: Settings = {}) {
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
          edgeIntervalMs: null,
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

for (const { engine, isMissing } of mysqlFlavours)
  describe.skipIf(isMissing)(`lanes on ${engine}`, () => {
    let probed: ProbedServer;
    beforeAll(async () => {
      probed = await probedServer(engine);
    });
    afterAll(() => probed?.remove());

    it('are all ok while nothing happens, name the server, and count their sessions', async () => {
      const { made, polls, waitFor } = instruments(probed);
      expect(await made.start()).toEqual(
        holding.map((kind) => ({ sessionKind: `probe ${kind}`, count: 1 })),
      );
      for (const kind of kinds) if (kind !== 'served-by') await waitFor(kind, 3);
      await made.finish();
      const server = {
        version: probed.version,
        flavour: engine === 'mysql' ? 'MySQL' : 'MariaDB',
      };
      for (const kind of ['new-connection', ...holding] as const)
        for (const poll of polls(kind)) {
          expect(poll).toMatchObject({ outcome: 'ok', error: null });
          // What writes is answered without rows, and what is idle is not answered at all.
          if (kind !== 'idle-session' && kind !== 'writer')
            expect(poll.server).toMatchObject(server);
        }
      expect(polls('idle-session').at(-1)).toMatchObject({
        finalCheck: true,
        outcome: 'ok',
        server,
      });
      expect((await probed.rows('SELECT COUNT(*) FROM rehearse.probe_write'))[0]?.[0]).toBe(
        String(polls('writer').filter(({ outcome }) => outcome === 'ok').length),
      );
    });

    it('tell the server what they are', async () => {
      const { made } = instruments(probed, { kinds: ['held-session'] });
      await made.start();
      const rows = await probed.rows(
        'SELECT attr_value FROM performance_schema.session_connect_attrs ' +
          "WHERE attr_name = 'program_name'",
      );
      await made.finish();
      expect(rows).toContainEqual(['rehearse/probe/held-session']);
    });

    it('feel a restart: fail, then reconnect and say so', async () => {
      const { made, polls, waitFor } = instruments(probed);
      await made.start();
      for (const kind of holding) await waitFor(kind, 2);
      await probed.server.stop('fast');
      for (const kind of ['new-connection', ...holding] as const) {
        const failed = () => polls(kind).filter(({ outcome }) => outcome !== 'ok').length;
        await until(probed.clock, () => failed() >= 3, `failures of ${kind}`);
      }
      await probed.server.start();
      for (const kind of ['new-connection', ...holding] as const)
        await until(probed.clock, () => polls(kind).at(-1)?.outcome === 'ok', `${kind} to be back`);
      await made.finish();
      for (const kind of holding) {
        const lane = polls(kind);
        const first = lane.find(({ outcome }) => outcome !== 'ok');
        expect(['closed', 'reset', 'shutting-down', 'terminated']).toContain(first?.error?.kind);
        expect(lane.some(({ reconnected, outcome }) => reconnected && outcome === 'ok')).toBe(true);
      }
      const seen = new Set(polls('new-connection').map(({ error }) => error?.kind ?? 'ok'));
      expect(seen.has('refused')).toBe(true);
      expect(seen.has('other')).toBe(false);
    });

    it('time out on a server that is frozen, each at its own deadline, and recover', async () => {
      const { made, polls, waitFor } = instruments(probed, {
        kinds: ['held-session', 'new-connection'],
        intervalMs: 200,
        timeoutMs: 2_000,
      });
      await made.start();
      await waitFor('held-session', 2);
      probed.server.freeze();
      const late = (lane: LaneKind) =>
        polls(lane).filter(({ error }) => error?.kind === 'timeout').length;
      await until(probed.clock, () => late('held-session') >= 2, 'time-outs of the held session');
      await until(probed.clock, () => late('new-connection') >= 2, 'time-outs');
      probed.server.thaw();
      const isOk = (lane: LaneKind) => polls(lane).at(-1)?.outcome === 'ok';
      await until(probed.clock, () => isOk('held-session') && isOk('new-connection'), 'recovery');
      await made.finish();
      for (const poll of polls('held-session'))
        if (poll.error?.message.startsWith('no answer'))
          expect(poll.endNs - poll.scheduledNs).toBeGreaterThanOrEqual(1_999e6);
    });

    it('call a read-only server read-only, and come back by dialling anew', async () => {
      const { made, polls, waitFor } = instruments(probed, { kinds: ['writer'] });
      await made.start();
      await waitFor('writer', 2);
      await probed.sql('SET GLOBAL read_only = 1');
      const failed = () =>
        polls('writer').filter(({ error }) => error?.kind === 'read-only').length;
      await until(probed.clock, () => failed() >= 2, 'refused writes');
      await probed.sql('SET GLOBAL read_only = 0');
      await until(probed.clock, () => polls('writer').at(-1)?.outcome === 'ok', 'writes again');
      await made.finish();
      expect(polls('writer').find(({ error }) => error?.kind === 'read-only')).toMatchObject({
        outcome: 'fail',
        error: { errorNumber: 1290 },
      });
    });

    it('are told of too many connections', async () => {
      const [[before] = []] = await probed.rows('SELECT @@max_connections');
      await probed.sql('SET GLOBAL max_connections = 10');
      const { clock, instrument: target } = probed;
      const opened = await Promise.all(
        Array.from({ length: 14 }, () =>
          openConnection({ target, clock, applicationName: 'rehearse/test', timeoutMs: 10_000 }),
        ),
      );
      await Promise.all(opened.map(({ connection }) => connection?.close()));
      for (let wait = 0; ; wait++) {
        // The administrator's own place may be taken for a moment longer.
        const done = await probed.sql(`SET GLOBAL max_connections = ${before}`).then(
          () => true,
          () => false,
        );
        if (done || wait > 200) break;
        await clock.sleep(20);
      }
      const refused = opened.flatMap(({ failure }) => failure ?? []);
      expect(refused.length).toBeGreaterThan(0);
      for (const failure of refused)
        expect(failure).toMatchObject({ kind: 'too-many-connections', errorNumber: 1040 });
    });

    it('commit each write, whatever the server begins sessions with', async () => {
      await probed.sql('TRUNCATE rehearse.probe_write', 'SET GLOBAL autocommit = 0');
      const { made, polls, waitFor } = instruments(probed, { kinds: ['writer'] });
      await made.start();
      await waitFor('writer', 3);
      const written = polls('writer').filter(({ outcome }) => outcome === 'ok').length;
      // Seen by another session while the writer's own goes on.
      const [[seen] = []] = await probed.rows('SELECT COUNT(*) FROM rehearse.probe_write');
      await probed.sql('SET GLOBAL autocommit = 1');
      await made.finish();
      expect(written).toBeGreaterThanOrEqual(3);
      expect(Number(seen)).toBeGreaterThanOrEqual(written);
    });

    it('never write the password down when it is wrong', async () => {
      const target = { ...probed.instrument, password: 'a-wrong-password' };
      const { made, kept, polls, waitFor } = instruments(probed, {
        kinds: ['new-connection'],
        target,
      });
      await made.start();
      await waitFor('new-connection', 2);
      await made.finish();
      for (const { error } of polls('new-connection'))
        expect(error).toMatchObject({ kind: 'auth', errorNumber: 1045 });
      expect(JSON.stringify(kept.of('poll'))).not.toContain('a-wrong-password');
    });

    it('refuse to begin a rehearsal whose session cannot be opened', async () => {
      const target = { ...probed.instrument, database: 'nowhere' };
      const { made } = instruments(probed, { kinds: ['held-session'], target });
      await expect(made.start()).rejects.toThrow(/held-session could not be opened.*nowhere/);
      await made.finish();
    });
  });

describe('lanes on something that is no MySQL', () => {
  const listening: NetServer[] = [];
  const sockets = new Set<Socket>();
  let probed: Pick<ProbedServer, 'clock'>;
  beforeAll(async () => {
    const { systemClock } = await import('../../sim/clock.js');
    probed = { clock: systemClock() };
  });
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
    return {
      name: 'writer',
      engine: 'mysql',
      host: '127.0.0.1',
      port: address.port,
      user: 'me',
      password: 'hunter22',
      database: 'app',
      tls: { mode: 'disable', caPem: null },
    };
  }

  const hello = Buffer.concat([
    Buffer.from([0x0a]),
    Buffer.from('8.0.36\0'),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('abcdefgh\0'),
    Buffer.from([0xff, 0xff, 0x21, 0x02, 0x00, 0xff, 0xdf, 21]),
    Buffer.alloc(10),
    Buffer.from('ijklmnopqrst\0caching_sha2_password\0'),
  ]);
  const packet = (body: Buffer, sequence: number): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUIntLE(body.length, 0, 3);
    head[3] = sequence;
    return Buffer.concat([head, body]);
  };

  it.each([
    ['random bytes', Buffer.from([0x9c, 0x00, 0xff, 0xff, 0xff, 0xff, 0x01, 0x52])],
    ['an absurd length', Buffer.from([0xff, 0xff, 0xff, 0, 10])],
    ['another protocol', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
    ['a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a truncated greeting', packet(hello.subarray(0, 20), 0)],
    ['a greeting and no more', packet(hello, 0)],
    ['an error before the greeting', packet(Buffer.from('\xff\x10\x04Too many', 'latin1'), 0)],
    [
      'a greeting, then nonsense',
      Buffer.concat([packet(hello, 0), packet(Buffer.from([7, 7]), 2)]),
    ],
    ['a key that is none', Buffer.concat([packet(hello, 0), packet(Buffer.from([1, 4]), 2)])],
    ['a greeting out of order', packet(hello, 9)],
    ['nothing', Buffer.alloc(0)],
  ])('take %s for a failure', async (_what, bytes) => {
    const target = await listen((socket) => {
      socket.resume();
      socket.end(bytes);
    });
    for (const mode of ['disable', 'require', 'verify-full'] as const) {
      const { made, polls, waitFor } = instruments(probed as ProbedServer, {
        kinds: ['new-connection', 'held-session'],
        target: { ...target, tls: { mode, caPem: null } },
        timeoutMs: 1_000,
        mustOpen: false,
      });
      await made.start();
      await waitFor('new-connection', 2);
      await waitFor('held-session', 2);
      await made.finish();
      for (const lane of ['new-connection', 'held-session'] as const)
        for (const poll of polls(lane)) {
          expect(poll.outcome).not.toBe('ok');
          expect(poll.error?.message).not.toContain('hunter22');
        }
    }
  });

  it('keep the cap on a black hole, and leave no socket behind', async () => {
    const target = await listen((socket) => socket.resume());
    const { made, ticks } = instruments(probed as ProbedServer, {
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
});
