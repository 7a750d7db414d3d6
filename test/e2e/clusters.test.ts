import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Entry, parseEntry } from '../../harness/history/entry.js';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { program } from '../support/programs.js';
import { rehearse, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());
const mariadb = program('mariadb');
const quick = ['--timing', 'engine', '--interval', '50ms', '--steady', '1s', '--settle', '1s'];

interface Run {
  readonly report: RunReport;
  readonly entries: readonly Entry[];
  readonly code: number | null;
}

async function run(name: string, ...args: string[]): Promise<Run> {
  const out = join(place.folder, `${name}${args.join('').replace(/\W/g, '')}`);
  const all = ['run', name, '--json', '--out', out, '--seed', '3', ...quick, ...args];
  const { code, stdout } = await rehearse(all, place.folder);
  const lines = readFileSync(join(out, 'history.ndjson'), 'utf8').trim().split('\n');
  const entries = lines.flatMap((line) => {
    const parsed = parseEntry(JSON.parse(line));
    return parsed.known ? [parsed.entry] : [];
  });
  return { report: JSON.parse(stdout) as RunReport, entries, code };
}

const gauges = (entries: readonly Entry[], name: string): string[] =>
  entries.flatMap((entry) =>
    entry.kind === 'gauge' && entry.data.name === name
      ? [`${entry.subject.listener ?? entry.subject.instance}: ${entry.data.value}`]
      : [],
  );

/** What a lane's polls came to, the same ones in a row told once. */
const course = (entries: readonly Entry[], lane: string): string[] =>
  entries
    .flatMap((entry) =>
      entry.kind === 'poll' && entry.subject.lane === lane
        ? [entry.data.error?.sqlstate ?? entry.data.error?.code ?? entry.data.outcome]
        : [],
    )
    .filter((what, at, all) => what !== all[at - 1]);

describe('a rehearsal on a cluster with members', () => {
  it('fails over, through names that lead elsewhere, and changes no version', async () => {
    const { report, entries, code } = await run(
      ...(['aurora-failover', '--stale-dns', '1500ms', '--set', 'readers=2'] as const),
    );
    expect(code).toBe(0);
    const { servers, engine, writes } = report;
    expect([servers.before?.version, servers.after?.version]).toEqual(['17.5', '17.5']);
    expect([engine?.from, engine?.to]).toEqual(['17.5', '17.5']);
    expect(servers.served?.why).toBe('embedded PostgreSQL 17.5, as asked for');
    expect(writes).toMatchObject({ lost: 0, duplicated: 0 });
    expect(gauges(entries, 'dns.answer').filter((told) => told.startsWith('writer'))).toEqual([
      'writer: rehearsal-instance-1',
      'writer: rehearsal-instance-2',
    ]);
    const felt = course(entries, 'writer');
    expect(felt[0]).toBe('ok');
    expect(felt.at(-1)).toBe('ok');
    // Behind the stale name the old writer answers, a reader by now.
    expect(felt.indexOf('25006')).toBeGreaterThan(felt.indexOf('ECONNREFUSED'));
    expect(report.settings).toMatchObject({ staleDns: '1s500ms', fencing: 'reset', readers: '2' });
    expect(Object.keys(report.settings)).not.toContain('lateSessions');
    const lagged = Object.keys(report.lanes).filter((name) => name.endsWith('replica-lag'));
    expect(lagged).toEqual([
      'replica-lag',
      'rehearsal-instance-2/replica-lag',
      'rehearsal-instance-3/replica-lag',
    ]);
  });

  it('restarts, and the summary names one version', async () => {
    const { code, stdout } = await rehearse(
      ['run', 'reboot', '--seed', '3', ...quick],
      place.folder,
    );
    expect(code).toBe(0);
    expect(stdout).toContain('PASS  reboot  postgres 17.5  seed 3');
    expect(stdout).not.toMatch(/17\.5 (→|->)/);
    expect(stdout).not.toMatch(/upgrade|late-sessions/);
  });

  it.skipIf(mariadb === undefined)('is there for another engine too', async () => {
    const { report, code } = await run('reboot', '--engine', 'mariadb');
    expect(code).toBe(0);
    expect(report.engine).toMatchObject({ engine: 'mariadb', from: '10.11', to: '10.11' });
    expect(report.servers.after?.version).toBe(report.servers.before?.version);
    expect(report.substitute).toBeNull();
  });
});

