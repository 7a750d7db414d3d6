/** Failovers as a user rehearses them: what the lanes meet in order, verdicts, and Ctrl-C. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Entry, parseEntry } from '../../harness/history/entry.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { defaultCacheDir, placesIn } from '../../sim/server/embedded/places.js';
import { readRegistry } from '../../sim/server/embedded/registry.js';
import { program } from '../support/programs.js';
import { rehearse, start, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());

/** What clients feel lasts about four ticks of 100 ms in each phase. */
const timing = join(place.folder, 'timing.json');
const lasting = (valueMs: number) => ({ valueMs, source: 'this test' });
const direct = {
  precheckMs: lasting(0),
  refusedMs: lasting(400),
  startingUpMs: lasting(400),
  staleDnsMs: lasting(400),
  finishMs: lasting(0),
};
writeFileSync(
  timing,
  JSON.stringify({
    'aurora.failover.direct.pg': direct,
    'aurora.failover.direct.mysql': direct,
    'rds.multiaz.failover': {
      precheckMs: lasting(0),
      awayMs: lasting(400),
      staleDnsMs: lasting(400),
      finishMs: lasting(0),
    },
  }),
);
const quick = ['--timing', timing, '--interval', '100ms', '--steady', '1s', '--settle', '1s'];

async function run(...args: string[]): Promise<{
  readonly report: RunReport;
  readonly entries: readonly Entry[];
  readonly code: number | null;
}> {
  const out = join(place.folder, args.join('').replace(/\W/g, ''));
  const all = ['run', ...args, '--json', '--out', out, '--seed', '3', ...quick];
  const { code, stdout } = await rehearse(all, place.folder);
  const lines = readFileSync(join(out, 'history.ndjson'), 'utf8').trim().split('\n');
  const entries = lines.flatMap((line) => {
    const parsed = parseEntry(JSON.parse(line));
    return parsed.known ? [parsed.entry] : [];
  });
  return { report: JSON.parse(stdout) as RunReport, entries, code };
}

/** What a lane's polls came to, by the first word for it; the same ones in a row told once. */
const course = (entries: readonly Entry[], lane: string): string[] =>
  entries
    .flatMap((entry) =>
      entry.kind === 'poll' && entry.subject.lane === lane
        ? [entry.data.error?.kind ?? entry.data.outcome]
        : [],
    )
    .filter((what, at, all) => what !== all[at - 1]);

/** Whether these come in that order, whatever is between them. */
const inOrder = (all: readonly string[], wanted: readonly string[]): boolean => {
  let at = 0;
  for (const one of all) if (one === wanted[at]) at++;
  return at === wanted.length;
};

const lost = { lost: 0, duplicated: 0 };

describe('a rehearsal of a failover', () => {
  it('of Aurora PostgreSQL meets read-only polls between refused ones and success', async () => {
    const { report, entries, code } = await run('aurora-failover');
    expect([code, report.reason]).toEqual([0, '3 of 3 objectives met']);
    const felt = course(entries, 'writer');
    expect([felt, inOrder(felt, ['ok', 'refused', 'starting-up', 'read-only', 'ok'])]).toEqual([
      felt,
      true,
    ]);
    expect(report.writes).toMatchObject(lost);
    expect(report.sessions).toMatchObject({ preserved: 0 });
    // Who only reads is served at the old address.
    expect(course(entries, 'new-connection')).not.toContain('read-only');
  });

  const mariadb = program('mariadb');
  it.skipIf(mariadb === undefined)('of Aurora MySQL does so too, on MariaDB', async () => {
    const args = ['aurora-failover', '--engine', 'mariadb', '--accept-substitute'];
    const { report, entries, code } = await run(...args);
    expect([code, report.reason]).toEqual([0, '3 of 3 objectives met']);
    const felt = course(entries, 'writer');
    expect([felt, inOrder(felt, ['ok', 'refused', 'read-only', 'ok'])]).toEqual([felt, true]);
    expect(report.writes).toMatchObject(lost);
  });

  it('of RDS Multi-AZ gets no answer until the standby has taken over', async () => {
    const { report, entries, code } = await run('rds-multi-az-failover');
    expect([code, report.reason]).toEqual([0, '3 of 3 objectives met']);
    expect(report.writes).toMatchObject(lost);
    expect(entries.some(({ kind }) => kind === 'call')).toBe(false);
    expect(course(entries, 'writer')).not.toContain('refused');
  });

  it('that is asked for ends with refused dials, and does not pass where it fails', async () => {
    const asked = await run('reboot-with-failover');
    expect([asked.code, asked.report.reason]).toEqual([0, '3 of 3 objectives met']);
    expect(inOrder(course(asked.entries, 'writer'), ['ok', 'refused', 'ok'])).toBe(true);
    const failed = await run('reboot-with-failover', '--set', 'target-fails=true');
    expect(failed.code).toBe(2);
    expect(failed.report.reason).toContain('is the writer again');
    expect(failed.report.writes).toMatchObject(lost);
  });
});

describe('Ctrl-C in a failover', () => {
  it.each([
    ['before T0', /phase +prepare/],
    ['while it starts up', /state +starting-up/],
    ['while the name is stale', /reader leads to rehearsal-instance-1/],
  ])('%s leaves nothing running', async (_, seen) => {
    const args = ['run', 'aurora-failover', '--json', '--steady', '500ms', '--seed', '3'];
    const begun = start(args, place.folder);
    await begun.seen(seen);
    begun.child.kill('SIGINT');
    const { code, stdout } = await begun.ended;
    expect(code).toBe(130);
    expect((JSON.parse(stdout) as RunReport).verdict).toBe('unknown');
    const { registry } = placesIn(defaultCacheDir());
    expect(readRegistry(registry).filter(({ owner }) => owner.pid === begun.child.pid)).toEqual([]);
  });
});
