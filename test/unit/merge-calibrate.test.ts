import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCalibrate } from '../../cli/calibrate.js';
import { namedRuns, parseOffsets } from '../../cli/merge.js';
import { timingOption } from '../../cli/timing-option.js';
import { observeHistory } from '../../harness/calibrate/observe.js';
import { calibrated, timingFileText } from '../../harness/calibrate/timing-file.js';
import { parseEntry } from '../../harness/history/entry.js';
import { importLog } from '../../harness/history/import/import.js';
import { importTold } from '../../harness/history/import/told.js';
import { type MergePart, mergeHistories } from '../../harness/history/merge.js';
import { parseHistory } from '../../harness/history/read.js';
import { measure } from '../../harness/measure/measure.js';

const tool = { name: 'rehearse', version: '0' };
const log = [
  ...['39.0 17.4', '39.5 17.4', '40.0 error: connection refused', '40.5 error: connection refused'],
  ...['41.0 error: the database system is starting up', '41.5 17.5', '42.0 17.5'],
].map((line) => `2026-04-11 06:22:${line}\n`);
const entries = importLog(log.join(''), { name: 'log', tool });
const part = (host: string, offsetMs = 0): MergePart => ({
  ...{ host, entries, offsetMs, gaps: [], unknownLines: 0 },
});
const golden = join(import.meta.dirname, '..', 'golden', 'histories');
const history = (name: string) => parseHistory(readFileSync(join(golden, name), 'utf8'));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'calibrate-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('histories of several hosts', () => {
  it('are joined with each host before its lanes, and no gaps', () => {
    const joined = mergeHistories([part('a'), part('b')], { tool, clockErrorMs: 0 });
    const { lanes, gaps } = measure(joined);
    expect(lanes.map(({ spec }) => spec.name)).toEqual(['a/new-connection', 'b/new-connection']);
    expect(gaps).toEqual([]);
    expect(new Set(joined.map(({ producer }) => producer))).toEqual(
      new Set(['merge', 'a/import', 'b/import']),
    );
  });

  it('move by their offsets, which change no outage; an error of clocks widens all', () => {
    const lengths = fc.record({
      offsetMs: fc.integer({ min: -100_000, max: 100_000 }),
      clockErrorMs: fc.nat(300),
    });
    const alone = measure(entries).lanes[0]?.outages[0];
    fc.assert(
      fc.property(lengths, ({ offsetMs, clockErrorMs }) => {
        const joined = mergeHistories([part('a'), part('b', offsetMs)], { tool, clockErrorMs });
        for (const entry of joined) expect(parseEntry(entry).known).toBe(true);
        const [a, b] = measure(joined).lanes.map(({ outages }) => outages[0]);
        expect((a?.begin.pointNs ?? 0) - (b?.begin.pointNs ?? 0)).toBe(offsetMs * 1e6);
        expect(b?.upperNs).toBe((alone?.upperNs ?? 0) + 2e6 * clockErrorMs);
        expect(b?.lowerNs).toBe(Math.max(0, (alone?.lowerNs ?? 0) - 2e6 * clockErrorMs));
      }),
      { numRuns: 50 },
    );
  });

  it('keep the books of their writes apart', () => {
    const { entries: run } = history('real-zdp.ndjson');
    const alone = measure(run).ledger;
    const two = [part('a'), part('b')].map((one) => ({ ...one, entries: run }));
    const { ledger, gaps } = measure(mergeHistories(two, { tool, clockErrorMs: 0 }));
    expect(alone?.intents).toBeGreaterThan(0);
    expect(ledger).toMatchObject({ intents: 2 * (alone?.intents ?? 0), lost: 0, duplicated: 0 });
    expect(gaps).toEqual([]);
  });

  it('are never whole where a part was not', () => {
    const torn = { ...part('b'), gaps: ['3 entries are missing'] };
    const joined = mergeHistories([part('a'), torn], { tool, clockErrorMs: 0 });
    expect(measure(joined).notes.map(({ data }) => [data.level, data.text])).toContainEqual([
      'error',
      'b: 3 entries are missing',
    ]);
  });

  it('need a start each', () => {
    const lost = { ...part('b'), entries: entries.slice(1) };
    expect(() => mergeHistories([part('a'), lost], { tool, clockErrorMs: 0 })).toThrow(
      expect.objectContaining({ code: 'MERGE_NO_START' }),
    );
  });

  it('have names and offsets that are refused where they are none', () => {
    expect(namedRuns(['a=x/y', 'runs/b/history.ndjson'])).toEqual([
      { host: 'a', run: 'x/y' },
      { host: 'b', run: 'runs/b/history.ndjson' },
    ]);
    for (const runs of [['a'], ['a', 'x/a']])
      expect(() => namedRuns(runs)).toThrow(expect.objectContaining({ code: 'MERGE_HOSTS' }));
    expect([...parseOffsets(['a=+120ms', 'b=-2s'], ['a', 'b'])]).toEqual([
      ['a', 120],
      ['b', -2000],
    ]);
    for (const text of ['a', 'c=1s', 'a=', '=1s'])
      expect(() => parseOffsets([text], ['a'])).toThrow(
        expect.objectContaining({ code: 'MERGE_OFFSET_INVALID' }),
      );
  });
});