describe('what a user gets wrong about such a rehearsal', () => {
  it.each([
    [['--to', '17.6'], 'OPTION_UNSUITED', '--to is nothing for reboot: it changes no version.'],
    [['--late-sessions', 'drop'], 'OPTION_UNSUITED', 'nothing that reboot can do'],
    [['--long-running', '1s'], 'OPTION_UNSUITED', '--long-running 1s is nothing'],
    [['--stale-dns', '1s'], 'OPTION_UNSUITED', '--stale-dns 1s is nothing that reboot can do'],
    [['--set', 'fencing=reset'], 'SET_UNKNOWN', 'nothing can be set'],
    [['--engine', 'aurora-mysql'], 'ENGINE_UNSUITED', 'There is no reboot for aurora-mysql'],
    [['--fault', 'zdp-hang'], 'FAULT_INVALID', 'there is no fault "zdp-hang"'],
  ] as const)('%s', async (args, errorCode, said) => {
    const { code, stderr } = await rehearse(['run', 'reboot', '--dry-run', ...args], place.folder);
    expect(code).toBe(64);
    expect(stderr.replace(/\s+/g, ' ')).toContain(errorCode);
    expect(stderr.replace(/\s+/g, ' ')).toContain(said);
  });
});

describe('what is told of such a rehearsal', () => {
  const told = async (...args: string[]): Promise<string> =>
    (await rehearse(args, place.folder)).stdout.replace(/\s+/g, ' ');

  it('are its engines, its clusters and its switches', async () => {
    expect(await told('list')).toContain(
      'aurora-failover aurora-postgresql 17.5, aurora-mysql 3.07',
    );
    const page = await told('describe', 'aurora-failover');
    for (const said of [
      'aurora-postgresql 17.5 unless told otherwise with --engine also: aurora-mysql 3.07',
      'Clusters - rehearsal: writer, reader',
      '--fencing reset | black-hole (default: reset)',
    ])
      expect(page).toContain(said);
    expect(page).not.toMatch(/--late-sessions|--long-running|Published defects/);
    const mysql = await told('describe', 'aurora-failover', '--engine', 'mysql');
    expect(mysql).toContain('aurora-mysql 3.07 unless told otherwise');
    expect(mysql).toContain('aurora.failover.direct.mysql.staleDnsMs');
    expect(mysql).not.toContain('aurora.failover.direct.pg');
    const wrong = ['describe', 'aurora-postgres-zdp', '--engine', 'mysql'];
    expect(await rehearse(wrong, place.folder)).toMatchObject({ code: 64 });
  });

  it('is a plan with what was set in it', async () => {
    const args = ['run', 'aurora-failover', '--dry-run', '--seed', '1', '--fencing', 'black-hole'];
    const text = await told(...args, '--set', 'readers=2');
    for (const said of ['rehearsal: writer, 2 readers', 'fencing black-hole', 'readers 2'])
      expect(text).toContain(said);
    expect(text).not.toMatch(/longRunning|17\.5 ->/);
    const json = JSON.parse((await rehearse([...args, '--json'], place.folder)).stdout);
    const steps = json.phases.flatMap(({ steps }: { steps: { step: string }[] }) => steps);
    expect(steps.find(({ step }: { step: string }) => step === 'start')).toMatchObject({
      operation: 'failover',
      settings: { fencing: 'black-hole' },
    });
    expect(json.servers).toMatchObject({ upgrade: 'none', from: '17.5', to: '17.5' });
  });
});
