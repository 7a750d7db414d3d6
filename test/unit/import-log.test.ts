import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runImport } from '../../cli/import.js';
import { runReport } from '../../cli/report.js';
import { tool } from '../../cli/tool.js';
import type { Entry } from '../../harness/history/entry.js';
import { parseEntry } from '../../harness/history/entry.js';
import { importLog } from '../../harness/history/import/import.js';
import { timestampMs } from '../../harness/history/import/sample.js';
import { readHistory } from '../../harness/history/read.js';
import { judge } from '../../harness/verdict/judge.js';
import { UserError } from '../../sim/user-error.js';

const published = fileURLToPath(new URL('../support/logs/global-upgrade.log', import.meta.url));
const options = { name: 'poll.log', tool: { name: 'rehearse', version: '0.0.0' } };

function lanesOf(text: string, more: { sleepMs?: number } = {}) {
  return judge(importLog(text, { ...options, ...more })).lanes;
}

/** Lines of the loop, one every half second from `fromMs` into an invented day. */
function loop(fromMs: number, answers: readonly string[]): string {
  return answers
    .map((answer, index) => {
      const at = new Date(Date.UTC(2026, 0, 2) + fromMs + index * 540).toISOString();
      return `${at.slice(0, 10)} ${at.slice(11, 23)} ${answer}\n`;
    })
    .join('');
}

const refused = (host: string): string =>
  `psql: error: connection to server at "${host}", port 5432 failed: Connection refused`;

describe('commas before the milliseconds', () => {
  const answers = ['17.4', '17.4', refused('db'), refused('db'), '17.5', '17.5'];
  const dotted = loop(40_503, answers);
  const commas = dotted.replace(/(:\d\d)\./g, '$1,');

  it('give the same lanes as points, whatever the log says', () => {
    expect(commas).not.toBe(dotted);
    const expected = lanesOf(dotted);
    expect(expected).toMatchObject({ 'new-connection': { polls: 6, failed: 2 } });
    expect(lanesOf(commas)).toEqual(expected);
    expect(lanesOf(`poll.py, started by hand\n${commas}`)).toEqual(expected);
    const aware = commas.replace(/(,\d{3}) /g, '$1+00:00 ');
    expect(lanesOf(aware)).toEqual(expected);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 80_000_000 }), (fromMs) => {
        const text = loop(fromMs, answers);
        expect(lanesOf(text.replace(/(:\d\d)\./g, '$1,'))).toEqual(lanesOf(text));
      }),
    );
  });

  it('are not taken for a table that has them besides', () => {
    const lines = loop(40_503, ['ok', 'ok', 'down', 'ok', 'ok']).trimEnd().split('\n');
    const tables = [',', ';', '\t'].map((delimiter) =>
      lines.map((line) => line.replace(/ (\w+)$/, `${delimiter}$1`)).join('\n'),
    );
    for (const table of tables)
      expect(lanesOf(table)).toMatchObject({ 'new-connection': { polls: 5, failed: 1 } });
    const semicolons = tables[1]?.replace(/(:\d\d)\./g, '$1,') ?? '';
    expect(lanesOf(semicolons)).toMatchObject({ 'new-connection': { polls: 5, failed: 1 } });
  });

  it('are none in a table of whole seconds', () => {
    const row = (second: number, cell: string) => `2026-01-02 03:04:0${second},${cell}\n`;
    for (const [up, down] of [
      ['ok', 'refused'],
      ['200', '503'],
      ['200 OK', '503 Service Unavailable'],
      ['1,', '0,connection refused'],
    ] as const) {
      const text = [up, up, down, up, up].map((cell, index) => row(index, cell)).join('');
      expect(lanesOf(text)).toMatchObject({ 'new-connection': { polls: 5, failed: 1, ok: 4 } });
    }
  });
});

