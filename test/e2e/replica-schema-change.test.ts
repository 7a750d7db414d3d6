/** Schema changes by way of a replica, and read-only windows, as a user rehearses them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { afterAll, describe, expect, it } from 'vitest';
import { type Entry, parseEntry } from '../../harness/history/entry.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { defaultCacheDir, placesIn } from '../../sim/server/embedded/places.js';
import { readRegistry } from '../../sim/server/embedded/registry.js';
import { program } from '../support/programs.js';
import { type Ended, rehearse, start, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());

/** What clients feel lasts some ticks of 100 ms; the flip comes when some writes were made. */
const timing = join(place.folder, 'timing.json');
const lengths = (given: Record<string, number>) =>
  Object.fromEntries(
    Object.entries(given).map(([name, valueMs]) => [name, { valueMs, source: 'this test' }]),
  );
writeFileSync(
  timing,
  JSON.stringify({
    'replica.create': lengths({ createMs: 0, deleteMs: 0 }),
    'rds.reboot': lengths({ refusedMs: 0, startingUpMs: 0 }),
    'parameters.apply': lengths({ applyMs: 800, liftMs: 100 }),
    'replica.promote': lengths({
      ...{ untilRebootMs: 0, refusedMs: 100, startingUpMs: 100, finishMs: 0 },
    }),
  }),
);
const quick = [
  ...['--timing', timing, '--pace', '1', '--interval', '100ms', '--edge-interval', 'off'],
  ...['--steady', '500ms', '--settle', '500ms', '--json', '--seed', '5'],
];

interface Run {
  readonly report: RunReport;
  readonly entries: readonly Entry[];
  readonly code: number | null;
}

let runs = 0;

function begin(scenario: string, args: readonly string[]) {
  const out = join(place.folder, `run-${++runs}`);
  const running = start(['run', scenario, ...quick, '--out', out, ...args], place.folder);
  return { running, of: (ended: Ended): Run => readRun(out, ended) };
}

function readRun(out: string, { code, stdout }: Ended): Run {
  const lines = readFileSync(join(out, 'history.ndjson'), 'utf8').trim().split('\n');
  const entries = lines.flatMap((line) => {
    const parsed = parseEntry(JSON.parse(line));
    return parsed.known ? [parsed.entry] : [];
  });
  return { report: JSON.parse(stdout) as RunReport, entries, code };
}

async function run(scenario: string, ...args: string[]): Promise<Run> {
  const { running, of } = begin(scenario, args);
  return of(await running.ended);
}

/** Ids that the client was told of as committed, and those that were found in the end. */
function ledgerOf(entries: readonly Entry[]): { acknowledged: string[]; found: Set<string> } {
  const acknowledged: string[] = [];
  const found = new Set<string>();
  for (const { kind, data } of entries) {
    if (kind !== 'write') continue;
    if (data.stage === 'acknowledged') acknowledged.push(data.id);
    if (data.stage !== 'readback') continue;
    for (const [session, stretches] of Object.entries(data.found))
      for (const [first, last] of stretches)
        for (let number = first; number <= last; number++) found.add(`${session}-${number}`);
  }
  return { acknowledged, found };
}

/** What decided polls of a lane came to; the same ones in a row told once. */
const course = (entries: readonly Entry[], lane: string): string[] =>
  entries
    .flatMap((entry) =>
      entry.kind === 'poll' && entry.subject.lane === lane
        ? [entry.data.error?.sqlstate ?? entry.data.outcome]
        : [],
    )
    // A busy machine leaves some undecided, and the change of address ends sessions.
    .filter((what) => what === 'ok' || what === '25006')
    .filter((what, at, all) => what !== all[at - 1]);

/** From the first instant at which writes were refused to the call of the promotion. */
function refusedBeforePromotionMs(entries: readonly Entry[]): number {
  const refused = entries.find(
    ({ kind, data }) =>
      kind === 'gauge' && data.name === 'instance.writes' && data.value === 'refused',
  );
  const called = entries.find(
    ({ kind, data }) => kind === 'call' && data.action === 'PromoteReadReplica',
  );
  return ((called?.atNs ?? Number.NaN) - (refused?.atNs ?? Number.NaN)) / 1e6;
}

const verdictOf = ({ report }: Run, objective: string): string | undefined =>
  report.objectives.find(({ text }) => text === objective)?.verdict;

const events = (entries: readonly Entry[]): string[] =>
  entries.flatMap(({ kind, data, subject }) =>
    kind === 'event' && data.eventId !== null
      ? [`${subject.instance?.replace(/-instance-1$/, '')} ${data.eventId.slice(-4)}`]
      : [],
  );

const calls = (entries: readonly Entry[]): string[] =>
  entries.flatMap(({ kind, data }) => (kind === 'call' ? [data.action] : []));

const postgres = ['--engine', 'postgres'];
/** Longer than the way from the flip to the promotion takes on the busiest machine. */
const skipping = ['--fault', 'lag=10s', '--skip', 'lag-check'];

