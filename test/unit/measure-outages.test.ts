import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LaneSpec } from '../../harness/history/entry.js';
import { measureLane, type PollData } from '../../harness/measure/lane.js';
import { type Attempt, findOutages } from '../../harness/measure/outages.js';
import { rng } from '../../sim/rng.js';

const ms = 1e6;

function attempt(
  startMs: number,
  endMs: number,
  outcome: Attempt['outcome'],
  endMeasured = true,
): Attempt {
  return { startNs: startMs * ms, endNs: endMs * ms, outcome, endMeasured };
}

const blindGapNs = 1_000 * ms;
const find = (...attempts: Attempt[]) =>
  findOutages(attempts, { blindGapNs }).map((outage) => ({
    fails: outage.fails.length,
    lowerMs: outage.lowerNs / ms,
    upperMs: outage.upperNs === null ? null : outage.upperNs / ms,
    estimateMs: outage.estimateNs / ms,
  }));

describe('the bounds of an outage', () => {
  it('run from start to start where the ends are not known, as for a published log', () => {
    // The second outage of the published log, in milliseconds after its first line.
    expect(
      find(
        attempt(0, 47, 'ok', false),
        attempt(547, 592, 'ok', false),
        attempt(1_092, 1_101, 'fail', false),
        attempt(1_601, 2_528, 'fail', false),
        attempt(3_028, 3_248, 'ok', false),
      ),
    ).toEqual([{ fails: 2, lowerMs: 509, upperMs: 2_701, estimateMs: 2_068.5 }]);
  });

  it('begin at the end of the first failure where it was measured', () => {
    const [outage] = find(
      attempt(0, 5, 'ok'),
      attempt(500, 510, 'fail'),
      attempt(1_000, 1_010, 'fail'),
      attempt(1_500, 1_505, 'ok'),
    );
    expect(outage).toMatchObject({ lowerMs: 490, upperMs: 1_505 });
  });

  it('have no upper end where the outage is open at an end', () => {
    expect(find(attempt(0, 1, 'fail'), attempt(500, 501, 'ok'))[0]?.upperMs).toBeNull();
    expect(find(attempt(0, 1, 'ok'), attempt(500, 501, 'fail'))[0]?.upperMs).toBeNull();
    expect(find(attempt(0, 1, 'fail'))[0]).toMatchObject({ lowerMs: 0, upperMs: null });
  });

  it('take no ok poll for an edge whose window overlaps the outage', () => {
    const [outage] = find(
      attempt(0, 5, 'ok'),
      attempt(500, 1_600, 'ok'),
      attempt(1_000, 1_005, 'fail'),
      attempt(1_500, 1_505, 'ok'),
    );
    // The slow one may have looked after the outage: the edge is the poll before it.
    expect(outage?.upperMs).toBe(1_505);
  });

  it('are not split by an ok poll that may have looked before or after', () => {
    expect(
      find(attempt(0, 5_000, 'fail'), attempt(500, 5_100, 'ok'), attempt(1_000, 6_000, 'fail')),
    ).toHaveLength(1);
    expect(
      find(attempt(0, 5, 'fail'), attempt(500, 505, 'ok'), attempt(1_000, 1_005, 'fail')),
    ).toHaveLength(2);
  });

  it('grow by a poll in doubt at an edge and shrink by one inside', () => {
    const fails = [100, 600, 1_100].map((at) => attempt(at, at, 'fail'));
    const edge = find(
      attempt(-900, -900, 'ok'),
      attempt(-400, -400, 'unknown'),
      ...fails,
      attempt(1_600, 1_600, 'ok'),
    );
    expect(edge[0]).toMatchObject({ lowerMs: 1_000, upperMs: 2_500 });
    const inside = find(
      attempt(-400, -400, 'ok'),
      ...fails,
      attempt(1_600, 1_600, 'unknown'),
      attempt(2_100, 2_100, 'fail'),
      attempt(2_600, 2_600, 'ok'),
    );
    expect(inside).toEqual([{ fails: 4, lowerMs: 1_000, upperMs: 3_000, estimateMs: 2_500 }]);
  });

  it('leave out of the lower bound a stretch in which nobody looked', () => {
    const [outage] = find(
      attempt(0, 0, 'ok'),
      attempt(500, 500, 'fail'),
      attempt(1_000, 1_000, 'fail'),
      attempt(9_000, 9_000, 'fail'),
      attempt(9_500, 9_500, 'ok'),
    );
    expect(outage).toMatchObject({ lowerMs: 500, upperMs: 9_500 });
  });
});

