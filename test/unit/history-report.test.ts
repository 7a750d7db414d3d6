import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HistoryIo, runReport, wholeBytesMax } from '../../cli/report.js';
import type { ReporterName } from '../../cli/reporters.js';
import { readHistory, readPieces } from '../../harness/history/read.js';
import { WholeLines } from '../../harness/history/whole-lines.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { type MadeUpRun, madeUpRuns, makeHistory, toText } from '../support/histories.js';

let cwd: string;
let path: string;
const shown: string[] = [];
const told: string[] = [];
const io = (): HistoryIo => ({
  cwd,
  stdout: (text) => void shown.push(text),
  stderr: (text) => void told.push(text),
});
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'history-report-'));
  path = join(cwd, 'history.ndjson');
  shown.length = 0;
  told.length = 0;
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

async function report(name: ReporterName, bytesMax?: number): Promise<[number, string]> {
  const reporter = [{ name, path: null }];
  const exit = await runReport({ run: path, reporter }, io(), bytesMax);
  return [exit, shown.splice(0).join('')];
}

describe('a history that is too large for memory', () => {
  it.each(Object.entries(madeUpRuns))('has the same report: %s', async (_, run) => {
    writeFileSync(path, toText(makeHistory(run as MadeUpRun)));
    const [exit, whole] = await report('json');
    const [exitInPieces, inPieces] = await report('json', 0);
    expect(exitInPieces).toBe(exit);
    const { servedBy: _served, notes, ...rest }: RunReport = JSON.parse(whole);
    const { servedBy, notes: more, ...found }: RunReport = JSON.parse(inPieces);
    expect(found).toEqual(rest);
    expect(servedBy).toEqual({});
    expect(more).toMatchObject([...notes, { level: 'info', code: 'measured-in-pieces' }]);
  });

  it('has the same lines, and a summary without a timeline', async () => {
    writeFileSync(path, toText(makeHistory(madeUpRuns['zdp-drops'] as MadeUpRun)));
    expect(await report('lines', 0)).toEqual(await report('lines'));
    const [, summary] = await report('summary', 0);
    expect(told.join('')).toContain('was measured as it was read');
    expect(summary).not.toContain('1 cell =');
    expect((await report('summary'))[1]).toContain('1 cell =');
  });

  it('tells of the same damage', async () => {
    const text = toText(makeHistory(madeUpRuns['zdp-clean'] as MadeUpRun));
    writeFileSync(path, `${text.replaceAll('"outcome":"fail"', '"outcome":"odd"')}nonsense\n{"v":`);
    await report('json');
    const expected = told.splice(0);
    expect(expected.join('')).toMatch(/cut off.*no entries.*: 1.*cannot read.*: \d\d/s);
    await report('json', 0);
    expect(told.slice(0, -1)).toEqual(expected);
    writeFileSync(path, 'nothing\n');
    await expect(report('json', 0)).rejects.toMatchObject({ code: 'HISTORY_EMPTY' });
  });

  it('ends when it is told to', async () => {
    writeFileSync(path, toText(makeHistory(madeUpRuns['zdp-clean'] as MadeUpRun)));
    const stop = AbortSignal.abort(new Error('enough'));
    for (const bytesMax of [0, wholeBytesMax])
      await expect(runReport({ run: path }, { ...io(), stop }, bytesMax)).rejects.toThrow('enough');
    expect(shown).toEqual([]);
  });

  it('is rendered where nobody listens to signals, and put out where somebody does', async () => {
    writeFileSync(path, toText(makeHistory(madeUpRuns['zdp-clean'] as MadeUpRun)));
    let isUnheard = false;
    const heard: boolean[] = [];
    const unheard = async <T>(work: () => Promise<T>): Promise<T> => {
      isUnheard = true;
      const done = await work();
      expect(shown).toEqual([]);
      isUnheard = false;
      return done;
    };
    const stdout = (): void => void heard.push(!isUnheard);
    await runReport({ run: path }, { ...io(), stdout, unheard });
    expect(heard).toEqual([true]);
  });
});

describe('the lines of a file', () => {
  it('are whole however its bytes come', () => {
    const text = fc.array(fc.constantFrom('a', 'é', '\n', '{"kind":1}', ' '), { maxLength: 60 });
    fc.assert(
      fc.property(
        text,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (parts, cuts) => {
          const bytes = Buffer.from(parts.join(''));
          const lines = new WholeLines();
          let read = '';
          for (let from = 0, turn = 0; from < bytes.length; turn++) {
            const to = from + (cuts[turn % cuts.length] ?? 1);
            const chunk = Buffer.from(bytes.subarray(from, to));
            read += lines.push(chunk);
            // The reader uses one buffer over and over.
            chunk.fill(0);
            from = to;
          }
          expect(read).toBe(parts.join('').slice(0, read.length));
          expect(read + lines.rest).toBe(parts.join(''));
          expect(lines.tooLong).toBe(0);
        },
      ),
    );
  });

  it('are left out where they are too long, and counted', () => {
    const lines = new WholeLines(10);
    const chunks = ['ab\n0123', '4567', '89xyz', '0', '\ncd', '\n', '01234567890123', '\nef\n'];
    const read = chunks.map((chunk) => lines.push(Buffer.from(chunk))).join('');
    expect(read).toBe('ab\ncd\nef\n');
    expect(lines).toMatchObject({ tooLong: 2, rest: '' });
  });

  it('of several megabytes are read in pieces, and each entry once', async () => {
    const entries = makeHistory(madeUpRuns['lost-write'] as MadeUpRun);
    const text = toText(entries);
    const rounds = Math.ceil(2.5e6 / text.length);
    writeFileSync(path, '');
    for (let round = 0; round < rounds; round++) appendFileSync(path, text);
    let pieces = 0;
    let count = 0;
    for await (const piece of readPieces(path)) {
      pieces += 1;
      count += piece.entries.length;
    }
    expect(pieces).toBeGreaterThanOrEqual(3);
    expect(count).toBe(rounds * entries.length);
    const { entries: whole } = await readHistory(path);
    expect(whole.slice(-entries.length)).toEqual(entries);
  });
});