describe('a log beyond the limits', () => {
  it('is refused, whole or by its attempts', async () => {
    const table = `time,ok\n${'1767225600,1\n'.repeat(1_200_001)}`;
    expect(() => importLog(table, options)).toThrow(
      expect.objectContaining({ code: 'IMPORT_TOO_LARGE' }),
    );
    const folder = await mkdtemp(join(tmpdir(), 'rehearse-import-'));
    try {
      const path = join(folder, 'poll.log');
      await writeFile(path, '');
      // Sparse: nothing is written, and nothing of it may be read.
      await truncate(path, 65 * 1024 * 1024);
      const io = { cwd: folder, stdout: () => undefined, stderr: () => undefined };
      await expect(runImport({ file: path }, io)).rejects.toMatchObject({
        code: 'IMPORT_TOO_LARGE',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the published log', () => {
  it('gives its two outages with their exact bounds, and nothing else', async () => {
    const lanes = lanesOf(await readFile(published, 'utf8'));
    expect(Object.keys(lanes)).toEqual(['writer/new-connection', 'reader/new-connection']);
    const found = Object.values(lanes).flatMap((lane) =>
      lane.outages.map(({ lowerMs, upperMs, estimateMs, polls }) => ({
        bounds: [lowerMs, upperMs].map((bound) => ((bound ?? Number.NaN) / 1_000).toFixed(2)),
        estimate: (estimateMs / 1_000).toFixed(2),
        polls,
      })),
    );
    expect(found).toEqual([
      { bounds: ['0.51', '2.70'], estimate: '2.07', polls: 2 },
      { bounds: ['15.33', '22.07'], estimate: '21.42', polls: 31 },
    ]);
    expect(lanes['reader/new-connection']?.outages[0]?.errorKinds).toMatchObject([
      { kind: 'refused', polls: 30 },
      { kind: 'starting-up', polls: 1 },
    ]);
    // The minutes that were left out hide nothing and promise nothing.
    expect(lanes['reader/new-connection']?.blindMs).toEqual([]);
    expect(lanes['reader/new-connection']?.detectionFloorMs).toBeLessThan(1_000);
  });

  it('survives prose, hints, doubled and swapped lines', async () => {
    const lines = (await readFile(published, 'utf8')).split('\n');
    const expected = judge(importLog(lines.join('\n'), options)).lanes;
    const messy = lines.flatMap((line, index) =>
      line.includes('refused')
        ? [line, 'Is the server running on that host and accepting TCP/IP connections?', line]
        : index % 3 === 0
          ? [line, '', 'Some words between, at 06:21 or so.']
          : [line],
    );
    const swapped = messy.map((line, index) => {
      const isSample = /^2026.* 17\.4\.5$/.test(line);
      const next = messy[index + 1] ?? '';
      const before = messy[index - 1] ?? '';
      if (index % 2 === 0 && isSample && /^2026.* 17\.4\.5$/.test(next)) return next;
      return index % 2 === 1 && isSample && /^2026.* 17\.4\.5$/.test(before) ? before : line;
    });
    expect(judge(importLog(swapped.join('\r\n'), options)).lanes).toEqual(expected);
  });
});

describe('a log', () => {
  it('counts no stretch that it does not hold, announced or not', () => {
    const first = loop(0, ['17.4', '17.4', '17.4']);
    for (const between of ['', '(omitted)\n', '.\n.\n(omitted)\n.\n', '...\n']) {
      const lane = lanesOf(first + between + loop(600_000, [refused('a.example'), '17.5', '17.5']))[
        'new-connection'
      ];
      expect(lane?.outages).toMatchObject([{ upperMs: null }]);
      expect(lane?.outages[0]?.estimateMs).toBeLessThan(2_000);
      expect(lane?.failed).toBe(1);
    }
  });

  it('takes an attempt that hung for one, not for a hole', () => {
    const text =
      loop(0, ['17.4', '17.4', refused('a.example')]) + loop(60_000, ['17.5', '17.5', '17.5']);
    const [outage] = lanesOf(text)['new-connection']?.outages ?? [];
    expect(outage?.upperMs).toBeGreaterThan(59_000);
  });

  it('keeps two hosts apart, also when their logs ran side by side', () => {
    const text =
      loop(0, ['1.1', '1.1', refused('a.example'), '1.1', '1.1']) +
      loop(0, ['1.1', '1.1', refused('b.example'), refused('b.example'), '1.1']);
    const lanes = lanesOf(text);
    expect(Object.entries(lanes).map(([name, lane]) => [name, lane.polls, lane.failed])).toEqual([
      ['a/new-connection', 5, 1],
      ['b/new-connection', 5, 2],
    ]);
  });

  it('cut in the middle of an attempt leaves that one in doubt', () => {
    const lane = lanesOf(`${loop(0, ['17.4', '17.4'])}2026-01-02 00:00:01.080 `)['new-connection'];
    expect(lane).toMatchObject({ polls: 3, ok: 2, unknown: 1, failed: 0 });
  });

  it('without a single attempt is refused', () => {
    expect(() => importLog('nothing here\n', options)).toThrow(UserError);
  });

  it('of any bytes at all crashes nothing', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom('(omitted)', '.', 'RDSHOST="x.example"', 'timestamp,outcome', 'a;b;c'),
      fc
        .tuple(fc.integer({ min: -1e6, max: 1e9 }), fc.string({ maxLength: 20 }))
        .map(([atMs, answer]) => loop(atMs, [answer]).trimEnd()),
      fc
        .tuple(fc.double(), fc.constantFrom('ok', 'fail', 'x', ''))
        .map(([at, outcome]) => `${at},${outcome}`),
      fc.nat().map((at) => `${1_700_000_000_000 + at},ok`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        let entries: Entry[];
        try {
          entries = importLog(lines.join('\n'), options);
        } catch (error) {
          expect(error).toMatchObject({ code: 'IMPORT_EMPTY' });
          return;
        }
        for (const entry of entries) {
          const parsed = parseEntry(JSON.parse(JSON.stringify(entry)));
          expect(parsed.known ? '' : parsed.why).toBe('');
        }
        judge(entries);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a table of attempts', () => {
  it.each([
    [
      'comma, header, words',
      'timestamp,outcome,error\n',
      ',',
      ['ok', 'fail'],
      'Connection refused',
    ],
    ['semicolon, booleans', 'Time;Success;Message\n', ';', ['true', 'false'], 'timed out'],
    ['tab, HTTP status', 'ts\tstatus\terror\n', '\t', ['200', '503'], ''],
    ['no header', '', ',', ['up', 'down'], 'reset by peer'],
  ])('is read: %s', (_, head, delimiter, [ok, fail], message) => {
    const rows = [ok, ok, fail, fail, ok, ok].map((outcome, index) => {
      const at = new Date(Date.UTC(2026, 0, 2) + index * 500).toISOString();
      return [at, outcome, outcome === fail ? message : ''].join(delimiter);
    });
    const lane = lanesOf(`${head}${rows.join('\n')}\n`)['new-connection'];
    expect(lane).toMatchObject({ polls: 6, failed: 2 });
    expect(lane?.outages).toMatchObject([{ lowerMs: 500, upperMs: 2_000 }]);
  });

  it('takes epochs of any unit, durations, quotes and targets', () => {
    const text = [
      'time,target,duration_ms,result,error',
      '1767312000.000,a,12,ok,',
      '1767312000.500,a,3,fail,"refused, says ""a"""',
      '1767312001.000,a,8,ok,',
    ].join('\n');
    const [outage] = lanesOf(text)['new-connection']?.outages ?? [];
    expect(outage).toMatchObject({ lowerMs: 0, upperMs: 1_008, firstError: 'refused, says "a"' });
    const expected = Date.UTC(2026, 0, 2);
    for (const unit of ['1767312000', '1767312000000', '1767312000000000', '1767312000000000000'])
      expect(timestampMs(unit)).toBe(expected);
  });

  it('knows what it does not know', () => {
    const lane = lanesOf('time,outcome\n2026-01-02 00:00:00,unknown\n2026-01-02 00:00:01,ok\n');
    expect(lane['new-connection']).toMatchObject({ polls: 2, unknown: 1, failed: 0 });
  });
});

describe('the commands', () => {
  it('import a log of thousands of lines into a history that is whole', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rehearse-import-'));
    try {
      const io = { stdout: () => undefined, stderr: () => undefined, cwd: folder };
      const text = loop(0, Array<string>(2_500).fill('17.4'));
      await writeFile(join(folder, 'poll.log'), text);
      expect(await runImport({ file: 'poll.log', out: 'out' }, io)).toBe(0);
      const history = await readHistory(join(folder, 'out', 'history.ndjson'));
      expect(history.entries).toEqual(importLog(text, { ...options, tool: tool() }));
      expect(judge(history.entries, { damage: history }).gaps).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('import a log into a folder that can be reported again, with the same verdict', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rehearse-import-'));
    try {
      const told: string[] = [];
      const io = {
        stdout: (text: string) => void told.push(text),
        stderr: () => undefined,
        cwd: folder,
      };
      const objective = ['reader/new-connection.downtime <= 11s'];
      expect(await runImport({ file: published, objective, json: true, out: 'out' }, io)).toBe(1);
      const [document = ''] = told.splice(0);
      expect(JSON.parse(document)).toMatchObject({ verdict: 'fail', command: 'import' });
      expect(await runReport({ run: 'out', json: true }, io)).toBe(1);
      expect(told.splice(0)).toEqual([document]);
      expect(await readFile(join(folder, 'out', 'verdict.json'), 'utf8')).toBe(document);
      expect(await runImport({ file: published }, io)).toBe(0);
      expect(told.splice(0).join('')).toContain('bounds 15.33s to 22.07s');
      await expect(runReport({ run: 'latest' }, io)).rejects.toMatchObject({
        code: 'HISTORY_NOT_FOUND',
      });
      await writeFile(join(folder, 'prose.txt'), 'no history\n');
      await expect(runReport({ run: 'prose.txt' }, io)).rejects.toMatchObject({
        code: 'HISTORY_EMPTY',
      });
      await expect(runImport({ file: 'prose.txt' }, io)).rejects.toMatchObject({
        code: 'IMPORT_EMPTY',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
