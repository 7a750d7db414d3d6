import { beforeEach, describe, expect, it } from 'vitest';
import type { EntryOf, LaneKind, LaneSpec } from '../../harness/history/entry.js';
import { ownFailure } from '../../harness/probe/failure.js';
import { Stability } from '../../harness/probe/stability.js';

type Poll = EntryOf<'poll'>['data'];

const intervalMs = 100;
const spec = (name: string, kind: LaneKind = 'new-connection', target = 'db'): LaneSpec => ({
  ...{ name, kind, target, intervalMs, timeoutMs: 5_000, edgeIntervalMs: null },
});
const refused = ownFailure('refused', 'connect ECONNREFUSED');
const notSent = ownFailure('not-sent', 'late');

/** A tick that is due at `100 ms * tick` and takes so long. */
function poll(
  tick: number,
  more: {
    tookMs?: number;
    error?: Poll['error'];
    version?: string;
    lane?: string;
    target?: string;
  },
): EntryOf<'poll'> {
  const { tookMs = 1, error = null, version = '17.4', lane = 'new-connection' } = more;
  const dueNs = tick * intervalMs * 1e6;
  const outcome = error === null ? 'ok' : error.kind === 'not-sent' ? 'unknown' : 'fail';
  const endNs = dueNs + tookMs * 1e6;
  return {
    ...{ v: 1, seq: 0, producer: 'probes', atNs: endNs, clock: 'client', kind: 'poll' },
    subject: { lane, endpoint: more.target ?? 'db' },
    data: {
      ...{ tick, scheduledNs: dueNs, startNs: dueNs, endNs, outcome, error },
      server: error === null ? { version } : null,
    },
  };
}

describe('stable again', () => {
  let stability: Stability;
  const ticks = (from: number, to: number, more: Parameters<typeof poll>[1] = {}): void => {
    for (let tick = from; tick <= to; tick++) stability.take(poll(tick, more));
  };
  const stableMs = (nowMs: number): number | null => {
    const ns = stability.stableForNs(nowMs * 1e6);
    return ns === null ? null : ns / 1e6;
  };
  beforeEach(() => {
    stability = new Stability([spec('new-connection'), spec('observer', 'observer')]);
  });

  it('needs something to be stable after', () => {
    expect(stableMs(50)).toBeNull();
    ticks(0, 50);
    expect(stableMs(5_050)).toBeNull();
  });

  it('counts from the end of the last poll that was not ok', () => {
    ticks(0, 4);
    ticks(5, 6, { error: refused });
    expect(stableMs(650)).toBeNull();
    ticks(7, 9);
    expect(stableMs(950)).toBe(950 - 601);
    ticks(10, 10, { error: notSent });
    expect(stableMs(1_050)).toBeNull();
    ticks(11, 12);
    expect(stableMs(1_250)).toBe(1_250 - 1_001);
  });

  it('takes no attempt that is under way for a good one', () => {
    ticks(0, 0, { error: refused });
    ticks(1, 3);
    // Tick 4 hangs; those behind it answered, and then nothing does.
    ticks(5, 6);
    expect(stableMs(650)).toBe(400 - 1);
    expect(stableMs(1_300)).toBe(400 - 1);
    expect(stableMs(1_401)).toBeNull();
    stability.take(poll(4, { tookMs: 5_000, error: refused }));
    expect(stableMs(5_450)).toBeNull();
  });

  it('begins anew after an attempt that hung, though it was answered in the end', () => {
    ticks(0, 0, { error: refused });
    ticks(1, 3);
    stability.take(poll(4, { tookMs: 3_000 }));
    ticks(5, 34);
    expect(stableMs(3_450)).toBeNull();
    ticks(35, 37);
    expect(stableMs(3_750)).toBe(3_750 - 3_400);
  });

  it('lets answers take as long as they usually do', () => {
    ticks(0, 0, { error: refused });
    ticks(1, 20, { tookMs: 2_000 });
    // Tick 21 and those behind it are at their usual two seconds.
    expect(stableMs(4_050)).toBe(2_100 - 1);
    expect(stableMs(2_100 + 6_000)).toBe(2_100 - 1);
    expect(stableMs(2_101 + 6_000)).toBeNull();
  });

  it('wants a success that began after what went wrong had ended', () => {
    ticks(0, 0);
    stability.take(poll(1, { tookMs: 5_000, error: refused }));
    ticks(2, 51, { tookMs: 10 });
    expect(stableMs(5_120)).toBeNull();
    ticks(52, 52);
    expect(stableMs(5_250)).toBe(5_250 - 5_100);
  });

  it('is of all lanes', () => {
    stability = new Stability([spec('new-connection'), spec('held-session')]);
    ticks(0, 0, { error: refused });
    ticks(1, 9);
    expect(stableMs(950)).toBeNull();
    ticks(0, 9, { lane: 'held-session' });
    expect(stableMs(950)).toBe(950 - 1);
    ticks(10, 15);
    expect(stableMs(1_550)).toBe(1_000 - 1);
  });

  it('takes another version of a target for trouble, and another target for none', () => {
    stability = new Stability([spec('w/new-connection'), spec('r/new-connection')]);
    const [w, r] = [
      { lane: 'w/new-connection', target: 'w' },
      { lane: 'r/new-connection', target: 'r', version: '17.5' },
    ];
    for (let tick = 0; tick < 10; tick++) {
      ticks(tick, tick, w);
      ticks(tick, tick, r);
    }
    expect(stableMs(950)).toBeNull();
    ticks(10, 14, { ...w, version: '17.5' });
    ticks(10, 14, r);
    // Every answer of the new version is the same trouble.
    expect(stableMs(1_450)).toBe(1_450 - 1_001);
  });
});
