import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { systemClock } from '../../sim/clock.js';
import { defaultCacheDir, placesIn } from '../../sim/server/embedded/places.js';
import { processExists } from '../../sim/server/embedded/process-table.js';
import { type Registered, readRegistry } from '../../sim/server/embedded/registry.js';
import { type Running, rehearse, start, temporaryFolder } from '../support/rehearse.js';

const clock = systemClock();
const place = temporaryFolder();
const beside = temporaryFolder();
const running = new Set<Running>();
afterEach(() => {
  for (const { child } of running) child.kill('SIGKILL');
  running.clear();
});
afterAll(() => {
  place.remove();
  beside.remove();
});

const engine = ['--timing', 'engine', '--settle', '1s', '--json'];
const long = ['run', 'aurora-postgres-zdp', ...engine, '--steady', '1m'];

function begin(args: readonly string[], folder: string): Running {
  const begun = start(args, folder);
  running.add(begun);
  return begun;
}

/** The servers that a run of ours has now. */
function serversOf({ child }: Running): Registered[] {
  const { registry } = placesIn(defaultCacheDir());
  return readRegistry(registry).filter(({ owner }) => owner.pid === child.pid);
}

async function untilGone(pids: readonly number[], limitMs: number): Promise<boolean> {
  const endNs = clock.nowNs() + limitMs * 1e6;
  while (pids.some(processExists)) {
    if (clock.nowNs() > endNs) return false;
    await clock.sleep(20);
  }
  return true;
}

describe('a run that is killed', () => {
  it('leaves no server for 2 seconds, a history that reports, and others alone', async () => {
    const other = ['run', 'aurora-postgres-zdp', ...engine, '--steady', '8s'];
    const neighbour = begin(other, beside.folder);
    const victim = begin(long, place.folder);
    await Promise.all([neighbour.seen(/phase +steady/), victim.seen(/phase +steady/)]);
    await clock.sleep(1_000);
    const pids = serversOf(victim).flatMap(({ server }) => (server === null ? [] : [server.pid]));
    expect(pids).toHaveLength(1);
    expect(pids.every(processExists)).toBe(true);

    victim.child.kill('SIGKILL');
    await victim.ended;
    expect(await untilGone(pids, 2_000)).toBe(true);

    const reported = await rehearse(['report', 'latest', '--json'], place.folder);
    const report = JSON.parse(reported.stdout) as RunReport;
    expect(report).toMatchObject({ verdict: 'unknown', completed: false });
    expect(report.lanes['held-session']?.ok).toBeGreaterThan(0);
    expect(reported.code).toBe(2);

    const cleaned = await rehearse(['gc', '--json'], place.folder);
    expect(cleaned.code).toBe(0);
    expect(serversOf(victim)).toEqual([]);

    const ended = await neighbour.ended;
    const untouched = JSON.parse(ended.stdout) as RunReport;
    expect({ code: ended.code, verdict: untouched.verdict }).toEqual({ code: 0, verdict: 'pass' });
  });
});

describe('a run that is stopped', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s tears down, judges what there is and exits with %i', async (signal, code) => {
    const run = begin(long, place.folder);
    await run.seen(/phase +steady/);
    await clock.sleep(500);
    run.child.kill(signal);
    const ended = await run.ended;
    const report = JSON.parse(ended.stdout) as RunReport;
    expect(report).toMatchObject({ verdict: 'unknown', completed: false });
    expect(report.reason).toContain(`stopped by ${signal}`);
    expect(report.lanes['held-session']?.ok).toBeGreaterThan(0);
    expect(ended.code).toBe(code);
    expect(serversOf(run)).toEqual([]);
  });

  it('leaves at once the second time', async () => {
    const run = begin(long, place.folder);
    await run.seen(/phase +steady/);
    const pids = serversOf(run).flatMap(({ server }) => (server === null ? [] : [server.pid]));
    run.child.kill('SIGINT');
    run.child.kill('SIGTERM');
    const ended = await run.ended;
    expect(['SIGINT', 'SIGTERM']).toContain(ended.signal);
    expect(await untilGone(pids, 2_000)).toBe(true);
  });

  it('leaves at once the second time, even where a thread hangs', async () => {
    const cache = temporaryFolder();
    const { registry } = placesIn(cache.folder);
    mkdirSync(registry, { recursive: true });
    // The conductor reads whatever has such a name, and waits in the kernel for a writer.
    spawnSync('mkfifo', [join(registry, 'pipe.json')]);
    const env = { REHEARSE_CACHE_DIR: cache.folder };
    const run = start(long, place.folder, env);
    running.add(run);
    try {
      await run.seen(/phase +start/);
      await clock.sleep(1_000);
      run.child.kill('SIGINT');
      await run.seen(/SIGINT: stopping/);
      run.child.kill('SIGINT');
      expect((await run.ended).signal).toBe('SIGINT');
    } finally {
      cache.remove();
    }
  });

  it('by a reader that goes away tears down too', async () => {
    const run = begin(
      ['run', 'aurora-postgres-zdp', '--steady', '1m', '--format', 'ndjson'],
      place.folder,
    );
    await run.seen(/"name":"steady"/);
    run.child.stdout?.destroy();
    const ended = await run.ended;
    expect(ended.code).toBe(2);
    expect(ended.stderr).not.toContain('EPIPE');
    expect(serversOf(run)).toEqual([]);
  });
});

describe('a run whose history is taken away', () => {
  it('says what is gone and that the environment is at fault', async () => {
    const quick = ['run', 'aurora-postgres-zdp', ...engine, '--steady', '3s', '--out', 'taken'];
    const run = begin(quick, place.folder);
    await run.seen(/phase +steady/);
    rmSync(join(place.folder, 'taken'), { recursive: true });
    const ended = await run.ended;
    expect(ended.stderr).toContain('HISTORY_LOST');
    expect(ended.code).toBe(3);
    expect(serversOf(run)).toEqual([]);
  });
});
