import { describe, expect, it } from 'vitest';
import { importLog } from '../../harness/history/import/import.js';
import { parseLog } from '../../harness/history/import/log.js';
import { timestampMs } from '../../harness/history/import/sample.js';
import { judge } from '../../harness/verdict/judge.js';
import type { RunReport } from '../../harness/verdict/run-report.js';

const options = { name: 'poll.log', tool: { name: 'rehearse', version: '0' } };

function imported(lines: readonly string[]): {
  lane: RunReport['lanes'][string] | undefined;
  warnings: string[];
} {
  const report = judge(importLog(`${lines.join('\n')}\n`, options));
  const warnings = report.notes.filter(({ level }) => level === 'warning').map(({ text }) => text);
  return { lane: report.lanes['new-connection'], warnings };
}

const head = 'timestamp,outcome,error';
const row = (second: number, rest = 'ok,'): string =>
  `2026-04-11 06:22:${String(second).padStart(2, '0')},${rest}`;

describe('a row with a quote too many', () => {
  it('is the attempt that it says it is', () => {
    const { lane, warnings } = imported([
      ...[head, row(40), `"${row(41, 'fail')}`, row(42), row(43, 'fail,"no route'), row(44)],
      ...[row(45, 'fail,"a, b",c" d'), row(46)],
    ]);
    expect(lane).toMatchObject({ polls: 7, failed: 3 });
    expect(lane?.outages.map(({ firstError }) => firstError)).toEqual(['fail', 'no route', 'a, b']);
    expect(warnings).toEqual([]);
  });

  it('may have a message of several lines, none of which is a row', () => {
    const { lane, warnings } = imported([
      ...[head, row(40), row(41, 'fail,"Connection refused'), '\tIs it running there,', 'or not?"'],
      row(42),
    ]);
    expect(lane).toMatchObject({ polls: 3, failed: 1 });
    expect(lane?.outages[0]?.errorKinds).toMatchObject([{ kind: 'refused' }]);
    expect(warnings.length).toBeLessThanOrEqual(1);
  });
});

describe('what is left out of a log', () => {
  it('is told where a row has no time', () => {
    const { lane, warnings } = imported([
      ...[head, row(40), 'yesterday,fail,', row(42), '2026-02-30 10:00:00,fail,', ',,'],
    ]);
    expect(lane).toMatchObject({ polls: 2, failed: 0 });
    expect(warnings).toEqual([
      'left out: 3 lines have no time that can be read, the first of them line 3',
    ]);
  });

  it('is told where a line begins with a day or an hour that is none', () => {
    const { lane, warnings } = imported([
      ...['Some prose.', '2026-02-28 23:59:59 17.4', '2026-02-30 10:00:00 17.4'],
      ...['2026-03-01 00:00:00 17.4', '2026-02-31 25:61:61 connection refused'],
    ]);
    expect(lane).toMatchObject({ polls: 2 });
    expect(warnings).toEqual([
      'left out: 2 lines have no time that can be read, the first of them line 3',
    ]);
    expect(imported(['2026-02-28 23:59:59 17.4', '2026-02-30 10:00:00 17.4']).warnings).toEqual([
      'left out: 1 line has no time that can be read, which is line 2',
    ]);
  });

  it('is told where a line is longer than any answer', () => {
    const long = `2026-04-11 06:22:41 ${'x'.repeat(20_000)}`;
    const told = ['left out: 1 line is longer than 16384 characters'];
    expect(imported(['2026-04-11 06:22:40 17.4', long]).warnings).toEqual(told);
    const table = imported([head, row(40), row(41, `fail,"${'x'.repeat(20_000)}"`), row(42)]);
    expect(table.warnings).toEqual(told);
    expect(table.lane).toMatchObject({ polls: 2 });
  });

  it('is told where it is of another time', () => {
    const { warnings } = imported([
      '2026-04-11 06:22:40 17.4',
      '2026-04-11 06:22:41 17.4',
      '1999-01-01 00:00:00 x',
    ]);
    expect(warnings).toEqual(['left out: 1 line is more than 50 days from the rest of the log']);
  });
});

describe('a day of the calendar', () => {
  it.each(['2026-02-28', '2024-02-29', '2000-02-29', '2026-04-30', '2026-12-31'])(
    'is %s',
    (day) => {
      expect(timestampMs(`${day} 10:00:00`)).toBe(Date.parse(`${day}T10:00:00Z`));
      expect(timestampMs(`${day}T10:00:00+02:00`)).toBe(Date.parse(`${day}T08:00:00Z`));
    },
  );

  it.each([
    '2026-02-29',
    '2026-02-30',
    '1900-02-29',
    '2026-04-31',
    '2026-00-10',
    '2026-13-01',
    '2026-01-00',
    '2026-01-32',
  ])('is not %s', (day) => expect(timestampMs(`${day} 10:00:00`)).toBeNaN());
});

describe('lines made to be slow', () => {
  const fine = '2026-04-11 06:22:40 17.4';
  // Each took from seconds to minutes where a pattern tries every way to part its blanks.
  it.each<[string, string]>([
    ['blanks', ' '.repeat(300_000)],
    ['blanks in brackets', `(${' '.repeat(300_000)}omitted`],
    ['many shorter blanks', `${' '.repeat(16_000)}x\n`.repeat(200)],
    ['one line of 20 MB', 'x'.repeat(20e6)],
    ['quotes', '"'.repeat(3e6)],
    ['hosts', 'HOST'.repeat(100_000)],
    ['a host of points', `server=${'a.'.repeat(100_000)}`],
    ['a status and blanks', `2026-04-11 06:22:41,200 A${' '.repeat(300_000)}x`],
    [
      'messages that begin again and again',
      `2026-04-11 06:22:41,x,${'prepared statement '.repeat(800)}\n`.repeat(40),
    ],
  ])(
    'are read all the same: %s',
    (_, lines) => {
      for (const text of [
        `${fine}\n${lines}\n${fine}\n`,
        `${lines}\n${fine}\n`,
        `${head}\n${row(1)}\n${lines}\n`,
      ])
        expect(importLog(text, options).length).toBeGreaterThan(2);
    },
    20_000,
  );

  it('leave an omission what it is', () => {
    const at = (second: number): string => `2026-04-11 06:22:0${second} 17.4`;
    const omissions = ['.', '......', '…', '(omitted)', '[ snip ]', '  < cut >  ', 'snipped'];
    for (const omission of omissions) {
      const { samples } = parseLog([at(1), omission, at(2), 'cut it here', at(3)]);
      expect(samples.map(({ afterOmission }) => afterOmission)).toEqual([false, true, false]);
    }
  });
});
