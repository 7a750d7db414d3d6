import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSides, exitCodeOf } from '../../harness/compare/compare.js';
import type { Comparison, Prediction } from '../../harness/compare/comparison.js';
import { type Reach, relate } from '../../harness/compare/relate.js';
import { type Side, sideOf } from '../../harness/compare/side.js';
import { noTolerance, parseTolerance } from '../../harness/compare/tolerance.js';
import { parseHistory } from '../../harness/history/read.js';
import { measure } from '../../harness/measure/measure.js';

const folder = join(import.meta.dirname, '..', 'golden', 'histories');

function side(name: string, label = name): Side {
  const history = parseHistory(readFileSync(join(folder, `${name}.ndjson`), 'utf8'));
  return sideOf(label, measure(history.entries, history));
}

const fates = ({ predictions }: Comparison): Prediction['fate'][] =>
  predictions.map(({ fate }) => fate);

describe('a run compared with itself', () => {
  const whole = ['zdp-clean', 'zdp-drops', 'failover-stale-dns', 'lost-write', 'real-zdp'];

  it.each(whole)('hits all that it predicts, and does not drift: %s', (name) => {
    const comparison = compareSides(side(name), side(name));
    expect(new Set(fates(comparison))).toEqual(new Set(['hit']));
    expect(comparison.predictions.length).toBeGreaterThan(3);
    expect(comparison.alignment).toEqual({ by: 't0', lane: null, shiftMs: 0 });
    for (const { startDriftMs, lengthDriftMs } of comparison.phases)
      expect([startDriftMs, lengthDriftMs]).toEqual([0, 0]);
    expect(comparison.lanes.map(({ downtime }) => downtime)).not.toContain('worse');
    expect(comparison).toMatchObject({ onlyA: [], onlyB: [], conclusion: 'same' });
    expect(exitCodeOf(comparison)).toBe(0);
  });

  it.each(['truncated', 'recorded-interrupted'])('cannot be told if it broke off: %s', (name) => {
    const comparison = compareSides(side(name), side(name));
    expect(fates(comparison)).not.toContain('hit');
    expect(exitCodeOf(comparison)).toBe(2);
  });
});

describe('relating two intervals', () => {
  const reaches = fc
    .tuple(
      fc.integer({ min: 0, max: 9_000 }),
      fc.option(fc.integer({ min: 0, max: 9_000 })),
      fc.integer({ min: 0, max: 3_000 }),
    )
    .map(
      ([lowerMs, width, floorMs]): Reach => ({
        lowerMs,
        upperMs: width === null ? Number.POSITIVE_INFINITY : lowerMs + width,
        floorMs,
      }),
    );

  it('tells a difference only where they do not overlap, and never between equals', () => {
    fc.assert(
      fc.property(reaches, reaches, (a, b) => {
        const relation = relate(a, b, noTolerance);
        const overlap = a.lowerMs <= b.upperMs && b.lowerMs <= a.upperMs;
        if (overlap) expect(['same', 'unknown']).toContain(relation);
        expect(['same', 'unknown']).toContain(relate(a, a, noTolerance));
        const mirror = { worse: 'better', better: 'worse', same: 'same', unknown: 'unknown' };
        expect(relate(b, a, noTolerance)).toBe(mirror[relation]);
      }),
    );
  });

  it('tells less the more is tolerated', () => {
    const some = fc.constantFrom('20%', '500ms', '3s', '0%');
    fc.assert(
      fc.property(reaches, reaches, some, (a, b, text) => {
        const strict = relate(a, b, noTolerance);
        const lenient = relate(a, b, parseTolerance(text));
        if (lenient === 'worse' || lenient === 'better') expect(lenient).toBe(strict);
      }),
    );
  });
});
