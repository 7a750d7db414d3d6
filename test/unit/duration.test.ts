import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDurationMs, requireDurationMs } from '../../harness/duration.js';

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2_000],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['0.5s', 500],
    ['0', 0],
    ['10ms', 10],
  ])('reads %s', (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs);
  });

  it.each(['', 'x', '5', '-1s', '1 s', '1d', 's', '1e9s', '999999h', '1s;', '١s'])(
    'does not take %j for a duration',
    (text) => {
      expect(parseDurationMs(text)).toBeUndefined();
    },
  );

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 * 24 * 3_600_000 }), (durationMs) => {
        expect(parseDurationMs(formatDuration(durationMs))).toBe(durationMs);
      }),
    );
  });

  it('never throws on any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const value = parseDurationMs(text);
        expect(value === undefined || value >= 0).toBe(true);
      }),
    );
  });

  it('refuses an option outside its limits with a sentence of what to do', () => {
    expect(() => requireDurationMs('--interval', '1ms', { minMs: 10, maxMs: 60_000 })).toThrow(
      '--interval cannot be "1ms". Give a duration from 10ms to 1m, such as 500ms, 2s or 1m30s.',
    );
  });
});
