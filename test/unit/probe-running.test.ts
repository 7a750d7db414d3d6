import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry, EntryOf, LaneSpec } from '../../harness/history/entry.js';
import { type LaneMeasure, measureLane } from '../../harness/measure/lane.js';
import { RunningLane, type RunningLaneOptions } from '../../harness/measure/running-lane.js';
import { ownFailure } from '../../harness/probe/failure.js';
import { localTime, PublishedLines } from '../../harness/probe/published-lines.js';
import { RunningSummary } from '../../harness/probe/running-summary.js';
import { judge, judgeMeasurement } from '../../harness/verdict/judge.js';
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

const spec: LaneSpec = {
  ...{ name: 'new-connection', kind: 'new-connection', target: 'db' },
  ...{ intervalMs: 500, timeoutMs: 5_000, edgeIntervalMs: 10 },
};

describe('a lane that is measured as it grows', () => {
  const slowNs = 250e6;
  const lane = (more: Partial<RunningLaneOptions> = {}): RunningLane =>
    new RunningLane({ spec, slowNs, attemptNsMax: 6_000e6, batch: 8, ...more });
  const totals = (measured: LaneMeasure) => {
    const { outages, ticks: _, edgePolls: __, p50Ns: ___, p95Ns: ____, ...rest } = measured;
    return {
      ...rest,
      kinds: outages.flatMap(({ fails }) => fails.map(({ error }) => error?.kind)),
    };
  };
  const whole = (polls: readonly Poll[]) => measureLane(spec, polls, { slowNs, unobserved: [] });

  /** Runs of one outcome, each attempt with its own length, some of them edge polls. */
  const history = fc
    .array(
      fc.record({
        error: fc.constantFrom(null, null, refused, notSent),
        tookMs: fc.array(fc.constantFrom(1, 1, 1, 1, 3, 3, 20, 20, 260, 700, 2_600, 5_900), {
          minLength: 1,
          maxLength: 12,
        }),
        edges: fc.boolean(),
      }),
      { minLength: 1, maxLength: 30, size: 'max' },
    )
    .map((runs) => {
      let tick = 0;
      const polls = runs.flatMap(({ error, tookMs, edges }) =>
        tookMs.flatMap((took): Poll[] => {
          const main = poll(tick++, tick * 500, took, error);
          const edge = { ...poll(0, tick * 500 + 130, Math.min(took, 900), error), tick: null };
          return edges ? [main, edge] : [main];
        }),
      );
      return polls.sort((a, b) => a.endNs - b.endNs);
    });

  it('has the bounds of the whole history', () => {
    let cuts = 0;
    fc.assert(
      fc.property(history, (polls) => {
        const running = lane({ onPart: () => void cuts++ });
        for (const one of polls) running.take(one);
        const found = totals(running.totals());
        const expected = totals(whole(polls));
        for (const bounds of ['downtime', 'longest'] as const) {
          const { lowerNs, upperNs, estimateNs } = found[bounds];
          expect(lowerNs).toBeCloseTo(expected[bounds].lowerNs, 0);
          expect(estimateNs).toBeCloseTo(expected[bounds].estimateNs, 0);
          expect(upperNs === null).toBe(expected[bounds].upperNs === null);
          expect(upperNs ?? 0).toBeCloseTo(expected[bounds].upperNs ?? 0, 0);
        }
        const { downtime: _, longest: __, ...counts } = found;
        expect(expected).toMatchObject(counts);
      }),
      { numRuns: 300 },
    );
    // Else nothing was cut, and the property says nothing.
    expect(cuts).toBeGreaterThan(2 * 300);
  });

  it('only claims what is certain where it had to be cut anywhere', () => {
    fc.assert(
      fc.property(history, (polls) => {
        const running = lane({ waitingMax: 8, attemptNsMax: 5_900e6 });
        for (const one of polls) running.take(one);
        const found = running.totals();
        const expected = whole(polls);
        const { polls: count, ok, failed, unknown } = expected;
        expect(found).toMatchObject({ polls: count, ok, failed, unknown });
        for (const bounds of ['downtime', 'longest'] as const) {
          expect(found[bounds].lowerNs).toBeLessThanOrEqual(expected[bounds].lowerNs + 1);
          const { upperNs } = found[bounds];
          if (upperNs !== null) expect(upperNs).toBeCloseTo(expected[bounds].upperNs ?? -1, 0);
        }
        expect(found.outageCount).toBeLessThanOrEqual(expected.outageCount);
        expect(found.outageCount + found.blind.length).toBeGreaterThanOrEqual(expected.outageCount);
      }),
    );
  });
});

describe('running summary', () => {
  const started: Entry = {
    ...{ v: 1, seq: 0, producer: 'conductor', atNs: 0, clock: 'harness', subject: {}, kind: 'run' },
    data: {
      ...{ stage: 'started', tool: { name: 'rehearse', version: '0' }, command: 'probe' },
      ...{ scenario: 'probe', title: 'probe', seed: null, wallClock: '2026-01-02T03:04:05.000Z' },
      ...{ owner: null, engine: null, lanes: [spec], schedule: [], settings: {}, sessions: 'none' },
      objectives: ['new-connection.downtime <= 60s', 'new-connection.failed <= 1'],
    },
  };
  const finished: Entry = {
    ...{ v: 1, seq: 1, producer: 'conductor', atNs: 9e9, clock: 'harness', subject: {} },
    ...{ kind: 'run', data: { stage: 'finished', completed: true, reason: null } },
  };

  it('reports as the whole history would, judged by its objectives', () => {
    const errors = [null, null, refused, refused, null, notSent, null];
    const polls = errors.map((error, tick) => ({ ...entry(poll(tick, tick * 500, 20, error)) }));
    const entries = [started, ...polls.map((one, seq) => ({ ...one, seq })), finished];
    const summary = new RunningSummary([spec]);
    for (const one of entries) summary.take(one);
    const report = judgeMeasurement(summary.measurement());
    const expected = judge(entries);
    const { p50Ms: _, p95Ms: __, ...lane } = expected.lanes['new-connection'] ?? {};
    expect(report).toMatchObject({ ...expected, servedBy: {}, lanes: { 'new-connection': lane } });
    expect(Object.keys(report)).toEqual(Object.keys(expected));
    expect(report.objectives.map(({ verdict }) => verdict)).toEqual(['fail', 'pass']);
  });

  it('is unknown for latencies and for a lane that never polled', () => {
    const summary = new RunningSummary([spec]);
    for (const one of [started, entry(poll(0, 10, 1, null)), finished]) summary.take(one);
    const objectives = ['new-connection.p95 <= 1s'];
    const [judged] = judgeMeasurement(summary.measurement(), { objectives }).objectives;
    expect(judged).toMatchObject({ verdict: 'unknown' });
    expect(judged?.why).toContain('keeps no latencies');
    const silent = new RunningSummary([spec]);
    for (const one of [started, finished]) silent.take(one);
    expect(judgeMeasurement(silent.measurement()).reason).toContain('has no polls');
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
