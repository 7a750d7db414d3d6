import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ErrorKind, Failure } from '../../harness/history/entry.js';
import type { RunStarted } from '../../harness/measure/measure.js';
import { type Attempt, findOutages } from '../../harness/measure/outages.js';
import { causeIn, exercisesHang, shareOut } from '../../harness/measure/shares.js';
import { union } from '../../harness/measure/stretches.js';
import type { Windows } from '../../harness/measure/windows.js';

const ms = 1e6;

type Polled = Attempt & { readonly error: Failure | null };

function failure(kind: ErrorKind): Failure {
  return { kind, sqlstate: null, code: null, message: '' };
}

function polled(
  downFromMs: number,
  downToMs: number,
  phaseMs: number,
  everyMs: number,
  kind: ErrorKind = 'refused',
): Polled[] {
  return Array.from({ length: 60 }, (_, tick): Polled => {
    const startMs = phaseMs + tick * everyMs;
    const isDown = startMs >= downFromMs && startMs < downToMs;
    const startNs = startMs * ms;
    const outcome = isDown ? 'fail' : 'ok';
    const error = isDown ? failure(kind) : null;
    return { startNs, endNs: startNs + 2 * ms, outcome, endMeasured: true, error };
  });
}

function windowsOf(endpointMs: [number, number], busyMs: [number, number][]): Windows {
  const engineBusy = union(
    busyMs.map(([fromMs, tookMs]) => ({ fromNs: fromMs * ms, toNs: (fromMs + tookMs) * ms })),
  );
  const [fromMs, toMs] = endpointMs;
  const endpoint = [{ fromNs: fromMs * ms, toNs: toMs * ms }];
  const none = { faults: [], replicationFaults: [], frozen: [], stale: [], refused: [] };
  return { endpoint, engine: engineBusy, engineBusy, drawn: null, ...none };
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
        span,
        fc.constantFrom<ErrorKind>('refused', 'too-many-connections', 'timeout', 'read-only'),
        (phaseMs, downMs, tookMs, shiftMs, windowMs, busy, fault, [staleMs, staleTookMs], kind) => {
          const [faultMs, faultTookMs] = fault;
          const attempts = polled(downMs, downMs + tookMs, phaseMs, 500, kind);
          const windows = {
            ...windowsOf([downMs + shiftMs, downMs + shiftMs + windowMs], busy),
            faults: [{ fromNs: faultMs * ms, toNs: (faultMs + faultTookMs) * ms }],
            drawn: [{ name: 'x', toldNs: downMs * ms, lengthNs: staleTookMs * ms }],
            replicationFaults: [{ fromNs: 0, toNs: windowMs * ms }],
            frozen: [{ fromNs: staleTookMs * ms, toNs: (staleTookMs + windowMs) * ms }],
            stale: [{ fromNs: staleMs * ms, toNs: (staleMs + staleTookMs) * ms }],
          };
          for (const outage of findOutages(attempts, { blindGapNs: 1_000 * ms })) {
            const shares = shareOut(outage, windows, causeIn('held-session', true));
            if (shares === null) throw new Error('no shares');
            const { modelledNs, engineNs, injectedNs, defectNs, staleNs, clientNs } = shares;
            const { copyingNs } = shares;
            const all = [modelledNs, engineNs, injectedNs, copyingNs, defectNs, staleNs, clientNs];
            if (kind !== 'read-only') expect(staleNs).toBe(0);
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
    const shares = shareOut(outage, {
      endpoint: [],
      engine: [],
      engineBusy: [],
      faults,
      replicationFaults: [],
      frozen: [],
      drawn: null,
      stale: [],
      refused: [],
    });
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

  const onlyWindow = windowsOf([3_000, 5_000], []);
  const sharesOf = (kind: ErrorKind, causeOf: ReturnType<typeof causeIn>) => {
    const attempts = polled(3_000, 6_000, 100, 100, kind);
    const [outage] = findOutages(attempts, { blindGapNs: 1_000 * ms });
    if (outage === undefined) throw new Error('no outage');
    const shares = shareOut(outage, onlyWindow, causeOf);
    if (shares === null) throw new Error('no shares');
    return shares;
  };

  it('give a stale name the time in which it led to a server that refuses writes', () => {
    const [outage] = findOutages(polled(3_000, 8_000, 100, 200, 'read-only'), {
      blindGapNs: 1_000 * ms,
    });
    if (outage === undefined) throw new Error('no outage');
    const stale = [{ fromNs: 4_000 * ms, toNs: 7_000 * ms }];
    const shares = shareOut(outage, { ...windowsOf([3_000, 4_500], []), stale });
    expect(shares).toMatchObject({ modelledNs: 1_500 * ms, staleNs: 2_500 * ms });
    expect((shares?.clientNs ?? 0) / ms).toBeCloseTo(1_000, -2);
  });

  it('give a read-only window what was refused in it, and nothing where no write was', () => {
    const shares = (kind: ErrorKind) => {
      const attempts = polled(3_000, 6_000, 100, 100, kind);
      const [outage] = findOutages(attempts, { blindGapNs: 1_000 * ms });
      if (outage === undefined) throw new Error('no outage');
      const refused = [{ fromNs: 3_000 * ms, toNs: 5_000 * ms }];
      return shareOut(outage, { ...windowsOf([0, 0], []), refused });
    };
    expect(shares('read-only')).toMatchObject({ modelledNs: 2_000 * ms });
    expect((shares('read-only')?.clientNs ?? 0) / ms).toBeCloseTo(1_000, -2);
    expect(shares('timeout')).toMatchObject({ modelledNs: 0 });
  });

  describe('of a window of 4 s', () => {
    const [outage] = findOutages(polled(3_000, 7_000, 100, 200), { blindGapNs: 1_000 * ms });
    const of = (windows: Partial<Windows>) => {
      if (outage === undefined) throw new Error('no outage');
      return shareOut(outage, { ...windowsOf([3_000, 7_000], [[3_500, 500]]), ...windows });
    };
    const drawnFor = (...lengthsMs: number[]): Windows['drawn'] =>
      lengthsMs.map((lengthMs, index) => ({
        ...{ name: `duration.${index}`, toldNs: 4_000 * ms, lengthNs: lengthMs * ms },
      }));

    it('are modelled for no longer than was drawn, else real work', () => {
      expect(of({ drawn: drawnFor(0) })).toMatchObject({ modelledNs: 0, injectedNs: 0 });
      expect((of({ drawn: drawnFor(0) })?.engineNs ?? 0) / ms).toBeCloseTo(4_000, -3);
      expect(of({ drawn: drawnFor(1_000, 500) })).toMatchObject({ modelledNs: 1_500 * ms });
    });

    it.each([
      ['duration.create', 0],
      ['duration.finishMs', 7_100],
      ['duration.x.staleDnsMs', 6_900],
    ])('are not modelled by a %s told at %d ms', (name, toldMs) => {
      const drawn = [{ name, toldNs: toldMs * ms, lengthNs: 2_000 * ms }];
      expect(of({ drawn })).toMatchObject({ modelledNs: 0 });
    });

    it('are injected where replication was delayed and nothing was drawn', () => {
      const replicationFaults = [{ fromNs: 5_000 * ms, toNs: 7_000 * ms }];
      const shares = of({ drawn: drawnFor(1_000), replicationFaults });
      expect(shares).toMatchObject({ modelledNs: 1_000 * ms, injectedNs: 2_000 * ms });
    });
  });

  it("give the tool's own copying no injected fault's name", () => {
    const [outage] = findOutages(polled(3_000, 5_000, 100, 100), { blindGapNs: 1_000 * ms });
    if (outage === undefined) throw new Error('no outage');
    const frozen = [{ fromNs: 3_000 * ms, toNs: 4_500 * ms }];
    const shares = shareOut(outage, { ...windowsOf([0, 0], []), frozen });
    expect(shares).toMatchObject({ injectedNs: 0, copyingNs: 1_500 * ms });
  });

  it('give an exercised defect the time in which a kept session gets no answer', () => {
    const { defectNs, clientNs } = sharesOf('timeout', causeIn('held-session', true));
    expect(defectNs / ms).toBeCloseTo(1_000, -2);
    expect(clientNs).toBe(0);
    for (const causeOf of [causeIn('held-session', false), causeIn('new-connection', true)])
      expect(sharesOf('timeout', causeOf)).toMatchObject({ defectNs: 0 });
    expect(sharesOf('reset', causeIn('held-session', true))).toMatchObject({ defectNs: 0 });
  });

  it('give the engine the time in which it has no connection left', () => {
    const { engineNs, clientNs } = sharesOf('too-many-connections', causeIn('writer', false));
    expect(engineNs / ms).toBeCloseTo(1_000, -2);
    expect(clientNs).toBe(0);
  });

  it('know whether the run exercised a defect that hangs', () => {
    const defect = { name: 'zdp-hang', what: '', source: '', fixedIn: [] };
    const run = (settings: RunStarted['settings'], exercised: boolean) =>
      exercisesHang({ settings, defects: [{ ...defect, exercised }] } as unknown as RunStarted);
    expect(run({ faults: ['zdp-hang'] }, false)).toBe(true);
    expect(run({}, true)).toBe(true);
    expect(run({ faults: ['zdp-fallback'] }, false)).toBe(false);
    expect(exercisesHang(null)).toBe(false);
  });
});