const at = (time: string, Message: string): object => ({ Date: `2026-04-11T06:${time}Z`, Message });
const finished =
  "Attempt to upgrade the database instance 'w' with zero downtime finished. " +
  'The process took 2360 ms, 5 connections preserved, 0 connections dropped.';
const patch = [
  at('20:00', 'Database cluster engine minor version upgrade started. Cluster remains online.'),
  at('22:39', 'Attempting to upgrade the database with zero downtime.'),
  at('22:42', 'Aurora fast startup completed in [1431425] microseconds.'),
  at('22:42', finished),
];

describe('what histories show of durations', () => {
  const told = importTold(JSON.stringify(patch), { name: 'events', tool }) ?? [];

  it('is a file that run --timing takes, with source, date and count, and nothing else', () => {
    const values = calibrated([observeHistory(told, { name: 'events' })]);
    const path = join(folder, 'timing.yaml');
    writeFileSync(path, timingFileText(values, '2026-11-20'));
    const { overrides } = timingOption(path);
    const durations = overrides['zdp.success.pg'] ?? {};
    expect(Object.keys(overrides)).toEqual(['zdp.success.pg']);
    expect(Object.keys(durations)).toEqual(['precheckMs', 'refusedMs', 'startingUpMs']);
    expect(durations).toMatchObject({
      precheckMs: { valueMs: 159_000, observations: 1 },
      refusedMs: { valueMs: 929 },
      startingUpMs: { valueMs: 1_431 },
    });
    expect(durations.refusedMs?.source).toContain('events (2026-04-11)');
  });

  it('is what lanes felt, where the user says of which operation', () => {
    const options = { name: 'probe', profile: 'zdp.fallback.pg' } as const;
    const found = calibrated([observeHistory(entries, options), observeHistory(entries, options)]);
    expect(found.map(({ duration, valueMs, count }) => [duration, valueMs, count])).toEqual([
      ['refusedMs', 1_000, 2],
      ['startingUpMs', 500, 2],
    ]);
    expect(observeHistory(entries, { name: 'probe' }).observations).toEqual([]);
  });

  it('is no observation of AWS where it is a rehearsal, and is left out beside a real one', () => {
    const rehearsal = observeHistory(history('real-zdp.ndjson').entries, { name: 'zdp' });
    for (const value of calibrated([rehearsal])) {
      expect(value).toMatchObject({ profile: 'zdp.success.pg', observations: 0 });
      expect(value.source).toContain('rehearsed');
    }
    expect(calibrated([rehearsal]).map(({ duration }) => duration)).toEqual([
      'refusedMs',
      'startingUpMs',
    ]);
    const both = calibrated([rehearsal, observeHistory(told, { name: 'events' })]);
    expect(both.every(({ observations }) => observations === 1)).toBe(true);
  });

  it('is told as nothing, and nothing is written', async () => {
    const io = { cwd: folder, stdout: () => undefined, stderr: () => undefined };
    const clock = { anchor: { hrtimeNs: '0', wallClock: '2026-11-20T00:00:00.000Z' } };
    const runs = [join(golden, 'replica-lag.ndjson')];
    await expect(runCalibrate({ runs, out: 'none.yaml' }, io, clock)).rejects.toMatchObject({
      code: 'CALIBRATE_NOTHING',
    });
    expect(existsSync(join(folder, 'none.yaml'))).toBe(false);
    await expect(runCalibrate({ runs, profile: 'rds.rebot' }, io, clock)).rejects.toMatchObject({
      code: 'CALIBRATE_PROFILE_UNKNOWN',
    });
  });
});
