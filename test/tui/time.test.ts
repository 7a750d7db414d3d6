import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LaneSpec, Outcome } from '../../harness/history/entry.js';
import type { PollData } from '../../harness/measure/lane.js';
import { cellStates } from '../../harness/view/cells.js';
import { LaneTrack } from '../../harness/view/lane-track.js';
import { Rates } from '../../harness/view/rates.js';
import {
  fitStep,
  outageAfter,
  outageBefore,
  type Scale,
  scrolled,
  windowAt,
  zoomFactor,
  zoomStepMax,
} from '../../harness/view/window.js';

const tickNs = 500e6;
const spec: LaneSpec = {
  name: 'writer',
  kind: 'writer',
  target: 'writer',
  intervalMs: 500,
  timeoutMs: 5_000,
  edgeIntervalMs: null,
};

interface Tick {
  readonly outcome: Outcome;
  readonly tookMs: number;
}

const ticksOf = fc.array(
  fc.record({
    outcome: fc.constantFrom<Outcome>('ok', 'fail', 'unknown'),
    tookMs: fc.integer({ min: 1, max: 30_000 }),
  }),
  { minLength: 1, maxLength: 120 },
);

/** Its polls as they come: in the order of their ends. */
function trackOf(ticks: readonly Tick[], phaseNs: number): LaneTrack {
  const track = new LaneTrack({ spec, slowNs: 250e6 });
  const polls = ticks.map(({ outcome, tookMs }, tick): PollData => {
    const startNs = phaseNs + tick * tickNs;
    const error =
      outcome === 'ok' ? null : { kind: 'reset' as const, sqlstate: null, code: null, message: '' };
    const endNs = startNs + tookMs * 1e6;
    return { tick, scheduledNs: startNs, startNs, endNs, outcome, error, server: null };
  });
  for (const poll of polls.sort((a, b) => a.endNs - b.endNs)) track.take(poll);
  return track;
}

function scaleOf(track: LaneTrack, t0Ns: number | null): Scale {
  const fromNs = track.ticks[0]?.scheduledNs ?? 0;
  const span = { fromNs, toNs: track.ticks.at(-1)?.scheduledNs ?? fromNs };
  return { zeroNs: t0Ns ?? fromNs, tickNs, span };
}

describe('the cells of a lane', () => {
  it('are failed as often as polls failed, at whatever instant T0 is', () => {
    fc.assert(
      fc.property(
        ticksOf,
        fc.integer({ min: 0, max: 60e9 }),
        fc.nat(tickNs),
        (ticks, t0, phase) => {
          const track = trackOf(ticks, phase);
          const scale = scaleOf(track, t0);
          const cells = track.cells(windowAt(scale, 0, ticks.length + 2, null));
          for (const [outcome, state] of [
            ['fail', 'fail'],
            ['unknown', 'unknown'],
          ] as const)
            expect(cells.filter((cell) => cell.state === state)).toHaveLength(
              ticks.filter((tick) => tick.outcome === outcome).length,
            );
        },
      ),
    );
  });

  it('never hide an outage, however far it is zoomed out', () => {
    const step = fc.integer({ min: 0, max: zoomStepMax });
    fc.assert(
      fc.property(ticksOf, step, fc.integer({ min: 0, max: 60e9 }), (ticks, at, t0) => {
        const track = trackOf(ticks, 0);
        const axis = windowAt(scaleOf(track, t0), at, ticks.length + 2, null);
        const cells = track.cells(axis);
        for (const tick of track.ticks) {
          const column = Math.floor((tick.scheduledNs - axis.originNs) / axis.columnNs);
          const shown = cellStates.indexOf(cells[column]?.state ?? 'none');
          expect(shown).toBeGreaterThanOrEqual(cellStates.indexOf(tick.cell.state));
        }
      }),
    );
  });

  it('stay where they are: a late answer fills its own column, and no other changes', () => {
    fc.assert(
      fc.property(ticksOf, fc.integer({ min: 0, max: 90_000 }), (ticks, untilMs) => {
        const track = trackOf(ticks, 0);
        const axis = windowAt(scaleOf(track, null), 0, ticks.length, null);
        const before = track.cells(axis, untilMs * 1e6);
        for (const [column, cell] of track.cells(axis).entries())
          if (before[column]?.state !== 'none') expect(before[column]).toEqual(cell);
      }),
    );
  });
});

