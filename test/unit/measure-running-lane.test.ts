import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LaneSpec } from '../../harness/history/entry.js';
import { type LaneMeasure, measureLane, type PollData } from '../../harness/measure/lane.js';
import { RunningLane, type RunningLaneOptions } from '../../harness/measure/running-lane.js';
import { length, union } from '../../harness/measure/stretches.js';

const spec: LaneSpec = {
  ...{ name: 'new-connection', kind: 'new-connection', target: 'db' },
  ...{ intervalMs: 500, timeoutMs: 5_000, edgeIntervalMs: null },
};
const slowNs = 250e6;
/** Sessions that are held say more of an attempt that timed out than dials do. */
const held: LaneSpec = { ...spec, name: 'held-session', kind: 'held-session' };
const refused = { kind: 'refused', sqlstate: null, code: null, message: 'refused' } as const;

function poll(tick: number, tookMs: number, outcome: PollData['outcome']): PollData {
  const startNs = tick * 500e6;
  const kind = tookMs > 1_000 ? ('timeout' as const) : ('refused' as const);
  const error = outcome === 'ok' ? null : { ...refused, kind, message: `${kind} ${tick % 3}` };
  const endNs = startNs + tookMs * 1e6;
  return { tick, scheduledNs: startNs, startNs, endNs, outcome, error, server: null };
}

const running = (more: Partial<RunningLaneOptions> = {}): RunningLane =>
  new RunningLane({ spec, slowNs, attemptNsMax: 6_000e6, batch: 8, ...more });

const whole = (
  polls: readonly PollData[],
  unobserved: { fromNs: number; toNs: number }[] = [],
  of = spec,
) => measureLane(of, polls, { slowNs, unobserved });

/** What is kept of a lane that is measured as it grows; of its failures how and how often. */
function kept({ ticks: _, edgePolls: __, p50Ns: ___, p95Ns: ____, ...rest }: LaneMeasure) {
  const outages = rest.outages.map(({ fails, ...outage }) => {
    const alike = fails.map(({ tick, error }) => `${tick === null} ${error?.message}`);
    return { ...outage, alike, first: fails[0], last: fails.at(-1) };
  });
  return { ...rest, outages };
}

/** Long runs of one outcome; few attempts are slow enough to overlap the next ones. */
const history = fc
  .array(
    fc.record({
      outcome: fc.constantFrom('ok', 'fail', 'fail', 'unknown') as fc.Arbitrary<
        PollData['outcome']
      >,
      tookMs: fc.array(fc.constantFrom(1, 1, 1, 1, 1, 1, 2, 3, 5, 700, 2_600), {
        minLength: 1,
        maxLength: 90,
        size: 'max',
      }),
      /** Ticks of which nothing was recorded, before the run. */
      skipped: fc.constantFrom(0, 0, 0, 1, 4, 5),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((runs) => {
    let tick = 0;
    const polls = runs.flatMap(({ outcome, tookMs, skipped }) => {
      tick += skipped;
      return tookMs.map((took) => poll(tick++, took, outcome));
    });
    return polls.sort((a, b) => a.endNs - b.endNs);
  });

describe('a long outage that is measured as it grows', () => {
  it.each([spec, held])('has the bounds of the whole, cut wherever it was: $name', (of) => {
    let cutInOutage = 0;
    fc.assert(
      fc.property(history, (polls) => {
        const onPart = (part: LaneMeasure): void => {
          if (part.ticks.at(-1)?.outcome === 'fail') cutInOutage += 1;
        };
        const lane = running({ spec: of, onPart });
        for (const one of polls) lane.take(one);
        const expected = kept(whole(polls, [], of));
        expect(kept(lane.totals())).toEqual(expected);
        // Asked twice, it says the same twice.
        expect(kept(lane.totals())).toEqual(expected);
      }),
      { numRuns: 300 },
    );
    // Else no outage was cut, and the property says nothing.
    expect(cutInOutage).toBeGreaterThan(2 * 300);
  });

  it('is not kept poll by poll', () => {
    let longest = 0;
    const lane = running({
      batch: 64,
      onPart: (part) => {
        longest = Math.max(longest, part.ticks.length);
      },
    });
    const polls = Array.from({ length: 20_000 }, (_, tick) =>
      poll(tick, 1, tick === 0 || tick === 19_999 ? 'ok' : 'fail'),
    );
    for (const one of polls) lane.take(one);
    const { outages, downtime } = lane.totals();
    expect(longest).toBeLessThan(2_000);
    expect(outages).toMatchObject([{ upperNs: downtime.upperNs }]);
    expect(outages[0]?.fails).toHaveLength(19_998);
    expect(new Set(outages[0]?.fails).size).toBeLessThan(700);
    expect(downtime).toEqual(whole(polls).downtime);
  });
});

describe('a lane that nobody watched for a while', () => {
  it('is measured in the stretches that were watched', () => {
    fc.assert(
      fc.property(history, fc.array(fc.nat({ max: 200 }), { maxLength: 3 }), (polls, cuts) => {
        const short = polls
          .map((one) => ({ ...one, endNs: Math.min(one.endNs, one.startNs + 9) }))
          .sort((a, b) => a.startNs - b.startNs);
        const lane = running();
        const atNs = [...new Set(cuts)].sort((a, b) => a - b).map((tick) => tick * 500e6);
        const left = [...atNs];
        for (const one of short) {
          while ((left[0] ?? Number.POSITIVE_INFINITY) <= one.startNs) {
            const [cutNs = 0] = left.splice(0, 1);
            lane.interrupt(cutNs);
          }
          lane.take(one);
        }
        const gaps = atNs.map((toNs) => ({ fromNs: toNs - 1, toNs }));
        expect(kept(lane.totals())).toEqual(kept(whole(short, gaps)));
      }),
    );
  });
});

describe('blind stretches by the thousand', () => {
  it('become fewer and never shorter', () => {
    const lane = running({ batch: 16 });
    const polls = Array.from({ length: 3_000 }, (_, index) => poll(index * 10, 1, 'ok'));
    for (const one of polls) lane.take(one);
    const expected = whole(polls);
    const { blind, polls: count } = lane.totals();
    expect(count).toBe(3_000);
    expect(blind.length).toBeLessThanOrEqual(1_000);
    expect(blind.length).toBeGreaterThan(400);
    expect(length(blind)).toBeGreaterThanOrEqual(length(union(expected.blind)));
    expect(blind[0]?.fromNs).toBe(expected.blind[0]?.fromNs);
    expect(blind.at(-1)?.toNs).toBe(expected.blind.at(-1)?.toNs);
  });
});
