/** What stands between clients and the writer: our pooling endpoint, and real programs. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { program } from '../support/programs.js';
import { rehearse, start, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());

const timing = join(place.folder, 'timing.json');
const lasting = (valueMs: number) => ({ valueMs, source: 'this test' });
writeFileSync(
  timing,
  JSON.stringify({
    'aurora.failover.direct.pg': {
      precheckMs: lasting(0),
      refusedMs: lasting(500),
      startingUpMs: lasting(300),
      staleDnsMs: lasting(400),
      finishMs: lasting(0),
    },
    'rds.reboot': { refusedMs: lasting(500), startingUpMs: lasting(300) },
  }),
);

async function run(...args: string[]): Promise<RunReport> {
  const out = join(place.folder, args.join('').replace(/\W/g, '').slice(0, 60));
  const { stdout, stderr } = await rehearse(
    [
      ...['run', ...args, '--json', '--out', out, '--seed', '3', '--timing', timing],
      ...['--interval', '100ms', '--steady', '1s'],
    ],
    place.folder,
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as RunReport;
}

function lane(report: RunReport, kind: string) {
  const found = report.through?.lanes.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`nothing is told of ${kind}`);
  return found;
}

const pooled = ['held-session', 'idle-session', 'writer'] as const;

describe('--through', () => {
  it('rds-proxy keeps what the endpoint drops in a failover, and lets requests wait', async () => {
    const report = await run(
      ...['aurora-failover', '--through', 'rds-proxy:max-connections=20', '--settle', '1s'],
      ...['--objective', 'through/idle-session.failed == 0'],
      ...['--objective', 'through/new-connection.failed <= 1'],
    );
    const ours = report.objectives.filter(({ text }) => text.startsWith('through/'));
    // On a machine that stalls it may be unknown; it is judged, and nothing of it failed.
    expect(ours.map(({ verdict }) => verdict === 'fail')).toEqual([false, false, false, false]);
    expect(report.through?.what).toBe('rds-proxy:max-connections=20');
    for (const kind of pooled) {
      const { direct, through } = lane(report, kind);
      expect([kind, direct.sessionsLost]).toEqual([kind, 1]);
      expect(Object.keys(direct.errors).length).toBeGreaterThan(0);
      // One whose statement was under way at that very instant is cancelled, as documented, and
      // so is what waited for the same session.
      const kinds = Object.keys(through.errors);
      expect(kinds.filter((error) => error !== 'terminated (57P01)')).toEqual([]);
      expect(through.sessionsLost).toBe(kinds.length);
    }
    const idle = lane(report, 'idle-session');
    expect([idle.through.sessionsLost, idle.added.upperMs]).toEqual([0, expect.any(Number)]);
    expect(idle.added.upperMs).toBeLessThan(0);
    // Whoever asked while the writer was away waited for it.
    const { slowestMs } = lane(report, 'new-connection').through;
    expect(slowestMs).toBeGreaterThan(lane(report, 'new-connection').direct.slowestMs ?? 0);
    expect(report.through?.pooling?.keptIdle).toBeGreaterThan(0);
    expect(report.writes?.lost).toBe(0);
  });

  const pgbouncer = program('pgbouncer') !== undefined;
  it.runIf(pgbouncer)('a real PgBouncer is measured on both sides of a reboot', async () => {
    const settings = 'pgbouncer:server_login_retry=0.3,query_wait_timeout=30';
    const report = await run(
      'reboot',
      '--engine',
      'postgres',
      '--through',
      settings,
      '--settle',
      '2s',
    );
    const [fresh, held, idle] = ['new-connection', 'held-session', 'idle-session'].map((kind) =>
      lane(report, kind),
    );
    // At the endpoint each session is lost.
    expect([held?.direct.sessionsLost, idle?.direct.sessionsLost]).toEqual([1, 1]);
    // Dials are refused before it starts up; those under way when it begins end in whatever way.
    const dialled = Object.keys(fresh?.direct.errors ?? {});
    expect(dialled).toContain('refused');
    const ended = ['terminated (57P01)', 'closed', 'reset'];
    const known = ['refused', 'starting-up (57P03)', ...ended];
    expect(dialled.filter((error) => !known.includes(error))).toEqual([]);
    // PgBouncer itself never refuses a dial, and it comes back.
    expect(Object.keys(fresh?.through.errors ?? {})).not.toContain('refused');
    expect(
      report.lanes['through/new-connection']?.outages.every(({ upperMs }) => upperMs !== null),
    ).toBe(true);
    expect(report.lanes['through/new-connection']?.polls).toBeGreaterThan(20);
    expect(report.through?.pooling).toBe(null);
    const log = readFileSync(
      join(
        place.folder,
        readdirSync(place.folder).find((one) => one.startsWith('reboot')) ?? '',
        'pooler.log',
      ),
      'utf8',
    );
    expect(log).toContain('process up: PgBouncer');
  });

  it('what a program prints of its passwords is kept nowhere', async () => {
    const command = 'echo "it is $REHEARSE_THROUGH_PASSWORD"; exit 3; # {{listen}} {{upstream}}';
    const out = join(place.folder, 'telling');
    const { code, stderr } = await rehearse(
      ['run', 'reboot', '--engine', 'postgres', '--out', out, '--through', command],
      place.folder,
    );
    const kept = ['history.ndjson', 'pooler.log'].map((name) => readFileSync(join(out, name)));
    expect(code).toBe(3);
    for (const text of [stderr, ...kept.map(String)]) {
      expect(text).toContain('it is ***');
      expect(text.replaceAll('it is ***', '')).not.toMatch(/it is [\w-]{8}/);
    }
  });

  it('a program of the user is ended with the tool, be it killed', async () => {
    const pipe =
      'const net=require("node:net");net.createServer((a)=>{const b=net.connect(' +
      '+process.argv[2],"127.0.0.1");a.pipe(b).pipe(a);for(const s of[a,b])s.on("error",()=>{})})' +
      '.listen(+process.argv[1],"127.0.0.1")';
    const command = `${process.execPath} -e '${pipe}' {{listenPort}} {{upstreamPort}}`;
    const before = poolerFolders();
    const run = start(
      ['run', 'reboot', '--engine', 'postgres', '--through', command, '--lines', '--steady', '30s'],
      place.folder,
    );
    await run.seen(/which leads to the writer, listens on/);
    const [folder = ''] = poolerFolders().filter((one) => !before.includes(one));
    expect(existsSync(folder)).toBe(true);
    expect(processesNaming(folder).length).toBeGreaterThan(0);
    run.child.kill('SIGKILL');
    await run.ended;
    // The guard that removes the folder names it, and is there a moment longer.
    await vi.waitFor(
      () => expect([existsSync(folder), processesNaming(folder)]).toEqual([false, []]),
      10_000,
    );
  });
});

function poolerFolders(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith('rehearse-pooler-'))
    .map((name) => join(tmpdir(), name));
}

/** Ids of the processes that have it in their command line, this test's own left out. */
function processesNaming(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}
