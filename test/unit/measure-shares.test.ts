import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Attempt, findOutages } from '../../harness/measure/outages.js';
import { shareOut, union, type Windows } from '../../harness/measure/windows.js';

const ms = 1e6;

function polled(downFromMs: number, downToMs: number, phaseMs: number, everyMs: number): Attempt[] {
  return Array.from({ length: 60 }, (_, tick): Attempt => {
    const startMs = phaseMs + tick * everyMs;
    const isDown = startMs >= downFromMs && startMs < downToMs;
    const startNs = startMs * ms;
    const outcome = isDown ? 'fail' : 'ok';
    return { startNs, endNs: startNs + 2 * ms, outcome, endMeasured: true };
  });
}

function windowsOf(endpointMs: [number, number], busyMs: [number, number][]): Windows {
  const engineBusy = union(
    busyMs.map(([fromMs, tookMs]) => ({ fromNs: fromMs * ms, toNs: (fromMs + tookMs) * ms })),
  );
  const [fromMs, toMs] = endpointMs;
  const endpoint = [{ fromNs: fromMs * ms, toNs: toMs * ms }];
  return { endpoint, engine: engineBusy, engineBusy, faults: [] };
}

describe('the shares of an outage', () => {
  it('are never negative and add up to its estimate', () => {
    const span = fc.tuple(fc.integer({ min: 0, max: 9_000 }), fc.integer({ min: 1, max: 4_000 }));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 499 }),
        fc.integer({ min: 2_000, max: 5_000 }),
        fc.integer({ min: 10, max: 6_000 }),
        fc.integer({ min: -1_500, max: 1_500 }),
        fc.integer({ min: 1, max: 6_000 }),
        fc.array(span, { maxLength: 4 }),
        span,
        (phaseMs, downMs, tookMs, shiftMs, windowMs, busy, [faultMs, faultTookMs]) => {
          const attempts = polled(downMs, downMs + tookMs, phaseMs, 500);
          const windows = {
            ...windowsOf([downMs + shiftMs, downMs + shiftMs + windowMs], busy),
            faults: [{ fromNs: faultMs * ms, toNs: (faultMs + faultTookMs) * ms }],
          };
          for (const outage of findOutages(attempts, { blindGapNs: 1_000 * ms })) {
            const shares = shareOut(outage, windows);
            if (shares === null) throw new Error('no shares');
            const { modelledNs, engineNs, injectedNs, clientNs } = shares;
            const all = [modelledNs, engineNs, injectedNs, clientNs];
            expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
            const sumNs = all.reduce((sum, share) => sum + share, 0);
            expect(sumNs).toBeCloseTo(outage.estimateNs, 0);
          }
        },
      ),
    );
  });

  it('give an injected fault what is its own', () => {
    const [outage] = findOutages(polled(3_000, 5_000, 100, 100), { blindGapNs: 1_000 * ms });
    if (outage === undefined) throw new Error('no outage');
    const faults = [{ fromNs: 3_000 * ms, toNs: 5_000 * ms }];
    const shares = shareOut(outage, { endpoint: [], engine: [], engineBusy: [], faults });
    expect(shares?.injectedNs).toBeGreaterThan(1_800 * ms);
    expect(shares?.modelledNs).toBe(0);
    expect(shares?.clientWithinProbeError).toBe(true);
  });

  it('leave the client what lies beyond the window', () => {
    const [outage] = findOutages(polled(3_000, 6_000, 100, 100), { blindGapNs: 1_000 * ms });
    if (outage === undefined) throw new Error('no outage');
    const shares = shareOut(outage, windowsOf([3_000, 5_000], [[3_500, 700]]));
    expect(shares?.engineNs).toBe(700 * ms);
    expect(shares?.modelledNs).toBe(1_300 * ms);
    expect((shares?.clientNs ?? 0) / ms).toBeCloseTo(1_000, -2);
  });
});
