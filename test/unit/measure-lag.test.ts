import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { undamaged } from '../../harness/measure/history-gaps.js';
import { LagBook, lagOf } from '../../harness/measure/lag.js';
import type { PollData } from '../../harness/measure/lane.js';
import { measure } from '../../harness/measure/measure.js';
import { RunningHistory } from '../../harness/measure/running-history.js';
import { Heartbeats } from '../../harness/probe/heartbeats.js';
import { evaluate } from '../../harness/verdict/evaluate.js';
import { judge } from '../../harness/verdict/judge.js';
import { parseObjective } from '../../harness/verdict/objective.js';
import type { Clock } from '../../sim/clock.js';
import { clusterHistory, failover, lagging } from '../support/cluster-histories.js';
import { numbered } from '../support/histories.js';

const ms = 1e6;
const everyMs = 500;

/** Heartbeats that are acknowledged as soon as they are settled, by a clock that stands still. */
function heldBeats() {
  const clock = { now: 0 };
  const nowNs = (): number => clock.now * ms;
  const beats = new Heartbeats({ nowNs } as Clock, everyMs / 2, async (_number, onSent) => {
    onSent();
    return true;
  });
  return { clock, beats };
}

describe('the lag of a poll', () => {
  it('lies within its bounds, whatever the delays of replication and of answers', async () => {
    const delay = fc.integer({ min: 0, max: 6_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(delay, { minLength: 3, maxLength: 30 }),
        fc.integer({ min: 1, max: 400 }),
        async (delaysMs, answerMs) => {
          const { clock, beats } = heldBeats();
          const commits: number[] = [];
          const found: { poll: PollData; trueMs: number }[] = [];
          for (const [tick, delayMs] of delaysMs.entries()) {
            const sentMs = tick * everyMs;
            clock.now = sentMs;
            beats.beat(0);
            commits.push(sentMs + answerMs / 4);
            clock.now = sentMs + answerMs / 2;
            await beats.settled();
            // Asked a while behind the heartbeat, seen somewhere in the answer's time.
            const askedMs = sentMs + 450;
            const seenAtMs = askedMs + answerMs / 3;
            const shown = commits.findLastIndex((one) => one + delayMs <= seenAtMs) + 1;
            clock.now = askedMs;
            const heartbeat = beats.shown(shown === 0 ? null : shown, askedMs * ms);
            const oldestMissed = commits[shown];
            const trueMs = oldestMissed === undefined ? 0 : seenAtMs - oldestMissed;
            found.push({ poll: poll(tick, askedMs, askedMs + answerMs, heartbeat), trueMs });
          }
          const book = new LagBook(everyMs);
          for (const { poll: one, trueMs } of found) {
            book.take(one);
            const lag = lagOf(one, everyMs);
            if (lag === null) continue;
            expect(lag.lowerNs).toBeLessThanOrEqual(trueMs * ms);
            expect(lag.upperNs ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(trueMs * ms);
          }
          const worstMs = Math.max(...found.map(({ trueMs }) => trueMs));
          const max = book.measured()?.max;
          expect(max?.lowerNs ?? 0).toBeLessThanOrEqual(worstMs * ms);
          expect(max?.upperNs ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(worstMs * ms);
        },
      ),
    );
  });

  it('is told by nothing while the writer takes no heartbeats and the reader shows all', () => {
    const quiet = { seenNs: 1_000 * ms, missedNs: null, unansweredNs: 1_500 * ms };
    expect(lagOf(poll(4, 2_000, 2_002, quiet), everyMs)).not.toBeNull();
    expect(lagOf(poll(9, 4_500, 4_502, quiet), everyMs)).toBeNull();
    const behind = { ...quiet, missedNs: 1_200 * ms };
    expect(lagOf(poll(9, 4_500, 4_502, behind), everyMs)).toMatchObject({
      lowerNs: 3_300 * ms,
      upperNs: 3_502 * ms,
    });
  });

  it('has no upper bound where the reader shows none of what was acknowledged', () => {
    const none = { seenNs: null, missedNs: 500 * ms, unansweredNs: null };
    expect(lagOf(poll(4, 2_000, 2_002, none), everyMs)).toMatchObject({
      lowerNs: 1_500 * ms,
      upperNs: null,
    });
    const book = new LagBook(everyMs);
    book.take(poll(4, 2_000, 2_002, none));
    expect(book.measured()).toMatchObject({
      told: 1,
      max: { upperNs: null },
      p95: { upperNs: null },
    });
  });

  it('reaches to the next poll, unless that one had nothing to tell', () => {
    const at = (seenMs: number, unansweredMs: number | null = null) => ({
      seenNs: seenMs * ms,
      missedNs: null,
      unansweredNs: unansweredMs === null ? null : unansweredMs * ms,
    });
    const upperMs = (polls: readonly PollData[]): number => {
      const book = new LagBook(everyMs);
      for (const one of polls) book.take(one);
      return (book.measured()?.max?.upperNs ?? 0) / ms;
    };
    expect(upperMs([poll(1, 500, 502, at(0))])).toBe(502);
    expect(upperMs([poll(1, 500, 502, at(0)), poll(2, 1_000, 1_002, at(500))])).toBe(1_002);
    expect(upperMs([poll(1, 500, 502, at(0)), poll(9, 4_500, 4_502, at(0, 600))])).toBe(502);
  });
});

describe('objectives on lag', () => {
  const entries = clusterHistory(lagging);
  const verdict = (text: string) => evaluate(parseObjective(text), measure(entries));

  it('are decided by the bounds', () => {
    expect(verdict('lag.max <= 5s')).toMatchObject({ verdict: 'pass', why: null });
    expect(verdict('lag.max <= 1s')).toMatchObject({ verdict: 'fail' });
    expect(verdict('reader/lag.max <= 3500ms').verdict).toBe('unknown');
    expect(verdict('reader/lag.max <= 3500ms').why).toContain('--interval');
    expect(verdict('elsewhere/lag.max <= 5s').why).toBe('this run measured no lag of elsewhere');
  });

  it('say of a pass that some polls could not tell', () => {
    const measured = measure(clusterHistory(failover));
    const told = evaluate(parseObjective('lag.max <= 5s'), measured);
    expect(told).toMatchObject({ verdict: 'pass' });
    expect(told.why).toContain('the writer took no heartbeats');
    expect(told.why).toMatch(/^9 polls/);
    expect(measured.lags.get('replica-lag')?.untold).toBe(9);
    expect(evaluate(parseObjective('reader/lag.max <= 5s'), measured).why).toBe(told.why);
  });

  it('are undecided where nothing was told, and leave downtime alone', () => {
    const silent = entries.map((entry) => {
      if (entry.kind !== 'poll') return entry;
      const { heartbeat: _, ...data } = entry.data;
      return { ...entry, data };
    });
    const report = judge(silent, {
      objectives: ['lag.max <= 5s', 'replica-lag.downtime <= 1s'],
    });
    expect(report.objectives.map((one) => one.verdict)).toEqual(['unknown', 'pass']);
  });

  it('are the same of a history that is measured as it is read', () => {
    const running = new RunningHistory();
    running.take(entries, undamaged);
    expect(running.measurement().lags).toEqual(measure(entries).lags);
  });
});

describe('a note by which a lane cannot be trusted', () => {
  const withNote = (subject: { lane?: string; session?: string }, sessionKind?: string) =>
    numbered([
      ...clusterHistory(failover),
      {
        atNs: 9_000 * ms,
        clock: 'harness',
        kind: 'note',
        subject,
        data: {
          ...{ level: 'warning', code: 'lane-undecided', text: 'nobody answered its driver' },
          ...(sessionKind === undefined ? {} : { sessionKind }),
        },
      },
    ]);
  const objectives = ['writer.downtime <= 10s', 'new-connection.downtime <= 10s', 'lag.max <= 5s'];
  const verdicts = (...note: Parameters<typeof withNote>) => {
    const report = judge(withNote(...note), { objectives });
    return new Map(report.objectives.map(({ text, verdict, why }) => [text, { verdict, why }]));
  };

  it('makes every objective on that lane unknown, and no other', () => {
    const found = verdicts({ lane: 'writer' });
    expect(found.get(objectives[0] ?? '')).toEqual({
      verdict: 'unknown',
      why: 'nobody answered its driver',
    });
    expect(found.get(objectives[1] ?? '')?.verdict).toBe('pass');
  });

  it('may name a session of the lane instead', () => {
    const found = verdicts({ session: 's4' }, 'probe heartbeat');
    expect(found.get('lag.max <= 5s')?.verdict).toBe('unknown');
    expect(found.get(objectives[0] ?? '')?.verdict).toBe('pass');
  });
});

function poll(
  tick: number,
  startMs: number,
  endMs: number,
  heartbeat: NonNullable<PollData['heartbeat']>,
): PollData {
  const times = { scheduledNs: startMs * ms, startNs: startMs * ms, endNs: endMs * ms };
  return { tick, ...times, outcome: 'ok', error: null, server: null, heartbeat };
}
