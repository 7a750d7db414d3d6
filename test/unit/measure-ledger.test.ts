import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry, EntryOf } from '../../harness/history/entry.js';
import { LedgerBook, measureLedger } from '../../harness/measure/ledger.js';
import { judge } from '../../harness/verdict/judge.js';
import { type MadeUpRun, madeUpRuns, makeHistory } from '../support/histories.js';

type Write = EntryOf<'write'>['data'];
type Runs = [number, number, number][];

const stages = ['intent', 'acknowledged', 'failed', 'inDoubt'] as const;

function readback(found: Record<string, Runs>, complete = true): Write {
  return { stage: 'readback', complete, version: '17.5', found };
}

function book(writes: readonly Write[]): LedgerBook {
  const made = new LedgerBook();
  for (const write of writes) made.take(write);
  return made;
}

const acknowledged = (count: number): Write[] =>
  Array.from({ length: count }, (_, index) => `w1-${index + 1}`).flatMap((id): Write[] => [
    { stage: 'intent', id },
    { stage: 'acknowledged', id },
  ]);

describe('the ledger', () => {
  it('is none without writes', () => {
    expect(measureLedger([])).toBeNull();
    expect(book([]).gaps()).toEqual([]);
  });

  it('finds what is lost, doubled, resurrected and in doubt', () => {
    const writes: Write[] = [
      ...acknowledged(5),
      { stage: 'failed', id: 'w1-4' },
      { stage: 'intent', id: 'w1-6' },
      { stage: 'inDoubt', id: 'w2-1' },
      readback({
        w1: [
          [1, 1, 1],
          [3, 3, 2],
          [4, 6, 1],
        ],
      }),
    ];
    const ledger = book(writes).measured();
    expect(ledger).toMatchObject({
      ...{ intents: 7, acknowledged: 4, failed: 1, inDoubt: 2, readBack: true },
      ...{ lost: 1, lostIds: ['w1-2'], duplicated: 1, duplicatedIds: ['w1-3'] },
      ...{ resurrected: 1, resurrectedIds: ['w1-4'], inDoubtPresent: 1, inDoubtAbsent: 1 },
    });
    expect(book(writes).gaps()).toEqual([]);
  });

  it('sees rows that no write explains, and counts those that are there twice', () => {
    const ghosts = book([
      ...acknowledged(3),
      readback({
        w1: [
          [1, 3, 1],
          [9, 10, 1],
        ],
        ghost: [[1, 500, 2]],
      }),
    ]);
    expect(ghosts.measured()).toMatchObject({ lost: 0, duplicated: 500 });
    expect(ghosts.measured()?.duplicatedIds.slice(0, 2)).toEqual(['ghost-1', 'ghost-2']);
    expect(ghosts.gaps()).toEqual([
      "1002 rows of the ledger's table are of no write of this history (w1-9, w1-10, ghost-1, …)",
    ]);
    const one = book([...acknowledged(3), readback({ w1: [[1, 4, 1]] })]);
    expect(one.gaps()).toEqual([
      "1 row of the ledger's table is of no write of this history (w1-4)",
    ]);
  });

  it('says nothing of rows where the table was not read whole', () => {
    const part = book([...acknowledged(1), readback({ ghost: [[1, 2, 2]] }, false)]);
    expect(part.measured()).toMatchObject({ readBack: false, lost: null, duplicated: null });
    expect(part.gaps()).toEqual([]);
  });

  it('is quick whatever the table claims to hold, and however it is torn', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const huge = book([...acknowledged(3), readback({ w1: [[1, most, 3]], x: [[0, most, 1]] })]);
    expect(huge.measured()?.duplicated).toBeGreaterThan(1e15);
    expect(huge.measured()?.duplicatedIds.length).toBeLessThanOrEqual(103);
    expect(huge.gaps()).toHaveLength(1);
    // A row for every second write: a walk through all runs for each of them would take minutes.
    const torn = Array.from({ length: 50_000 }, (_, index): [number, number, number] => [
      2 * index + 1,
      2 * index + 1,
      1,
    ]);
    expect(book([...acknowledged(100_000), readback({ w1: torn })]).measured()).toMatchObject({
      lost: 50_000,
      duplicated: 0,
    });
  });

  it('agrees with a plain count of rows', () => {
    const write = fc.record({
      id: fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 12 })),
      stage: fc.constantFrom(...stages),
    });
    const run = fc
      .tuple(fc.integer({ min: 0, max: 14 }), fc.integer({ min: 0, max: 5 }), fc.constantFrom(1, 2))
      .map(([first, more, copies]): [number, number, number] => [first, first + more, copies]);
    const table = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.array(run, { maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(write), table, (writes, found) => {
        const told = writes.map(({ id, stage }) => ({ stage, id: id.join('-') }));
        const made = book([...told, readback(found)]);
        const rows = new Map<string, number>();
        for (const [session, runs] of Object.entries(found))
          for (const [first, last, copies] of runs)
            for (let number = first; number <= last; number++)
              rows.set(`${session}-${number}`, (rows.get(`${session}-${number}`) ?? 0) + copies);
        const known = new Set(told.map(({ id }) => id));
        const strays = [...rows].filter(([id]) => !known.has(id));
        const stray = strays.reduce((sum, [, copies]) => sum + copies, 0);
        const doubled = [...rows].filter(([, copies]) => copies > 1).map(([id]) => id);
        expect([...(made.measured()?.duplicatedIds ?? [])].sort()).toEqual(doubled.sort());
        expect(made.measured()?.duplicated).toBe(doubled.length);
        expect(made.gaps().map((gap) => Number.parseInt(gap, 10))).toEqual(
          stray === 0 ? [] : [stray],
        );
      }),
    );
  });
});

describe('a table that holds what nobody wrote', () => {
  const clean = makeHistory(madeUpRuns['zdp-clean'] as MadeUpRun);
  const withFound = (more: Record<string, Runs>): Entry[] =>
    clean.map((entry) =>
      entry.kind === 'write' && entry.data.stage === 'readback'
        ? { ...entry, data: { ...entry.data, found: { ...entry.data.found, ...more } } }
        : entry,
    );

  it('never passes, and fails where rows are doubled', () => {
    expect(judge(clean).verdict).toBe('pass');
    const strange = judge(withFound({ ghost: [[1, 5, 1]] }));
    expect(strange).toMatchObject({ verdict: 'unknown' });
    expect(strange.reason).toContain("5 rows of the ledger's table are of no write");
    const doubled = judge(withFound({ ghost: [[1, 5, 2]] }));
    expect(doubled).toMatchObject({ verdict: 'fail', writes: { duplicated: 5 } });
    expect(doubled.reason).toContain('writes.duplicated == 0');
  });
});
