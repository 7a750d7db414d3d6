import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntryOf } from '../../harness/history/entry.js';
import { ownFailure } from '../../harness/probe/postgres/failure.js';
import { localTime, PublishedLines } from '../../harness/probe/published-lines.js';
import { RunningSummary } from '../../harness/probe/running-summary.js';
import { newAnchor } from '../../sim/clock.js';

type Poll = EntryOf<'poll'>['data'];

function poll(tick: number, startMs: number, tookMs: number, error: Poll['error']): Poll {
  return {
    tick,
    scheduledNs: startMs * 1e6,
    startNs: startMs * 1e6,
    endNs: (startMs + tookMs) * 1e6,
    outcome: error === null ? 'ok' : error.kind === 'not-sent' ? 'unknown' : 'fail',
    error,
    server: error === null ? { version: '17.4' } : null,
  };
}

function entry(data: Poll): EntryOf<'poll'> {
  const subject = { lane: 'new-connection' };
  const head = { v: 1, seq: 0, producer: 'probes', atNs: data.endNs, clock: 'client' } as const;
  return { ...head, kind: 'poll', subject, data };
}

const refused = ownFailure('refused', 'connect ECONNREFUSED');
const notSent = ownFailure('not-sent', 'late');

describe('running summary', () => {
  it('counts polls and bounds each outage', () => {
    const summary = new RunningSummary(['new-connection'], 0);
    const errors = [null, null, refused, refused, null, notSent, null];
    errors.forEach((error, tick) => {
      summary.take(entry(poll(tick, tick * 500, 20, error)));
    });
    expect(summary.finish().get('new-connection')).toEqual({
      ...{ polls: 7, ok: 4, failed: 2, unknown: 1, outages: 1 },
      lowerMs: 500,
      upperMs: 1_520,
    });
  });

  it('gives an outage that is open at its end no upper bound', () => {
    const summary = new RunningSummary(['new-connection'], 0);
    for (const [tick, error] of [null, refused, refused].entries())
      summary.take(entry(poll(tick, tick * 500, 20, error)));
    expect(summary.finish().get('new-connection')).toMatchObject({ lowerMs: 500, upperMs: null });
  });

  it('knows since when all lanes are ok', () => {
    const summary = new RunningSummary(['new-connection'], 5e6);
    expect(summary.okSinceNs()).toBeNull();
    summary.take(entry(poll(0, 10, 1, null)));
    expect(summary.okSinceNs()).toBe(5e6);
    summary.take(entry(poll(1, 20, 1, refused)));
    summary.take(entry(poll(2, 30, 1, null)));
    expect(summary.okSinceNs()).toBe(21e6);
  });
});

describe('the published line format', () => {
  it('is a local time with milliseconds, then the version or the error', () => {
    expect(localTime(new Date(2026, 3, 11, 6, 3, 9, 7))).toBe('2026-04-11 06:03:09.007');
    const lines = new PublishedLines(newAnchor());
    const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3}';
    expect(lines.take(poll(0, 0, 5, null))).toEqual([
      expect.stringMatching(new RegExp(`^${time} 17\\.4$`)),
    ]);
    expect(lines.take(poll(1, 500, 5, refused))).toEqual([
      expect.stringMatching(new RegExp(`^${time} error: connect ECONNREFUSED$`)),
    ]);
    expect(lines.take(poll(2, 1_000, 0, notSent))).toEqual([]);
  });

  it('keeps the order of the ticks, whatever the order in which they end', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }), (order) => {
        const lines = new PublishedLines(newAnchor());
        const printed = order.flatMap((tick) =>
          lines.take(poll(tick, tick * 500, 5, ownFailure('other', `tick ${tick}`))),
        );
        expect(printed.map((line) => line.slice(-6))).toEqual(
          Array.from({ length: 8 }, (_, tick) => `tick ${tick}`),
        );
      }),
    );
  });
});
