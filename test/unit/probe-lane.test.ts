import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntryDraft, EntryOf } from '../../harness/history/entry.js';
import type { AttemptEnd, Attempts } from '../../harness/probe/attempt.js';
import { ownFailure } from '../../harness/probe/failure.js';
import { Lane } from '../../harness/probe/lane.js';
import { ManualClock } from '../../sim/clock.js';

type Poll = EntryOf<'poll'>['data'];

const okEnd: AttemptEnd = { outcome: 'ok', error: null, server: { version: '17.4' } };
const refused: AttemptEnd = {
  outcome: 'fail',
  error: ownFailure('refused', 'connect ECONNREFUSED'),
  server: null,
};

function laneOn(
  clock: ManualClock,
  attempt: (deadlineNs: number) => Promise<AttemptEnd>,
  settings: {
    intervalMs?: number;
    timeoutMs?: number;
    edgeIntervalMs?: number | null;
    inFlightMax?: number;
    finalCheck?: Attempts['finalCheck'];
  } = {},
) {
  const drafts: EntryDraft[] = [];
  const { finalCheck } = settings;
  const lane = new Lane({
    spec: {
      name: 'new-connection',
      kind: 'new-connection',
      target: 'writer',
      intervalMs: settings.intervalMs ?? 100,
      timeoutMs: settings.timeoutMs ?? 1_000,
      edgeIntervalMs: settings.edgeIntervalMs ?? null,
    },
    attempts: {
      attempt,
      close: async () => {},
      ...(finalCheck === undefined ? {} : { finalCheck }),
    },
    clock,
    record: (draft) => drafts.push(draft),
    startNs: 0,
    inFlightMax: settings.inFlightMax ?? 16,
  });
  const polls = (): Poll[] =>
    drafts.flatMap((draft) => (draft.kind === 'poll' ? [draft.data] : []));
  return { lane, drafts, polls };
}

