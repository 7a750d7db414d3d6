/** Blue/green by hand, as a user rehearses it: who loses what, and the way back. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Entry, parseEntry } from '../../harness/history/entry.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { program } from '../support/programs.js';
import { rehearse, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());

const timing = join(place.folder, 'timing.json');
const lengths = (given: Record<string, number>) =>
  Object.fromEntries(
    Object.entries(given).map(([name, valueMs]) => [name, { valueMs, source: 'this test' }]),
  );
writeFileSync(
  timing,
  JSON.stringify({
    'replica.create': lengths({ createMs: 0, deleteMs: 0 }),
    'self-managed.green': lengths({ createMs: 0 }),
    'self-managed.shift': lengths({ shiftMs: 400 }),
    'self-managed.switch': lengths({ ttlMs: 300, drainMs: 1_000 }),
  }),
);
const quick = [
  ...['--timing', timing, '--pace', '1', '--interval', '100ms', '--edge-interval', 'off'],
  ...['--steady', '500ms', '--settle', '700ms', '--json', '--seed', '5'],
];

let runs = 0;

async function run(...args: string[]) {
  const out = join(place.folder, `run-${++runs}`);
  const { code, stdout, stderr } = await rehearse(
    ['run', 'blue-green-self-managed', ...quick, '--out', out, ...args],
    place.folder,
  );
  expect(stdout, stderr).toMatch(/^\{/);
  const lines = readFileSync(join(out, 'history.ndjson'), 'utf8').trim().split('\n');
  const entries = lines.flatMap((line) => {
    const parsed = parseEntry(JSON.parse(line));
    return parsed.known ? [parsed.entry] : [];
  });
  const report = JSON.parse(stdout) as RunReport;
  return { report, code, stderr, entries, lost: lostOf(entries) };
}

/** Acknowledged, and not found in the end. */
function lostOf(entries: readonly Entry[]): string[] {
  const found = new Set<string>();
  for (const { kind, data } of entries)
    if (kind === 'write' && data.stage === 'readback')
      for (const [session, stretches] of Object.entries(data.found))
        for (const [first, last] of stretches)
          for (let number = first; number <= last; number++) found.add(`${session}-${number}`);
  return entries.flatMap(({ kind, data }) =>
    kind === 'write' && data.stage === 'acknowledged' && !found.has(data.id) ? [data.id] : [],
  );
}

const named = ({ checks }: RunReport): string[] =>
  checks
    .filter(({ name }) => name !== 'lag at promotion')
    .map(({ name, state }) => `${name} ${state}`);
/** The application has no tables of its own there. */
const compared = ['compare schema ok', 'compare users ok', 'comparison warning'];

it('what blue took until everybody was drained is lost, and counted', async () => {
  const { report, code, lost } = await run();
  expect(lost.length).toBeGreaterThan(0);
  expect(report.writes).toMatchObject({ lost: lost.length, lostIds: lost, duplicated: 0 });
  expect({ verdict: report.verdict, code }).toEqual({ verdict: 'fail', code: 1 });
  expect(named(report)).toEqual([
    ...['10', '20', '50', '100'].map((share) => `reads at ${share} % ok`),
    ...['replication lag ok', 'stranded writes warning', 'numbers given twice warning'],
    ...compared,
  ]);
});

it('the way back ends on the version of before, without what green took', async () => {
  const { report, code, lost } = await run(
    ...['--back', 're-point', '--read-only-first', 'true', '--shift', 'none'],
  );
  expect(lost.length).toBeGreaterThan(0);
  expect(report.writes).toMatchObject({ lost: lost.length, lostIds: lost });
  expect(report.servers).toMatchObject({ before: { version: '17.4' }, after: { version: '17.4' } });
  expect(report.notes.filter(({ level }) => level === 'error')).toEqual([]);
  expect(code).toBe(1);
});

describe.skipIf(program('mariadb') === undefined)('on MariaDB', () => {
  it('nothing is lost where blue takes no writes any more', async () => {
    const { report, code, lost } = await run(
      ...['--engine', 'mariadb', '--provider', 'embedded', '--accept-substitute'],
      ...['--read-only-first', 'true', '--shift', 'none'],
    );
    expect(lost).toEqual([]);
    expect(report.writes).toMatchObject({ lost: 0, duplicated: 0 });
    expect({ verdict: report.verdict, code }).toEqual({ verdict: 'pass', code: 0 });
    expect(named(report)).toEqual([
      ...['replication lag ok', 'stranded writes ok', 'numbers given twice ok'],
      ...compared,
    ]);
  });
});
