import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../harness/history/entry.js';
import { compare } from '../../harness/verdict/evaluate.js';
import { judge } from '../../harness/verdict/judge.js';
import { operators, parseObjective } from '../../harness/verdict/objective.js';
import { UserError } from '../../sim/user-error.js';
import { type MadeUpRun, madeUpRuns, makeHistory } from '../support/histories.js';

describe('an objective as text', () => {
  it.each([
    ['writer.downtime <= 5s', { about: 'lane', lane: 'writer', metric: 'downtime', limit: 5_000 }],
    ['new-connection.downtime<=1m30s', { lane: 'new-connection', limit: 90_000, operator: '<=' }],
    ['blue/new-connection.outages <= 1', { lane: 'blue/new-connection', metric: 'outages' }],
    ['held-session.failed == 0', { metric: 'failed', limit: 0 }],
    ['held-session.downtime == 0', { metric: 'downtime', limit: 0 }],
    ['writer.p95 < 250ms', { metric: 'p95', limit: 250, operator: '<' }],
    ['writes.in-doubt == 0', { about: 'writes', metric: 'inDoubt' }],
    ['sessions.preserved == 6', { about: 'sessions', metric: 'preserved', limit: 6 }],
  ])('%s is read', (text, expected) => {
    expect(parseObjective(text)).toMatchObject(expected);
  });

  it.each([
    'writer',
    'writer.downtime',
    'writer.downtime <= fast',
    'writer.downtime <= 5',
    'writer.speed <= 5s',
    'proxy.downtime <= 5s',
    'observer.downtime <= 5s',
    'served-by.outages == 0',
    'blue/served-by.polls >= 1',
    'writes.lost <= 5s',
    'writes.gone == 0',
    'sessions.lost == 0',
    '',
  ])('%s is refused with what is allowed', (text) => {
    expect(() => parseObjective(text)).toThrow(UserError);
    expect(() => parseObjective(text)).toThrow(/new-connection.*writes with lost/);
  });

  it('never does anything else than read or refuse', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        try {
          parseObjective(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'OBJECTIVE_INVALID' });
        }
      }),
    );
  });
});

describe('an interval against a limit', () => {
  it('passes when every value meets it, fails when none does, else is unknown', () => {
    const values = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(
        values,
        values,
        values,
        fc.constantFrom(...operators),
        (a, b, limit, operator) => {
          const [lower, upper] = a < b ? [a, b] : [b, a];
          const meets: Record<(typeof operators)[number], (value: number) => boolean> = {
            '<=': (value) => value <= limit,
            '<': (value) => value < limit,
            '>=': (value) => value >= limit,
            '>': (value) => value > limit,
            '==': (value) => value === limit,
            '!=': (value) => value !== limit,
          };
          // Halves stand for all values between two whole ones.
          const all = Array.from({ length: 2 * (upper - lower) + 1 }, (_, i) => lower + i / 2);
          const met = all.filter(meets[operator]).length;
          const expected = met === all.length ? 'pass' : met === 0 ? 'fail' : 'unknown';
          expect(compare({ lower, upper }, operator, limit)).toBe(expected);
        },
      ),
    );
  });

  it('never passes an upper limit without an upper bound', () => {
    expect(compare({ lower: 1, upper: null }, '<=', 5)).toBe('unknown');
    expect(compare({ lower: 6, upper: null }, '<=', 5)).toBe('fail');
  });
});