const spec: LaneSpec = {
  name: 'new-connection',
  kind: 'new-connection',
  target: 'writer',
  intervalMs: 500,
  timeoutMs: 5_000,
  edgeIntervalMs: null,
};

interface World {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly outagesMs: readonly { fromMs: number; toMs: number }[];
  readonly edges: boolean;
}

/** A server that is down in known intervals, polled open-loop; attempts overlap and time out. */
function pollWorld(world: World, draw: () => number): PollData[] {
  const { intervalMs, timeoutMs, outagesMs, edges } = world;
  const endMs = (outagesMs.at(-1)?.toMs ?? 0) + 4 * timeoutMs + 6 * intervalMs;
  const isDown = (atMs: number): boolean =>
    outagesMs.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
  const poll = (tick: number | null, scheduledMs: number): PollData => {
    const startMs = scheduledMs + draw() ** 8 * intervalMs * 0.9;
    // Mostly quick, now and then as slow as the timeout: windows overlap and end out of order.
    const tookMs = draw() < 0.85 ? draw() * 0.05 * intervalMs : draw() * timeoutMs;
    const sawMs = startMs + draw() * tookMs;
    const doubt = draw() < 0.03;
    const outcome = doubt ? 'unknown' : isDown(sawMs) ? 'fail' : 'ok';
    return {
      tick,
      scheduledNs: Math.round(scheduledMs * ms),
      startNs: Math.floor(startMs * ms),
      endNs: Math.ceil((startMs + tookMs) * ms),
      outcome,
      error: outcome === 'ok' ? null : { kind: 'refused', sqlstate: null, code: null, message: '' },
      server: null,
    };
  };
  const polls: PollData[] = [];
  for (let tick = 0; tick * intervalMs < endMs; tick++) polls.push(poll(tick, tick * intervalMs));
  if (!edges) return polls;
  for (const { fromMs, toMs } of outagesMs)
    for (let atMs = fromMs; atMs < toMs + intervalMs; atMs += intervalMs / 10)
      polls.push(poll(null, atMs));
  return polls;
}

const worlds: fc.Arbitrary<World> = fc
  .record({
    intervalMs: fc.constantFrom(10, 50, 100, 500),
    timeoutFactor: fc.double({ min: 0.2, max: 12, noNaN: true }),
    edges: fc.boolean(),
    lengths: fc.array(fc.double({ min: 0.02, max: 40, noNaN: true }), {
      minLength: 1,
      maxLength: 3,
    }),
    phases: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
  })
  .map(({ intervalMs, timeoutFactor, edges, lengths, phases }) => {
    const timeoutMs = timeoutFactor * intervalMs;
    let atMs = 4 * timeoutMs + 6 * intervalMs;
    const outagesMs = lengths.map((length, index) => {
      const fromMs = atMs + (phases[index] ?? 0) * intervalMs;
      const toMs = fromMs + length * intervalMs;
      // Far enough apart that some ok poll lies certainly between any two.
      atMs = toMs + 6 * timeoutMs + 10 * intervalMs;
      return { fromMs, toMs };
    });
    return { intervalMs, timeoutMs, outagesMs, edges };
  });