describe('a replica that is promoted while it lags', () => {
  it('lacks what it had not received, which is counted', async () => {
    const lossy = await run('replica-schema-change', ...postgres, ...skipping);
    const { acknowledged, found } = ledgerOf(lossy.entries);
    const lost = acknowledged.filter((id) => !found.has(id));
    expect(lost.length).toBeGreaterThan(0);
    expect(lossy.report.writes).toMatchObject({ lost: lost.length, lostIds: lost });
    expect(lossy.report).toMatchObject({ verdict: 'fail', settings: { skipLagCheck: 'true' } });
    expect(lossy.code).toBe(1);
  });

  it('has everything where the lag is looked at, and nobody writes for longer', async () => {
    const waiting = await run('replica-schema-change', ...postgres, '--fault', 'lag=3s');
    expect(waiting.report.writes).toMatchObject({ lost: 0, duplicated: 0 });
    expect(verdictOf(waiting, 'writes.lost == 0')).toBe('pass');
    expect(waiting.code).not.toBe(1);
    // The last write before the flip is three seconds on its way.
    expect(refusedBeforePromotionMs(waiting.entries)).toBeGreaterThan(2_000);
    expect(course(waiting.entries, 'writer')).toEqual(['ok', '25006', 'ok']);
    expect(calls(waiting.entries)).toEqual([
      'CreateDBInstanceReadReplica',
      'CreateDBParameterGroup',
      'ModifyDBInstance',
      'RebootDBInstance',
      'ModifyDBParameterGroup',
      'PromoteReadReplica',
    ]);
    const target = 'rehearsal-target';
    expect(events(waiting.entries)).toEqual([
      ...['0005', '0011', '0004', '0006'].map((id) => `${target} ${id}`),
      ...['0037', '0092'].map((id) => `rehearsal ${id}`),
      ...['0057', '0004', '0006', '0001', '0002'].map((id) => `${target} ${id}`),
    ]);
  });
});

/** RDS for MariaDB lets its first user read everything, and write nowhere that is read-only. */
describe.skipIf(program('mariadb') === undefined)('the same on MariaDB', () => {
  it('loses what the old source has and the promoted server has not', async () => {
    const access = join(place.folder, 'access.env');
    const { running, of } = begin('replica-schema-change', [
      ...['--engine', 'mariadb', '--accept-substitute', '--user-like', 'rds-master'],
      ...[...skipping, '--repoint-sessions', 'stay', '--settle', '2s', '--access', access],
    ]);
    await running.seen(/phase +steady/);
    const { host, port, user, password } = addressIn(access);
    const dial = () => mysql.createConnection({ host, port, user, password, rowsAsArray: true });
    const idsAt = async (at: mysql.Connection): Promise<string[]> => {
      const [rows] = await at.query('SELECT session, number FROM rehearse.ledger ORDER BY number');
      return (rows as unknown as [string, number][]).map((row) => row.join('-'));
    };
    const old = await dial();
    await running.seen(/the application dials rehearsal-target/);
    const promoted = await dial();
    const [onOld, onPromoted] = [await idsAt(old), new Set(await idsAt(promoted))];
    for (const one of [old, promoted]) one.destroy();
    const own = onOld.filter((id) => !onPromoted.has(id));
    expect(own.length).toBeGreaterThan(0);

    const { report, code } = of(await running.ended);
    expect(report.writes).toMatchObject({ lost: own.length, lostIds: own, inDoubt: 0 });
    expect({ verdict: report.verdict, code }).toEqual({ verdict: 'fail', code: 1 });
  });
});

function addressIn(file: string): { host: string; port: number; user: string; password: string } {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const given = new Map(
    lines.map((line) => {
      const [, name = '', value = ''] = /^export (\w+)='(.*)'$/.exec(line) ?? [];
      return [name, value];
    }),
  );
  const of = (name: string): string => given.get(name) ?? '';
  const { host, user } = { host: of('MYSQL_HOST'), user: of('MYSQL_USER') };
  return { host, user, port: Number(of('MYSQL_PORT')), password: of('MYSQL_PASSWORD') };
}

describe('tests of the new schema that fail', () => {
  it('lead back to the source, which takes writes again', async () => {
    const abandoned = await run('replica-schema-change', ...postgres, '--tests', 'fail');
    expect(abandoned.report.writes).toMatchObject({ lost: 0, duplicated: 0 });
    expect(abandoned.code).not.toBe(1);
    expect(course(abandoned.entries, 'writer')).toEqual(['ok', '25006', 'ok']);
    expect(calls(abandoned.entries).slice(-2)).toEqual([
      'DeleteDBInstance',
      'ModifyDBParameterGroup',
    ]);
    const warnings = abandoned.report.notes.filter(({ level }) => level === 'warning');
    expect(warnings.map(({ text }) => text).join()).toContain('every row is converted');
  });
});

describe('a run that is stopped', () => {
  it('leaves no server, whatever its replica is at', async () => {
    const { running } = begin('replica-schema-change', [...postgres, '--settle', '1m']);
    await running.seen(/PromoteReadReplica/);
    running.child.kill('SIGINT');
    const { code } = await running.ended;
    expect(code).toBe(130);
    const { registry } = placesIn(defaultCacheDir());
    const left = readRegistry(registry).filter(({ owner }) => owner.pid === running.child.pid);
    expect(left).toEqual([]);
  });
});

describe('--skip', () => {
  it('names what can be skipped', async () => {
    const { code, stderr } = await rehearse(
      ['run', 'replica-schema-change', ...postgres, '--skip', 'lag', '--dry-run'],
      place.folder,
    );
    expect(stderr).toContain('SKIP_UNKNOWN');
    expect(stderr).toContain('lag-check');
    expect(code).toBe(64);
  });
});