describe('a verdict', () => {
  const clean = madeUpRuns['zdp-clean'] as MadeUpRun;
  const judged = (objectives: string[]) => judge(makeHistory({ ...clean, objectives }));

  it('names the interval that would decide', () => {
    const [objective] = judged(['new-connection.downtime <= 2.5s']).objectives;
    expect(objective?.verdict).toBe('unknown');
    expect(objective?.why).toMatch(/--interval \d+ms/);
  });

  it('is unknown for a time below what the lane can detect, and says what is in the way', () => {
    const outcome = (text: string) => judged([text]).objectives[0];
    for (const metric of ['downtime', 'longest'])
      for (const limit of ['<= 0s', '== 0s', '< 1ms', '<= 400ms', '<= 2s'])
        expect(outcome(`held-session.${metric} ${limit}`)).toMatchObject({ verdict: 'unknown' });
    expect(outcome('held-session.downtime <= 0s')?.why).toContain('held-session.failed == 0');
    expect(outcome('held-session.downtime <= 2s')?.why).toMatch(/an attempt took 2\d{3} ms/);
    const idle = outcome('idle-session.longest <= 400ms');
    expect(idle?.verdict).toBe('unknown');
    expect(idle?.why).toMatch(/only notices that it was closed/);
    expect(outcome('new-connection.downtime <= 100ms')?.verdict).toBe('fail');
    expect(outcome('held-session.downtime <= 60s')).toMatchObject({ verdict: 'pass', why: null });
    expect(outcome('idle-session.longest <= 600ms')?.verdict).toBe('unknown');
  });

  it('counts polls plainly, and outages as far as polls met them', () => {
    const report = judged(['held-session.failed == 0', 'held-session.outages == 0']);
    expect(report.verdict).toBe('pass');
    const [failed, outages] = report.objectives;
    expect(failed?.why).toBeNull();
    expect(outages?.why).toContain('can have gone unseen');
  });

  it('is unknown for a lane with a single decided poll', () => {
    const entries = makeHistory({ ...clean, objectives: ['held-session.longest <= 60s'] }).filter(
      ({ kind, subject, data }) =>
        kind !== 'poll' || subject.lane !== 'held-session' || data.tick === 1,
    );
    expect(judge(entries).objectives[0]?.verdict).toBe('unknown');
  });

  it('is unknown for a lane that the run did not have', () => {
    const report = judged(['reader.downtime <= 5s', 'writes.lost == 0']);
    expect(report.verdict).toBe('unknown');
    expect(report.reason).toContain('no lane reader');
  });

  it('is unknown after an error note, and when the run says that it did not complete', () => {
    const entries = makeHistory(clean);
    const last = entries.at(-1);
    if (last === undefined) throw new Error('empty');
    const note = {
      ...last,
      kind: 'note' as const,
      data: { level: 'error' as const, code: 'checker-failed', text: 'the readback crashed' },
    };
    expect(judge([...entries, note])).toMatchObject({ verdict: 'unknown' });
    const stopped = {
      ...last,
      kind: 'run' as const,
      data: { stage: 'finished' as const, completed: false, reason: 'Ctrl-C' },
    };
    expect(judge([...entries.slice(0, -1), stopped])).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringContaining('Ctrl-C'),
    });
  });

  it.each([
    ['switch-over failed: canceled due to a guardrail (lag); blue takes writes', true],
    ['Ctrl-C', false],
  ])('is unknown and says plainly why where it ended with: %s', (reason, isRefused) => {
    const entries = makeHistory(clean);
    const last = entries.at(-1);
    if (last === undefined) throw new Error('empty');
    const data = { stage: 'finished' as const, completed: false, reason };
    const report = judge([...entries.slice(0, -1), { ...last, kind: 'run' as const, data }]);
    expect(report.verdict).toBe('unknown');
    expect(report.reason).toContain(reason);
    expect(report.reason.includes('did not take place')).toBe(isRefused);
  });

  it('is unknown when writes were not read back, and when an answer never came', () => {
    const entries = makeHistory(clean);
    const without = entries.filter(
      (entry) => !(entry.kind === 'write' && entry.data.stage === 'readback'),
    );
    expect(judge(without)).toMatchObject({ verdict: 'unknown', writes: { lost: null } });
    const silent = entries.filter(
      (entry) =>
        !(
          entry.kind === 'write' &&
          entry.data.stage === 'acknowledged' &&
          entry.data.id === 'w1-3'
        ),
    );
    expect(judge(silent).writes).toMatchObject({ inDoubt: 1, inDoubtPresent: 1, acknowledged: 19 });
  });

  it('is unknown about what became of writes where none was acknowledged', () => {
    const entries = makeHistory(clean).flatMap((entry): Entry[] => {
      if (entry.kind !== 'write') return [entry];
      const { data } = entry;
      if (data.stage === 'acknowledged')
        return [{ ...entry, data: { ...data, stage: 'failed' as const, error: null } }];
      return [data.stage === 'readback' ? { ...entry, data: { ...data, found: {} } } : entry];
    });
    const objectives = ['writes.lost == 0', 'writes.duplicated == 0', 'writes.failed == 0'];
    const { verdict, objectives: judged } = judge(entries, { objectives });
    expect(verdict).toBe('fail');
    const whyOf = (text: string) => judged.find((one) => one.text === text)?.why;
    expect(objectives.map(whyOf)).toEqual([
      'no write was acknowledged',
      'no write was acknowledged',
      null,
    ]);
  });

  it('is unknown about what became of writes where none was made', () => {
    const objectives = ['lost', 'duplicated', 'failed'].map((metric) => `writes.${metric} == 0`);
    const entries = makeHistory({ ...clean, objectives: [] }).filter(
      (entry) => entry.kind !== 'write' || entry.data.stage === 'readback',
    );
    const silent = entries.map((entry) =>
      entry.kind === 'write' && entry.data.stage === 'readback'
        ? { ...entry, data: { ...entry.data, found: {} } }
        : entry,
    );
    const report = judge(silent, { objectives: [...objectives, 'writes.acknowledged >= 1'] });
    const verdictOf = (text: string) => report.objectives.find((one) => one.text === text);
    for (const text of objectives)
      expect(verdictOf(text)).toMatchObject({ verdict: 'unknown', why: 'no write was made' });
    expect(verdictOf('writes.acknowledged >= 1')).toMatchObject({ verdict: 'fail' });
  });

  it('of a run without a T0 says that no session was touched', () => {
    const entries = makeHistory({ ...clean, objectives: ['sessions.dropped == 0'] }).filter(
      ({ kind, data }) => kind !== 'session' && !(kind === 'phase' && data.t0 === true),
    );
    const why = 'the operation never came to touch sessions';
    expect(judge(entries).objectives[0]).toMatchObject({ verdict: 'unknown', why });
  });

  it('does not stumble over an objective of another version', () => {
    expect(judged(['lag.max <= 5s'])).toMatchObject({ verdict: 'unknown' });
  });

  it('does not depend on the order of the entries', () => {
    const entries = makeHistory(clean);
    const expected = judge(entries);
    expect(judge([...entries].reverse()).lanes).toEqual(expected.lanes);
  });
});
