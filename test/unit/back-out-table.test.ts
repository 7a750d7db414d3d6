import { describe, expect, it } from 'vitest';
import {
  backOutTable,
  backOutTableText,
  type RowRun,
} from '../../harness/report/back-out-table.js';
import type { BackOutReport, RunReport } from '../../harness/verdict/run-report.js';

function run(phase: string, more: Partial<BackOutReport> | null): RowRun {
  const backOut: BackOutReport = {
    ...{ phase, reached: true, possible: true, what: `What leads back from ${phase}.` },
    ...{ succeeded: true, why: null, before: null, offsetMs: 0, tookMs: 1_234 },
    ...{ writesLost: 0, serves: 'rehearsal', losesWritesSince: false, writesBetween: 7 },
    ...more,
  };
  const verdict = more === null ? 'unknown' : 'pass';
  const report = { scenario: 'ours', title: 'Ours', seed: '1', verdict, reason: 'stopped' };
  const told = { ...report, backOut: more === null ? null : backOut };
  return { report: told as unknown as RunReport, run: `runs/${phase}` };
}

const notGone = {
  ...{ succeeded: null, tookMs: null, writesLost: null, serves: null },
  writesBetween: null,
};

describe('the table of ways back', () => {
  it.each<[string, RowRun[], string | null, string[]]>([
    ['none loses anything', [run('a', {}), run('b', {})], null, []],
    ['one loses writes', [run('a', {}), run('b', { writesLost: 3 }), run('c', {})], 'b', []],
    [
      'one is to lose what is written',
      [run('a', {}), run('b', { losesWritesSince: true })],
      'b',
      [],
    ],
    [
      'one would, and nothing was written',
      [run('a', { losesWritesSince: true, writesBetween: 0 })],
      ...([null, ['a']] as [null, string[]]),
    ],
    ['one is documented not to be', [run('a', { ...notGone, possible: false })], 'a', []],
    ['one fails', [run('a', { ...notGone, succeeded: false, why: 'no room' })], 'a', []],
    ['none is written', [run('a', { ...notGone, possible: null, what: null })], null, ['a']],
    ['it was not reached', [run('a', { ...notGone, reached: false })], null, ['a']],
    ['what serves could not be read', [run('a', { writesLost: null })], null, ['a']],
    ['it was stopped before', [run('a', {}), run('b', null)], null, ['b']],
  ])('finds where there is no way back where %s', (_what, runs, point, undecided) => {
    const phases = runs.map((one) => one.run.replace('runs/', ''));
    expect(backOutTable(runs, phases)).toMatchObject({ pointOfNoReturn: point, undecided });
  });

  it('is text of one line a phase', () => {
    const runs = [
      run('steady', {}),
      run('switchover', { ...notGone, possible: false, what: 'There is none.' }),
      run('settle', { ...notGone, possible: null, what: null }),
    ];
    expect(
      backOutTableText(backOutTable(runs, ['steady', 'switchover', 'settle'])).split('\n'),
    ).toEqual([
      'ours: the way back from each phase  seed 1',
      '  phase       way back         written before  took  writes lost  serves',
      '  steady      possible         7               1.2s  0            rehearsal',
      '  switchover  impossible       -               -     -            -',
      '  settle      none is written  -               -     -            -',
      '',
      'Point of no return: switchover, from where no way back is without loss; ' +
        'nothing is known of 1 phase: settle.',
      '  steady: What leads back from steady.',
      '  switchover: There is none.',
      '',
    ]);
  });
});
