import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ticker } from '../../harness/probe/ticker.js';
import { ManualClock } from '../../sim/clock.js';

interface Seen {
  readonly tick: number;
  readonly scheduledNs: number;
  readonly atNs: number;
  readonly begun: boolean;
}

function watch(clock: ManualClock, startMs: number, intervalMs: number, lateLimitMs: number) {
  const seen: Seen[] = [];
  const take = (begun: boolean) => (tick: number, scheduledNs: number) => {
    seen.push({ tick, scheduledNs, atNs: clock.nowNs(), begun });
  };
  const ticker = new Ticker({
    clock,
    startNs: startMs * 1e6,
    intervalNs: intervalMs * 1e6,
    lateLimitNs: lateLimitMs * 1e6,
    onTick: take(true),
    onSkipped: take(false),
  });
  return { seen, ticker };
}

describe('ticker', () => {
  it('begins tick k at start + k intervals, without drift', async () => {
    const clock = new ManualClock();
    const { seen, ticker } = watch(clock, 3, 10, 50);
    ticker.start();
    await clock.advance(1_000);
    ticker.stop();
    expect(seen).toHaveLength(100);
    for (const [k, one] of seen.entries()) {
      expect(one.tick).toBe(k);
      expect(one.scheduledNs).toBe((3 + 10 * k) * 1e6);
      expect(one.atNs).toBe(one.scheduledNs);
      expect(one.begun).toBe(true);
    }
  });

  it('accounts for every tick once, in order and never early, through any stall', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 40 }),
        fc.constantFrom(10, 33.5, 100, 500),
        fc.array(fc.record({ stallMs: fc.nat(3_000), restMs: fc.nat(400) }), { maxLength: 12 }),
        async (startMs, intervalMs, stalls) => {
          const clock = new StallingClock();
          const lateLimitMs = Math.max(intervalMs, 50);
          const { seen, ticker } = watch(clock, startMs, intervalMs, lateLimitMs);
          ticker.start();
          for (const { stallMs, restMs } of stalls) {
            clock.stall(stallMs);
            await clock.advance(restMs);
          }
          ticker.stop();
          const endMs = clock.nowNs() / 1e6;
          const due = endMs < startMs ? 0 : Math.floor((endMs - startMs) / intervalMs) + 1;
          expect(seen.map((one) => one.tick)).toEqual(Array.from({ length: due }, (_, k) => k));
          for (const one of seen) {
            const lateNs = one.atNs - one.scheduledNs;
            expect(lateNs).toBeGreaterThanOrEqual(0);
            expect(one.begun).toBe(lateNs <= lateLimitMs * 1e6);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('reports a stall of hours in bounded turns', async () => {
    const clock = new StallingClock();
    const { seen, ticker } = watch(clock, 0, 10, 50);
    ticker.start();
    clock.stall(3_600_000);
    await clock.advance(0);
    ticker.stop();
    expect(seen).toHaveLength(360_001);
    expect(seen.filter((one) => one.begun)).toHaveLength(6);
    expect(clock.turns).toBeGreaterThan(300);
  });

  it('does nothing after stop', async () => {
    const clock = new ManualClock();
    const { seen, ticker } = watch(clock, 0, 10, 50);
    ticker.start();
    await clock.advance(25);
    ticker.stop();
    await clock.advance(1_000);
    expect(seen.map((one) => one.tick)).toEqual([0, 1, 2]);
  });
});

/** A clock whose thread can be held up: time passes, and no timer fires meanwhile. */
class StallingClock extends ManualClock {
  #addedNs = 0;
  turns = 0;

  stall(durationMs: number): void {
    this.#addedNs += durationMs * 1e6;
  }

  override nowNs(): number {
    return super.nowNs() + this.#addedNs;
  }

  override timer(delayMs: number, callback: () => void) {
    return super.timer(delayMs, () => {
      this.turns++;
      callback();
    });
  }
}