describe('simulated servers with known outages', () => {
  it('have every outage inside its bounds, or unseen and below the detection floor', () => {
    let seen = 0;
    let unseen = 0;
    fc.assert(
      fc.property(worlds, fc.nat(), (world, seed) => {
        const polls = pollWorld(world, rng(String(seed), 'polls').next);
        const lane = measureLane({ ...spec, intervalMs: world.intervalMs }, polls, {
          slowNs: 250 * ms,
          unobserved: [],
        });
        for (const { fromMs, toMs } of world.outagesMs) {
          const trueNs = (toMs - fromMs) * ms;
          const found = lane.outages.filter(
            (outage) =>
              (outage.begin.earliestNs ?? Number.NEGATIVE_INFINITY) <= fromMs * ms &&
              (outage.end.latestNs ?? Number.POSITIVE_INFINITY) >= toMs * ms,
          );
          const hit = polls.some(
            (poll) =>
              poll.outcome === 'fail' && poll.endNs >= fromMs * ms && poll.startNs < toMs * ms,
          );
          if (found.length === 0) {
            expect(hit).toBe(false);
            expect(lane.detectionFloorNs).not.toBeNull();
            expect(trueNs).toBeLessThanOrEqual((lane.detectionFloorNs ?? 0) + 2);
            unseen += 1;
            continue;
          }
          seen += 1;
          expect(found).toHaveLength(1);
          const [outage] = found;
          expect(outage?.lowerNs).toBeLessThanOrEqual(trueNs + 2);
          expect(outage?.upperNs ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(trueNs - 2);
          expect(outage?.estimateNs).toBeGreaterThanOrEqual(outage?.lowerNs ?? 0);
          expect(outage?.estimateNs).toBeLessThanOrEqual(
            outage?.upperNs ?? Number.POSITIVE_INFINITY,
          );
        }
        expect(lane.outages.length).toBeLessThanOrEqual(world.outagesMs.length);
      }),
      { numRuns: 3_000 },
    );
    // Both ends of the claim were put to the test.
    expect(seen).toBeGreaterThan(1_000);
    expect(unseen).toBeGreaterThan(100);
  });

  it('give an interval no wider than two ticks and two attempts when all goes well', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(10, 100, 500),
        fc.double({ min: 2, max: 30, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (intervalMs, length, phase) => {
          const tookMs = intervalMs / 20;
          const fromMs = (10 + phase) * intervalMs;
          const toMs = fromMs + length * intervalMs;
          const polls = Array.from({ length: 60 }, (_, tick): PollData => {
            const startMs = tick * intervalMs;
            const down = startMs + tookMs / 2 >= fromMs && startMs + tookMs / 2 < toMs;
            return {
              tick,
              scheduledNs: startMs * ms,
              startNs: startMs * ms,
              endNs: (startMs + tookMs) * ms,
              outcome: down ? 'fail' : 'ok',
              error: null,
              server: null,
            };
          });
          const [outage] = measureLane({ ...spec, intervalMs }, polls, {
            slowNs: 250 * ms,
            unobserved: [],
          }).outages;
          const widthNs = (outage?.upperNs ?? Number.POSITIVE_INFINITY) - (outage?.lowerNs ?? 0);
          expect(widthNs).toBeLessThanOrEqual(2 * (intervalMs + tookMs) * ms + 2);
        },
      ),
    );
  });
});

describe('stretches that nobody observed', () => {
  const poll = (tick: number, startMs: number, outcome: PollData['outcome']): PollData => ({
    tick,
    scheduledNs: startMs * ms,
    startNs: startMs * ms,
    endNs: (startMs + 2) * ms,
    outcome,
    error: null,
    server: null,
  });
  const polls = [
    poll(0, 0, 'ok'),
    poll(1, 500, 'ok'),
    poll(2, 60_000, 'fail'),
    poll(3, 60_500, 'ok'),
  ];

  it('leave an outage that borders one without an upper bound', () => {
    const lane = measureLane(spec, polls, {
      slowNs: 250 * ms,
      unobserved: [{ fromNs: 502 * ms, toNs: 60_000 * ms }],
    });
    expect(lane.outages).toHaveLength(1);
    expect(lane.downtime.upperNs).toBeNull();
    expect(lane.blind).toEqual([]);
    expect(lane.detectionFloorNs).toBe(502 * ms);
  });

  it('are told as blind where nothing announced them', () => {
    const gap = [
      poll(0, 0, 'ok'),
      poll(1, 500, 'ok'),
      poll(20, 10_000, 'ok'),
      poll(21, 10_500, 'ok'),
    ];
    const lane = measureLane(spec, gap, { slowNs: 250 * ms, unobserved: [] });
    expect(lane.missing).toBe(18);
    expect(lane.blind).toEqual([{ fromNs: 500 * ms, toNs: 10_002 * ms }]);
    expect(lane.perhapsFailed).toBeGreaterThanOrEqual(18);
    expect(lane.outages).toEqual([]);
  });
});