describe('the window', () => {
  const scale = fc
    .record({
      fromNs: fc.integer({ min: 0, max: 1e12 }),
      lengthNs: fc.integer({ min: 0, max: 1e12 }),
      t0: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ fromNs, lengthNs, t0 }): Scale => {
      const toNs = fromNs + lengthNs;
      return { zeroNs: fromNs + Math.round(t0 * lengthNs), tickNs, span: { fromNs, toNs } };
    });
  const columns = fc.integer({ min: 1, max: 200 });
  const step = fc.integer({ min: 0, max: 12 });

  it('fits the whole run where it is asked to, and no coarser than it must', () => {
    fc.assert(
      fc.property(scale, columns, (one, width) => {
        const at = fitStep(one, Math.max(2, width));
        const axis = windowAt(one, at, Math.max(2, width), null);
        expect(axis.originNs).toBeLessThanOrEqual(one.span.fromNs);
        expect(axis.originNs + axis.columns * axis.columnNs).toBeGreaterThan(one.span.toNs);
        if (at === 0) return;
        const finer = zoomFactor(at - 1) * tickNs;
        expect((one.span.toNs - one.span.fromNs) / finer + 2).toBeGreaterThan(Math.max(2, width));
      }),
    );
  });

  it('begins a column at T0, and stays within the run however one scrolls', () => {
    const moves = fc.array(fc.integer({ min: -300, max: 300 }), { maxLength: 12 });
    fc.assert(
      fc.property(scale, step, columns, moves, (one, at, width, list) => {
        let rightNs: number | null = null;
        for (const by of list) {
          const axis = windowAt(one, at, width, rightNs);
          rightNs = scrolled(one, axis, by);
          const moved = windowAt(one, at, width, rightNs);
          expect((moved.originNs - one.zeroNs) % moved.columnNs).toBeCloseTo(0, 3);
          expect(moved.originNs + moved.columnNs).toBeGreaterThan(one.span.fromNs);
          expect(moved.originNs).toBeLessThanOrEqual(one.span.toNs);
        }
        expect(
          windowAt(one, at, width, scrolled(one, windowAt(one, at, width, rightNs), 1e9)),
        ).toEqual(windowAt(one, at, width, null));
      }),
    );
  });

  it('goes from outage to outage, and back', () => {
    const outages = [3, 9, 4].map((at) => ({ fromNs: at, toNs: at + 1 }));
    expect(outageAfter(outages, 3)?.fromNs).toBe(4);
    expect(outageAfter(outages, 9)).toBeNull();
    expect(outageBefore(outages, 9)?.fromNs).toBe(4);
    expect(outageBefore(outages, 3)).toBeNull();
  });
});

describe('rates', () => {
  it('count all that happened, in whatever order it was told', () => {
    const instants = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(instants, (list) => {
        const rates = new Rates();
        for (const atMs of list) rates.take(atMs * 1e6);
        const firstNs = Math.min(...list) * 1e6;
        const axis = { originNs: firstNs, columnNs: 1e9, columns: 21 };
        const perSecond = rates.perColumn(axis, 60e9);
        expect(perSecond.reduce<number>((sum, one) => sum + (one ?? 0), 0)).toBe(list.length);
        const whole = perSecond.slice(0, 20).map((one) => one ?? 0);
        expect(rates.least(firstNs + 20e9)).toBe(Math.min(...whole));
      }),
    );
  });
});
