import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntryDraft, EntryOf, Failure } from '../../harness/history/entry.js';
import { measureLane } from '../../harness/measure/lane.js';
import type { Attempts } from '../../harness/probe/attempt.js';
import type { DatabaseConnection, Opened } from '../../harness/probe/connection.js';
import type { DialOptions } from '../../harness/probe/dialled-session.js';
import { ownFailure } from '../../harness/probe/failure.js';
import { HeldSession } from '../../harness/probe/held-session.js';
import { IdleSession } from '../../harness/probe/idle-session.js';
import { Lane } from '../../harness/probe/lane.js';
import { postgresDialect } from '../../harness/probe/postgres/dialect.js';
import { ask } from '../../harness/probe/session-uses.js';
import { ManualClock } from '../../sim/clock.js';

const ms = 1e6;
const refused = ownFailure('refused', 'connect ECONNREFUSED');
const late = (what: string): Failure => ownFailure('timeout', what);

/** A server that is down once. Sessions end with it; dials meanwhile are refused or swallowed. */
class Server {
  readonly #clock: ManualClock;
  readonly #settings: ServerSettings;
  dials = 0;
  dialling = 0;
  diallingPeak = 0;

  constructor(clock: ManualClock, settings: ServerSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  get isDown(): boolean {
    const { fromMs, toMs } = this.#settings;
    return this.#clock.nowNs() >= fromMs * ms && this.#clock.nowNs() < toMs * ms;
  }

  async dial(timeoutMs: number): Promise<Opened> {
    const { down, fromMs } = this.#settings;
    // The session that is there before the first tick.
    const dialMs = this.dials++ === 0 ? 0 : this.#settings.dialMs;
    this.diallingPeak = Math.max(this.diallingPeak, ++this.dialling);
    try {
      if (this.isDown) {
        if (down === 'refuses') return { failure: refused };
        await this.#clock.sleep(timeoutMs);
        return { failure: late('no connection') };
      }
      const before = this.#clock.nowNs() < fromMs * ms;
      await this.#clock.sleep(Math.min(dialMs, timeoutMs));
      if (dialMs >= timeoutMs) return { failure: late('no connection') };
      if (before && this.#clock.nowNs() >= fromMs * ms)
        return { failure: ownFailure('reset', 'read ECONNRESET') };
      return { connection: this.#connection() };
    } finally {
      this.dialling--;
    }
  }

  #connection(): DatabaseConnection {
    const clock = this.#clock;
    const { fromMs, queryMs } = this.#settings;
    const endsNs = clock.nowNs() < fromMs * ms ? fromMs * ms : Number.POSITIVE_INFINITY;
    const gone = ownFailure('terminated', 'terminating connection');
    const lost = (): Failure | null => (clock.nowNs() >= endsNs ? gone : null);
    return {
      get lost() {
        return lost();
      },
      query: async () => {
        await clock.sleep(queryMs);
        const failure = lost();
        if (failure !== null) return { ok: false, failure, sent: true, definite: false };
        return { ok: true, command: 'SELECT', rows: [['17.4']] };
      },
      close: async () => {},
      destroy: () => {},
    };
  }
}

interface ServerSettings {
  readonly down: 'refuses' | 'swallows';
  readonly fromMs: number;
  readonly toMs: number;
  readonly dialMs: number;
  readonly queryMs: number;
}

interface LaneSettings {
  readonly kind: 'idle-session' | 'held-session';
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly edgeIntervalMs: number | null;
}

async function watch(server: ServerSettings, settings: LaneSettings, untilMs: number) {
  const clock = new ManualClock();
  const at = new Server(clock, server);
  const { kind, timeoutMs } = settings;
  const options: DialOptions = { dial: (within) => at.dial(within), clock, timeoutMs };
  const attempts: Attempts =
    kind === 'idle-session'
      ? new IdleSession(options, postgresDialect)
      : new HeldSession(options, ask(clock, postgresDialect, postgresDialect.askHeld));
  const drafts: EntryDraft[] = [];
  const spec = { name: kind, target: 'db', ...settings };
  const record = (draft: EntryDraft): void => void drafts.push(draft);
  const lane = new Lane({ spec, attempts, clock, record, startNs: 0, inFlightMax: 1_000 });
  const opened = attempts.open?.(timeoutMs);
  await clock.advance(0);
  expect(await opened).toBeNull();
  lane.start();
  await clock.advance(untilMs);
  const stopped = lane.stop();
  await clock.advance(2 * timeoutMs);
  await stopped;
  const polls = drafts.flatMap((draft): EntryOf<'poll'>['data'][] =>
    draft.kind === 'poll' ? [draft.data] : [],
  );
  return { at, polls, measured: measureLane(spec, polls, { slowNs: 250 * ms, unobserved: [] }) };
}

const kinds = ['idle-session', 'held-session'] as const;

describe.each(kinds)('the lane %s', (kind) => {
  it('claims no more of an outage than there was of it', async () => {
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          down: fc.constantFrom('refuses' as const, 'swallows' as const),
          fromMs: fc.integer({ min: 500, max: 1_500 }),
          downMs: fc.integer({ min: 1, max: 4_000 }),
          dialMs: fc.constantFrom(2, 30, 700),
          queryMs: fc.constantFrom(1, 20),
        }),
        fc.constantFrom(50, 100, 500),
        fc.constantFrom(null, 10),
        async ({ downMs, ...server }, intervalMs, edgeIntervalMs) => {
          const { fromMs } = server;
          const settings = { kind, intervalMs, timeoutMs: 2_000, edgeIntervalMs };
          const toMs = fromMs + downMs;
          const { measured, polls, at } = await watch({ ...server, toMs }, settings, 12_000);
          const [outage, ...more] = measured.outages;
          expect(more).toEqual([]);
          expect(measured.ticks.at(-1)?.outcome).toBe('ok');
          expect(polls.every(({ startNs, endNs }) => startNs <= endNs)).toBe(true);
          expect(at.diallingPeak).toBe(1);
          if (outage === undefined) return;
          seen++;
          expect(outage.lowerNs).toBeLessThanOrEqual(downMs * ms);
          expect(outage.upperNs ?? 0).toBeGreaterThanOrEqual(downMs * ms);
        },
      ),
      { numRuns: 150 },
    );
    expect(seen).toBeGreaterThan(50);
  });

  it('says of a dial that it joined when that began', async () => {
    const server = { down: 'swallows', fromMs: 950, toMs: 2_250, dialMs: 2, queryMs: 1 } as const;
    const settings = { kind, intervalMs: 500, timeoutMs: 5_000, edgeIntervalMs: null };
    const { measured, at } = await watch(server, settings, 12_000);
    // The loss at 1 s; from 1.5 s on one dial that nobody answers, though the server is back.
    const { ticks } = measured;
    expect(ticks[2]).toMatchObject({ outcome: 'fail', error: { kind: 'terminated' } });
    const joined = ticks.slice(3, 13);
    expect(joined.map(({ outcome }) => outcome)).toEqual(Array(10).fill('fail'));
    for (const { startNs, endNs } of joined)
      expect([startNs, endNs]).toEqual([1_500 * ms, joined[0]?.endNs]);
    expect(at.dials).toBe(3);
    expect(measured.downtime.lowerNs).toBeLessThanOrEqual(1_300 * ms);
    expect(measured.downtime.upperNs).toBeGreaterThanOrEqual(1_300 * ms);
  });

  it('comes back where logging in takes longer than a tick', async () => {
    const server = { down: 'swallows', fromMs: 950, toMs: 2_250, dialMs: 300, queryMs: 1 } as const;
    const settings = { kind, intervalMs: 50, timeoutMs: 2_000, edgeIntervalMs: 10 };
    const { measured, polls } = await watch(server, settings, 8_000);
    expect(measured.ticks.at(-1)?.outcome).toBe('ok');
    expect(measured.outages).toHaveLength(1);
    expect(measured.outages[0]?.end.latestNs).toBeLessThan(5_000 * ms);
    expect(polls.filter(({ reconnected }) => reconnected)).toHaveLength(1);
  });

  it('leaves a slow login the time of a tick, also where an edge poll began it', async () => {
    const server = {
      down: 'refuses',
      fromMs: 950,
      toMs: 1_200,
      dialMs: 1_500,
      queryMs: 1,
    } as const;
    const settings = { kind, intervalMs: 500, timeoutMs: 5_000, edgeIntervalMs: 10 };
    const { measured } = await watch(server, settings, 8_000);
    expect(measured.ticks.at(-1)?.outcome).toBe('ok');
    expect(measured.edgePolls.some(({ outcome }) => outcome === 'fail')).toBe(true);
    // Edge polls that only waited for another's dial looked at nothing and say nothing.
    expect(measured.edgePolls.every(({ error }) => error?.kind !== 'not-sent')).toBe(true);
  });
});

