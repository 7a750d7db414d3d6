import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../harness/history/entry.js';
import { importLog } from '../../harness/history/import/import.js';
import { parseHistory } from '../../harness/history/read.js';
import { undamaged } from '../../harness/measure/history-gaps.js';
import { RunningHistory } from '../../harness/measure/running-history.js';
import { judge, judgeMeasurement } from '../../harness/verdict/judge.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { type MadeUpRun, madeUpRuns, makeHistory, numbered, toText } from '../support/histories.js';

const published = join(import.meta.dirname, '..', 'support', 'logs', 'global-upgrade.log');
const histories: Readonly<Record<string, readonly Entry[]>> = {
  ...Object.fromEntries(
    Object.entries(madeUpRuns).map(([name, run]) => [name, makeHistory(run as MadeUpRun)]),
  ),
  imported: importLog(readFileSync(published, 'utf8'), {
    name: 'poll.log',
    tool: { name: 'rehearse', version: '0' },
    objectives: ['writer/new-connection.downtime <= 5s', 'reader/new-connection.p95 <= 1s'],
  }),
};

/** The report of entries that came in pieces of these lengths, over and over. */
function inPieces(entries: readonly Entry[], lengths: readonly number[]): RunReport {
  const running = new RunningHistory();
  let from = 0;
  for (let index = 0; from < entries.length; index++) {
    const to = from + (lengths[index % lengths.length] ?? 1);
    running.take(structuredClone(entries.slice(from, to)), undamaged);
    from = to;
  }
  return judgeMeasurement(running.measurement());
}

/** What is told of ticks themselves is not kept. */
const kept = ({ servedBy: _, ...report }: RunReport) => report;

describe.each(Object.entries(histories))('the history %s read in pieces', (_, entries) => {
  it('has the report of the whole', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 });
    const expected = kept(judge(entries));
    fc.assert(
      fc.property(lengths, (some) => {
        expect(kept(inPieces(entries, some))).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('has its gaps too, wherever it breaks off or has lost something', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.boolean(), (begin, length, isRenumbered) => {
        // The lanes' intervals are told at the beginning.
        const from = 1 + (begin % (entries.length - 1));
        const left = entries.filter((_, index) => index < from || index > from + (length % 400));
        const some = isRenumbered ? numbered(left) : left;
        expect(kept(inPieces(some, [97]))).toEqual(kept(judge(some)));
      }),
      { numRuns: 60 },
    );
  });
});

describe('a history read in pieces', () => {
  it('counts what cannot be read', () => {
    const clean = histories['zdp-clean'] ?? [];
    const text = toText(clean).replaceAll('"outcome":"fail"', '"outcome":"degraded"');
    const whole = parseHistory(`${text}no json\n{"v":1`);
    const running = new RunningHistory();
    running.take(whole.entries.slice(0, 50), undamaged);
    running.take(whole.entries.slice(50), whole);
    const report = judgeMeasurement(running.measurement());
    expect(report).toMatchObject({ verdict: 'unknown' });
    expect(report.gaps).toEqual(judge(whole.entries, { damage: whole }).gaps);
    expect(report.gaps.length).toBeGreaterThanOrEqual(3);
  });

  it('may hold lanes that no beginning lists', () => {
    const clean = numbered((histories['zdp-clean'] ?? []).slice(1));
    const many = Array.from({ length: 30 }, (_, round) =>
      clean.map((entry) => {
        if (entry.kind !== 'poll') return entry;
        const byNs = round * 12e9;
        const { tick, scheduledNs, startNs, endNs } = entry.data;
        const times = { scheduledNs: scheduledNs + byNs, startNs: startNs + byNs };
        const next = tick === null ? null : tick + round * 24;
        return { ...entry, data: { ...entry.data, ...times, tick: next, endNs: endNs + byNs } };
      }),
    ).flat();
    const report = inPieces(numbered(many), [1_000]);
    const expected = judge(numbered(many));
    expect(report.reason).toBe('the history has no beginning');
    const lane = report.lanes['new-connection'];
    const { polls, failed, outages } = expected.lanes['new-connection'] ?? {};
    expect(lane).toMatchObject({ polls, failed });
    expect(lane?.outages.length).toBe(outages?.length);
    expect(Object.keys(report.lanes).sort()).toEqual(Object.keys(expected.lanes).sort());
  });
});
