import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../harness/history/entry.js';
import { measureLane, type PollData } from '../../harness/measure/lane.js';
import { measure } from '../../harness/measure/measure.js';
import { cellStates, laneCells, zoom } from '../../harness/view/cells.js';
import { glyph } from '../../harness/view/glyphs.js';
import { timeline } from '../../harness/view/timeline.js';
import { type MadeUpRun, madeUpRuns, makeHistory } from '../support/histories.js';

const slowNs = 250e6;

function lane(outcomes: readonly (Outcome | 'missing')[]) {
  const polls = outcomes.flatMap((outcome, tick): PollData[] => {
    if (outcome === 'missing') return [];
    const startNs = tick * 500e6;
    const error =
      outcome === 'ok'
        ? null
        : { kind: 'refused' as const, sqlstate: null, code: null, message: '' };
    return [
      { tick, scheduledNs: startNs, startNs, endNs: startNs + 1e6, outcome, error, server: null },
    ];
  });
  const spec = {
    name: 'writer',
    kind: 'writer' as const,
    target: 'writer',
    intervalMs: 500,
    timeoutMs: 5_000,
    edgeIntervalMs: null,
  };
  return measureLane(spec, polls, { slowNs, unobserved: [] });
}

const outcomes = fc.array(
  fc.constantFrom<Outcome | 'missing'>('ok', 'fail', 'unknown', 'missing'),
  {
    minLength: 1,
    maxLength: 200,
  },
);

describe('timeline cells', () => {
  it('are failed as often as polls failed', () => {
    fc.assert(
      fc.property(outcomes, (list) => {
        const measured = lane(list);
        const cells = laneCells(measured, slowNs);
        expect(cells.filter((cell) => cell.state === 'fail')).toHaveLength(measured.failed);
        expect(cells.filter((cell) => cell.state === 'unknown')).toHaveLength(measured.unknown);
        expect(cells.filter((cell) => cell.state === 'none')).toHaveLength(measured.missing);
      }),
    );
  });

  it('never hide an outage by zooming out', () => {
    fc.assert(
      fc.property(outcomes, fc.integer({ min: 1, max: 50 }), (list, factor) => {
        const cells = laneCells(lane(list), slowNs);
        const zoomed = zoom(cells, factor);
        expect(zoomed).toHaveLength(Math.ceil(cells.length / factor));
        for (const [index, cell] of cells.entries()) {
          const shown = zoomed[Math.floor(index / factor)];
          expect(cellStates.indexOf(shown?.state ?? 'none')).toBeGreaterThanOrEqual(
            cellStates.indexOf(cell.state),
          );
        }
      }),
    );
  });

  it('have one character each, in both sets', () => {
    for (const state of cellStates) {
      expect([...glyph({ state, kind: null })]).toHaveLength(1);
      expect(glyph({ state, kind: null }, { ascii: true })).toMatch(/^[ -~]$/);
    }
    expect(glyph({ state: 'fail', kind: 'refused' }, { errorKinds: true })).toBe('C');
    expect(glyph({ state: 'fail', kind: 'other' }, { errorKinds: true })).toBe('E');
  });
});

describe('the lanes on one axis', () => {
  const measurement = measure(makeHistory(madeUpRuns['zdp-clean'] as MadeUpRun));

  it('fit whatever the width, begin a column at T0, and keep every outage', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (columnsMax) => {
        const view = timeline(measurement, columnsMax);
        expect(view.columns).toBeLessThanOrEqual(Math.max(columnsMax, 2));
        const t0Ns = view.originNs + (view.t0Column ?? 0) * view.columnMs * 1e6;
        expect(t0Ns).toBe(measurement.t0Ns);
        const row = view.rows.find(({ lane: name }) => name === 'new-connection');
        expect(row?.cells.some((cell) => cell.state === 'fail')).toBe(true);
        expect(row?.cells).toHaveLength(view.columns);
      }),
    );
  });
});
