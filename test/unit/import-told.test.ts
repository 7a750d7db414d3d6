import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../harness/history/entry.js';
import { parseEntry } from '../../harness/history/entry.js';
import { looksLikeJson } from '../../harness/history/import/events.js';
import { parseLagCsv } from '../../harness/history/import/lag.js';
import { importTold } from '../../harness/history/import/told.js';
import { UserError } from '../../sim/user-error.js';

const options = { name: 'told', tool: { name: 'rehearse', version: '0' } };
const event = (at: string, Message: string, more: object = {}): object => ({
  SourceIdentifier: 'prod-1',
  SourceType: 'db-instance',
  Message,
  EventCategories: ['availability'],
  Date: at,
  SourceArn: 'arn:aws:rds:us-east-1:123456789012:db:prod-1',
  ...more,
});
const told = (text: string, lagUnit?: 'ms' | 's' | 'bytes'): Entry[] =>
  importTold(text, { ...options, ...(lagUnit === undefined ? {} : { lagUnit }) }) ?? [];
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error.code;
    throw error;
  }
  return 'none';
};
const noteTexts = (entries: readonly Entry[]): string[] =>
  entries.flatMap(({ kind, data }) => (kind === 'note' ? [data.text] : []));

const down = event('2026-04-11T06:22:39.001000+00:00', 'DB instance shutdown');
const up = event('2026-04-11T08:22:50+02:00', 'DB instance restarted');

describe('events of the control plane', () => {
  it('are told with their source and region, in order, and without the account', () => {
    const entries = told(JSON.stringify({ Events: [up, down] }));
    const events = entries.filter(({ kind }) => kind === 'event');
    expect(events.map(({ atNs }) => atNs)).toEqual([0, 10_999_000_000]);
    expect(events[0]).toMatchObject({
      clock: 'control',
      subject: { instance: 'prod-1', region: 'us-east-1' },
      data: { source: 'instance', message: 'DB instance shutdown', modelled: false, eventId: null },
    });
    expect(JSON.stringify(entries)).not.toContain('123456789012');
    for (const entry of entries) expect(parseEntry(entry).known).toBe(true);
  });

  it('may be a bare list, or one a line; what is none, or twice, is counted', () => {
    const noDate = event('yesterday', 'DB instance shutdown');
    expect(noteTexts(told(JSON.stringify([down, up, down, noDate, 7])))).toEqual([
      'left out: 2 elements without a date or a message',
      'left out: 1 event that are there twice',
    ]);
    const lines = `${JSON.stringify(down)}\n{"torn\n${JSON.stringify(up)}\n`;
    expect(noteTexts(told(lines))).toEqual(['left out: 1 element without a date or a message']);
  });

  it.each([
    ['{"Events": [', 'IMPORT_JSON'],
    ['{"Events": []}', 'IMPORT_EMPTY'],
    ['{"Events": {}}', 'IMPORT_EMPTY'],
    ['[null, 1, "x"]', 'IMPORT_EMPTY'],
    ['{"DBInstances": [{}]}', 'IMPORT_EMPTY'],
    ['{"Datapoints": [], "Label": "ReplicaLag"}', 'IMPORT_EMPTY'],
  ])('are refused where %s is all there is', (text, code) => {
    expect(codeOf(() => told(text))).toBe(code);
  });

  it('are not looked for in a log whose lines begin with a bracket', () => {
    expect(looksLikeJson('[2026-04-11 06:22:39] 17.4')).toBe(false);
  });
});

describe('a lag metric', () => {
  const values = (entries: readonly Entry[]): unknown[] =>
    entries.flatMap(({ kind, data }) => (kind === 'gauge' ? [data.value] : []));

  it('is read from a CSV, in milliseconds, and says that it bounds nothing', () => {
    const entries = told(
      'Timestamp,ReplicaLag\n2026-04-11T06:23:00Z,4.2\n2026-04-11T06:22:00Z,0\nfoo,1\n',
    );
    expect(values(entries)).toEqual([0, 4200]);
    const [series, leftOut] = noteTexts(entries);
    expect(series).toContain('the largest 4.2 s at 2026-04-11T06:23:00.000Z');
    expect(series).toContain('they bound no lag');
    expect(leftOut).toBe('left out: 1 row without a time or a value, the first of them row 4');
  });

  it('takes a unit from the user where the file has none, and never guesses one', () => {
    const text = 'timestamp,value\n2026-04-11T06:22:00Z,20\n';
    expect(codeOf(() => told(text))).toBe('IMPORT_LAG_UNIT');
    expect(values(told(text, 's'))).toEqual([20_000]);
  });

  it('is read from what CloudWatch answers, Maximum first', () => {
    const statistics = {
      Label: 'AuroraReplicaLag',
      Datapoints: [
        { Timestamp: '2026-04-11T06:22:00+00:00', Average: 1, Maximum: 20, Unit: 'Milliseconds' },
        { Timestamp: '2026-04-11T06:21:00+00:00', Average: 1, Maximum: 10, Unit: 'Milliseconds' },
        { Timestamp: 'x' },
      ],
    };
    expect(values(told(JSON.stringify(statistics)))).toEqual([10, 20]);
    const part = { Label: 'ReplicaLag', Timestamps: ['2026-04-11T06:22:00+00:00'], Values: [3] };
    expect(values(told(JSON.stringify({ MetricDataResults: [part] })))).toEqual([3000]);
  });

  it('is not seen in a table of attempts', () => {
    const at = '2026-04-11T06:22:00Z';
    expect(parseLagCsv(['timestamp,outcome,lag_ms', `${at},ok,3`])).toBeNull();
    expect(parseLagCsv(['timestamp,error,max', `${at},refused,3`])).toBeNull();
    expect(importTold(`${at} 17.4\n`, options)).toBeNull();
  });
});

describe('anything at all', () => {
  const json = fc.oneof(
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.jsonValue().map((value) => JSON.stringify({ Events: [value, down] })),
    fc.jsonValue().map((value) => JSON.stringify({ Label: value, Datapoints: [value] })),
    fc
      .jsonValue()
      .map((value) => JSON.stringify({ MetricDataResults: [value, { Values: value }] })),
    fc.nat(400).map((end) => JSON.stringify({ Events: [down, up] }).slice(0, end)),
    fc.string().map((text) => `timestamp,value\n${text}\n2026-04-11T06:22:00Z,${text}`),
  );

  it('gives a history whose entries can be read, no history, or an error with its code', () => {
    fc.assert(
      fc.property(json, (text) => {
        let entries: Entry[] | null = null;
        try {
          entries = importTold(text, { ...options, lagUnit: 'ms' });
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
        for (const entry of entries ?? [])
          expect(parseEntry(JSON.parse(JSON.stringify(entry))).known).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('loses no row of a metric: each is a point or counted', () => {
    const cell = fc.oneof(fc.nat(9999).map(String), fc.constantFrom('', 'x', '-1', 'NaN', '1e400'));
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 30 }), (cells) => {
        const rows = cells.map((one) => `2026-04-11T06:22:00Z,${one}`);
        const parsed = parseLagCsv(['timestamp,lag_ms', ...rows]);
        const points = parsed?.series[0]?.points.length ?? 0;
        if (parsed !== null) expect(points + parsed.unreadable.length).toBe(cells.length);
        expect(parsed === null).toBe(cells.every((one) => !/^\d+$/.test(one)));
      }),
    );
  });
});