describe('the lane held-session', () => {
  it('tells of a session that was lost right behind a good answer', async () => {
    const clock = new ManualClock();
    let lost: Failure | null = null;
    let dials = 0;
    const gone = ownFailure('terminated', 'terminating connection');
    const dial = async (): Promise<Opened> => {
      const isFirst = dials++ === 0;
      const connection: DatabaseConnection = {
        get lost() {
          return isFirst ? lost : null;
        },
        query: async () => {
          if (isFirst) lost = gone;
          return { ok: true, command: 'SELECT', rows: [['17.4']] };
        },
        close: async () => {},
        destroy: () => {},
      };
      return { connection };
    };
    const use = ask(clock, postgresDialect, postgresDialect.askHeld);
    const held = new HeldSession({ dial, clock, timeoutMs: 1_000 }, use);
    const ends = [await held.attempt(ms), await held.attempt(ms), await held.attempt(ms)];
    expect(ends.map(({ outcome, error }) => error?.kind ?? outcome)).toEqual([
      ...['ok', 'terminated', 'ok'],
    ]);
    expect(ends[2]?.reconnected).toBe(true);
  });

  it('asks nothing when the turn of an attempt comes after its time', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const connection: DatabaseConnection = {
      lost: null,
      query: async () => {
        asked++;
        return { ok: true, command: 'SELECT', rows: [['17.4']] };
      },
      close: async () => {},
      destroy: () => {},
    };
    const use = ask(clock, postgresDialect, postgresDialect.askHeld);
    const dial = async (): Promise<Opened> => ({ connection });
    const held = new HeldSession({ dial, clock, timeoutMs: 1_000 }, use);
    await held.open(1_000);
    const { outcome, error } = await held.attempt(clock.nowNs());
    expect([outcome, error?.kind, asked]).toEqual(['unknown', 'not-sent', 0]);
  });

  it('takes an attempt that never had its turn for none', async () => {
    const server = { down: 'refuses', fromMs: 1e6, toMs: 1e6, dialMs: 2, queryMs: 800 } as const;
    const settings = { kind: 'held-session', intervalMs: 200, timeoutMs: 1_000 } as const;
    const { polls } = await watch(server, { ...settings, edgeIntervalMs: null }, 6_000);
    expect(polls.filter(({ outcome }) => outcome === 'ok').length).toBeGreaterThan(5);
    const waited = polls.filter(({ outcome }) => outcome !== 'ok');
    expect(waited.length).toBeGreaterThan(5);
    for (const { outcome, error } of waited)
      expect([outcome, error?.kind]).toEqual(['unknown', 'not-sent']);
  });
});
