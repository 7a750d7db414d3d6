import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ErrorKind, LaneKind, LaneSpec } from '../../harness/history/entry.js';
import { measureLane, type PollData } from '../../harness/measure/lane.js';

const ms = 1e6;

function specOf(kind: LaneKind): LaneSpec {
  const times = { intervalMs: 500, timeoutMs: 30_000, edgeIntervalMs: null };
  return { name: kind, kind, target: 'writer', ...times };
}

function poll(
  startMs: number,
  endMs: number,
  outcome: PollData['outcome'],
  kind: ErrorKind = 'timeout',
): PollData {
  const error = outcome === 'ok' ? null : { kind, sqlstate: null, code: null, message: '' };
  const [startNs, endNs] = [Math.round(startMs * ms), Math.round(endMs * ms)];
  return { tick: startMs, scheduledNs: startNs, startNs, endNs, outcome, error, server: null };
}

const measured = (kind: LaneKind, polls: readonly PollData[]) =>
  measureLane(specOf(kind), polls, { slowNs: 250 * ms, unobserved: [] });

describe('a session that gives no answer', () => {
  const hung = [
    poll(0, 1, 'ok'),
    poll(500, 30_500, 'fail'),
    ...[1_000, 1_500, 2_000].map((at) => poll(at, 30_500, 'fail')),
  ];

  it('was silent all the time that the client waited, but for an answer on either side', () => {
    const { downtime, outages } = measured('held-session', hung);
    expect(downtime).toMatchObject({ lowerNs: 28_000 * ms, upperNs: null });
    expect(outages[0]?.begin.latestNs).toBe(1_500 * ms);
    expect(outages[0]?.end.earliestNs).toBe(29_500 * ms);
    const closed = measured('held-session', [...hung, poll(31_000, 31_002, 'ok')]);
    expect(closed.downtime.upperNs).toBe(31_002 * ms);
    expect(closed.downtime.estimateNs).toBeGreaterThan(28_000 * ms);
  });

  it('says nothing of a lane that dials at every tick', () => {
    expect(measured('new-connection', hung).downtime.lowerNs).toBe(0);
  });

  it('is not one that only failed late, nor one that no ok poll showed', () => {
    const reset = hung.map((one) =>
      one.error === null ? one : { ...one, error: { ...one.error, kind: 'reset' as const } },
    );
    expect(measured('writer', reset).downtime.lowerNs).toBe(0);
    expect(measured('writer', hung.slice(1)).downtime.lowerNs).toBe(0);
  });

  it('is not the dial that follows the loss of the session', () => {
    const dialled = [
      poll(0, 1, 'ok'),
      poll(500, 501, 'fail', 'reset'),
      poll(1_000, 31_000, 'fail'),
      poll(31_500, 31_502, 'ok'),
    ];
    expect(measured('held-session', dialled).downtime.lowerNs).toBe(499 * ms);
    const inDoubt = [poll(0, 1, 'ok'), poll(500, 600, 'unknown', 'reset'), ...dialled.slice(2)];
    expect(measured('writer', inDoubt).downtime.lowerNs).toBe(0);
  });

  it('counts once where a poll in doubt parts those that waited', () => {
    const parted = [...hung, poll(1_200, 30_500, 'unknown')];
    expect(measured('writer', parted).downtime.lowerNs).toBe(28_000 * ms);
  });
});

interface World {
  readonly downFromMs: number;
  readonly downToMs: number;
  readonly timeoutMs: number;
  /** What it takes from client to server, and the same back. */
  readonly wayMs: number;
}

/**
 * A session that is used by one attempt at a time, as the lanes do. What is asked while it is down
 * is answered once it is up again, if the client has not given up; what then dials is never heard
 * if it did so too early. A loss fails all that wait, a dial's loss all that joined it.
 */
function held({ downFromMs, downToMs, timeoutMs, wayMs }: World): PollData[] {
  const isDown = (atMs: number): boolean => atMs >= downFromMs && atMs < downToMs;
  const polls: PollData[] = [];
  let failing: { fromMs: number; toMs: number; isDial: boolean } | null = null;
  let hasSession = true;
  let freeMs = 0;
  for (let startMs = 0; startMs < downToMs + 3 * timeoutMs; startMs += 500) {
    if (failing !== null && startMs < failing.toMs) {
      const fromMs = failing.isDial ? failing.fromMs : startMs;
      polls.push({ ...poll(fromMs, failing.toMs, 'fail'), tick: startMs });
      continue;
    }
    const seenMs = Math.max(startMs, freeMs) + wayMs;
    const isCut = seenMs < downFromMs && seenMs + wayMs > downFromMs;
    const waits = isDown(seenMs) || isCut;
    const unheard: boolean = waits && !hasSession;
    const endMs: number = unheard ? Number.POSITIVE_INFINITY : (waits ? downToMs : seenMs) + wayMs;
    const deadlineMs = startMs + timeoutMs;
    const isOk: boolean = endMs <= deadlineMs;
    polls.push(poll(startMs, isOk ? endMs : deadlineMs, isOk ? 'ok' : 'fail'));
    failing = isOk ? null : { fromMs: startMs, toMs: deadlineMs, isDial: !hasSession };
    hasSession = isOk;
    freeMs = isOk ? endMs : deadlineMs;
  }
  return polls;
}

describe('simulated sessions with a known outage', () => {
  const worlds = fc
    .record({
      downFromMs: fc.double({ min: 2_000, max: 4_000, noNaN: true }),
      lengthMs: fc.double({ min: 100, max: 90_000, noNaN: true }),
      timeoutMs: fc.constantFrom(1_000, 3_000, 5_000, 30_000),
      // An attempt takes less than a tick, or those that wait would be ever more.
      wayMs: fc.double({ min: 0.1, max: 240, noNaN: true }),
    })
    .map(({ lengthMs, ...rest }) => ({ ...rest, downToMs: rest.downFromMs + lengthMs }));

  it('were down at least as long as the lower bound says', () => {
    let told = 0;
    fc.assert(
      fc.property(worlds, (world) => {
        const trueNs = (world.downToMs - world.downFromMs) * ms;
        const { outages } = measured('held-session', held(world));
        for (const outage of outages) {
          expect(outage.lowerNs).toBeLessThanOrEqual(trueNs + 2);
          expect(outage.upperNs ?? trueNs).toBeGreaterThanOrEqual(trueNs - 2);
          expect(outage.begin.latestNs).toBeGreaterThanOrEqual(world.downFromMs * ms - 2);
          expect(outage.end.earliestNs).toBeLessThanOrEqual(world.downToMs * ms + 2);
          if (outage.lowerNs > trueNs / 2) told += 1;
        }
      }),
      { numRuns: 1_000 },
    );
    // Else the bound says next to nothing.
    expect(told).toBeGreaterThan(100);
  });
});
