import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkSessions,
  parseCensus,
  parseSessionCounts,
  sessionKinds,
  sessionKindsOf,
} from '../../harness/load/census.js';
import { addCopy, addToRuns, type FoundRuns } from '../../harness/load/found-runs.js';
import { UserError } from '../../sim/user-error.js';

describe('session counts', () => {
  it('reads kinds with counts', () => {
    expect(parseSessionCounts('idle=3, temp-table=1,ddl')).toEqual([
      { kind: 'idle', count: 3 },
      { kind: 'temp-table', count: 1 },
      { kind: 'ddl', count: 1 },
    ]);
    expect(parseSessionCounts('none')).toEqual([]);
    expect(parseSessionCounts('idle=0')).toEqual([]);
  });

  it.each(['', 'idle=', 'idle=-1', 'busy=1', 'idle=5001', 'idle=3000,ddl=2001', 'idle=1;ddl=1'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseSessionCounts(text)).toThrow(
        expect.objectContaining({ code: 'SESSIONS_INVALID' }),
      );
    },
  );
});

describe('census', () => {
  it('reads YAML and JSON', () => {
    const sessions = [
      { kind: 'idle', count: 1 },
      { kind: 'prepared', count: 4, name: 'api', settings: { 'app.tenant_id': '7' } },
    ];
    expect(parseCensus(JSON.stringify({ sessions }))).toEqual(sessions);
    const yaml =
      'sessions:\n  - kind: idle\n  - {kind: prepared, count: 4, name: api, ' +
      "settings: {app.tenant_id: '7'}}\n";
    expect(parseCensus(yaml)).toEqual(sessions);
  });

  it.each([
    'sessions: 3',
    'sessions: [{kind: busy}]',
    'sessions: [{kind: idle, count: 0}]',
    'sessions: [{kind: idle, colour: red}]',
    "sessions: [{kind: idle, settings: {'a; DROP TABLE x': '1'}}]",
    'sessions: [{kind: idle, count: 3000}, {kind: ddl, count: 2001}]',
    ': : :',
    '',
  ])('refuses %j', (text) => {
    expect(() => parseCensus(text)).toThrow(expect.objectContaining({ code: 'SESSIONS_INVALID' }));
  });

  it('answers any text with sessions or a UserError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        for (const parse of [parseCensus, parseSessionCounts]) {
          try {
            for (const { kind } of parse(text)) expect(sessionKinds).toContain(kind);
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
          }
        }
      }),
    );
  });
});

describe('kinds of an engine', () => {
  it('are refused for another engine, with those that it has', () => {
    const refused = expect.objectContaining({
      code: 'SESSIONS_INVALID',
      todo: expect.stringContaining('user-lock'),
    });
    expect(() => parseSessionCounts('held-cursor=1', 'mysql')).toThrow(refused);
    expect(() => parseCensus('sessions: [{kind: advisory-lock}]', 'mysql')).toThrow(refused);
    expect(() => checkSessions([{ kind: 'listening', count: 1 }], 'mysql')).toThrow(refused);
    expect(() => parseSessionCounts('user-lock=1', 'postgres')).toThrow(/held-cursor/);
    expect(parseSessionCounts('user-lock=2', 'mysql')).toEqual([{ kind: 'user-lock', count: 2 }]);
    expect(parseSessionCounts('user-lock,listening')).toHaveLength(2);
  });

  it('have user variables on MySQL alone', () => {
    const census = 'sessions: [{kind: idle, settings: {"@tenant": a}}]';
    expect(parseCensus(census, 'mysql')[0]?.settings).toEqual({ '@tenant': 'a' });
    expect(() => parseCensus(census, 'postgres')).toThrow(/user variables/);
  });

  it('are all among the kinds there are', () => {
    for (const engine of ['postgres', 'mysql'] as const)
      for (const kind of sessionKindsOf(engine)) expect(sessionKinds).toContain(kind);
  });
});

describe('runs of found numbers', () => {
  it('are the same whatever the order of the rows', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 80 }), (numbers) => {
        const runs: FoundRuns = [];
        for (const number of numbers) addCopy(runs, number);
        const ascending: FoundRuns = [];
        for (const number of [...new Set(numbers)].sort((a, b) => a - b))
          addToRuns(ascending, number, numbers.filter((one) => one === number).length);
        expect(runs).toEqual(ascending);
      }),
    );
  });

  it('say exactly which numbers there are, and how often', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ number: fc.nat(60), copies: fc.integer({ min: 1, max: 3 }) }), {
          selector: ({ number }) => number,
        }),
        (rows) => {
          const sorted = [...rows].sort((a, b) => a.number - b.number);
          const runs: FoundRuns = [];
          for (const { number, copies } of sorted) addToRuns(runs, number, copies);
          const back = runs.flatMap(([first, last, copies]) =>
            Array.from({ length: last - first + 1 }, (_, index) => ({
              number: first + index,
              copies,
            })),
          );
          expect(back).toEqual(sorted);
          runs.reduce(
            (previous, run) => {
              expect(run[0] > previous[1] + 1 || run[2] !== previous[2]).toBe(true);
              return run;
            },
            [-10, -10, 0] as FoundRuns[number],
          );
        },
      ),
    );
  });
});