describe('lane', () => {
  it('is an open loop: a hanging attempt does not hide the next ones', async () => {
    const clock = new ManualClock();
    const hang = async (deadlineNs: number): Promise<AttemptEnd> => {
      await clock.sleep((deadlineNs - clock.nowNs()) / 1e6);
      return { outcome: 'fail', error: ownFailure('timeout', 'no answer'), server: null };
    };
    const { lane, polls } = laneOn(clock, hang);
    lane.start();
    await clock.advance(2_000);
    const stopped = lane.stop();
    await clock.advance(2_000);
    await stopped;
    expect(polls()).toHaveLength(21);
    for (const [k, poll] of polls().entries()) {
      expect(poll.tick).toBe(k);
      expect(poll.scheduledNs).toBe(k * 100e6);
      expect(poll.startNs).toBe(poll.scheduledNs);
      expect(poll.endNs).toBe(poll.scheduledNs + 1_000e6);
    }
  });

  it('records a tick above the cap as not sent, never drops it', async () => {
    const clock = new ManualClock();
    let inFlight = 0;
    let inFlightPeak = 0;
    const hang = async (): Promise<AttemptEnd> => {
      inFlightPeak = Math.max(inFlightPeak, ++inFlight);
      await clock.sleep(1_000);
      inFlight--;
      return okEnd;
    };
    const { lane, polls } = laneOn(clock, hang, { inFlightMax: 3 });
    lane.start();
    await clock.advance(990);
    const stopped = lane.stop();
    await clock.advance(1_000);
    await stopped;
    expect(inFlightPeak).toBe(3);
    const byTick = polls().sort((a, b) => (a.tick ?? 0) - (b.tick ?? 0));
    expect(byTick.map((poll) => poll.tick)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(byTick.filter((poll) => poll.outcome === 'ok')).toHaveLength(3);
    const left = byTick.filter((poll) => poll.error?.kind === 'not-sent');
    expect(left).toHaveLength(7);
    expect(left.every((poll) => poll.outcome === 'unknown')).toBe(true);
  });

  it('gives each tick one poll, whatever the attempts do', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ ok: fc.boolean(), takesMs: fc.nat(900) }), { minLength: 1 }),
        fc.integer({ min: 1, max: 8 }),
        fc.option(fc.constant(10)),
        async (script, inFlightMax, edgeIntervalMs) => {
          const clock = new ManualClock();
          let calls = 0;
          const attempt = async (): Promise<AttemptEnd> => {
            const step = script[calls++ % script.length];
            await clock.sleep(step?.takesMs ?? 0);
            return step?.ok === true ? okEnd : refused;
          };
          const { lane, polls } = laneOn(clock, attempt, { inFlightMax, edgeIntervalMs });
          lane.start();
          await clock.advance(1_950);
          const stopped = lane.stop();
          await clock.advance(1_000);
          await stopped;
          const ticks = polls().flatMap((poll) => (poll.tick === null ? [] : [poll.tick]));
          expect(ticks.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, k) => k));
          if (edgeIntervalMs === null) expect(polls()).toHaveLength(20);
          for (const poll of polls()) expect(poll.endNs).toBeGreaterThanOrEqual(poll.startNs);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('polls the edge from the first failure to the first success, beside the ticks', async () => {
    const clock = new ManualClock();
    const down = (): boolean => clock.nowNs() >= 150e6 && clock.nowNs() < 480e6;
    const { lane, polls } = laneOn(clock, async () => (down() ? refused : okEnd), {
      edgeIntervalMs: 10,
    });
    lane.start();
    await clock.advance(950);
    await lane.stop();
    const ticks = polls().filter((poll) => poll.tick !== null);
    expect(ticks.map((poll) => poll.outcome)).toEqual([
      ...['ok', 'ok', 'fail', 'fail', 'fail'],
      ...['ok', 'ok', 'ok', 'ok', 'ok'],
    ]);
    const edge = polls().filter((poll) => poll.tick === null);
    expect(edge.at(0)?.startNs).toBe(210e6);
    expect(edge.at(-1)).toMatchObject({ outcome: 'ok', startNs: 480e6 });
    expect(edge.filter((poll) => poll.outcome === 'ok')).toHaveLength(1);
    expect(edge).toHaveLength(28);
  });

  it('keeps at most two edge polls under way, each no longer than a tick', async () => {
    const clock = new ManualClock();
    let calls = 0;
    let hanging = 0;
    let peak = 0;
    const deadlines: number[] = [];
    const attempt = async (deadlineNs: number): Promise<AttemptEnd> => {
      if (calls++ === 0) return refused;
      peak = Math.max(peak, ++hanging);
      deadlines.push((deadlineNs - clock.nowNs()) / 1e6);
      await clock.sleep((deadlineNs - clock.nowNs()) / 1e6);
      hanging--;
      return refused;
    };
    const settings = { intervalMs: 1_000, timeoutMs: 5_000, edgeIntervalMs: 10 };
    const { lane } = laneOn(clock, attempt, settings);
    lane.start();
    await clock.advance(990);
    expect(peak).toBe(2);
    expect(deadlines).toEqual([1_000, 1_000]);
    const stopped = lane.stop();
    await clock.advance(5_000);
    await stopped;
  });

  it('takes a defect of an attempt for unknown and says so, once', async () => {
    const clock = new ManualClock();
    const { lane, polls, drafts } = laneOn(clock, async () => {
      throw new Error('a defect');
    });
    lane.start();
    await clock.advance(300);
    await lane.stop();
    expect(polls().map((poll) => poll.outcome)).toEqual(Array(4).fill('unknown'));
    const notes = drafts.filter((draft) => draft.kind === 'note');
    expect(notes).toHaveLength(1);
    expect(notes[0]?.data).toMatchObject({ level: 'error', code: 'checker-failed' });
  });

  it('records a final check as one more tick, so that its failure counts', async () => {
    const clock = new ManualClock();
    const { lane, polls } = laneOn(clock, async () => okEnd, { finalCheck: async () => refused });
    lane.start();
    await clock.advance(50);
    await lane.stop();
    await lane.finalCheck();
    expect(polls().at(-1)).toMatchObject({ outcome: 'fail', finalCheck: true });
    const ticks = polls().map((poll) => poll.tick);
    expect(ticks).toEqual(ticks.map((_tick, index) => index));
  });
});
