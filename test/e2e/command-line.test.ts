import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { scenarios } from '../../scenarios/index.js';
import { rehearse, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());
const run = (...args: string[]) => rehearse(args, place.folder);
const dryRun = async (...args: string[]): Promise<Record<string, unknown>> => {
  const ended = await run('run', 'aurora-postgres-zdp', '--dry-run', '--json', ...args);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(ended.stdout) as Record<string, unknown>;
};

describe('help', () => {
  const commands = [
    'list',
    'describe',
    'run',
    'report',
    'probe',
    'import',
    'doctor',
    'gc',
    'fetch',
  ];
  it('tells that polls at the edges of an outage have a time-out of their own', async () => {
    const { stdout } = await run('run', 'aurora-postgres-zdp', '--help');
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/--edge-interval .* whose time-out is 1s/);
  });

  it.each(commands)('%s has help with examples', async (command) => {
    const ended = await run(command, '--help');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain(`$ rehearse ${command}`);
  });

  it('names every command and every exit code', async () => {
    const { stdout } = await run('--help');
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(stdout).toMatch(/0 pass .*1 an objective failed .*2 verdict unknown/);
  });

  it('is an error where nothing was asked for', async () => {
    const ended = await run();
    expect(ended).toMatchObject({ code: 64, stdout: '' });
    expect(ended.stderr).toContain('Usage: rehearse');
  });
});

describe('what a user gets wrong', () => {
  it.each([
    ['an unknown command', ['rum'], 'UNKNOWN_COMMAND'],
    ['an unknown option', ['run', 'aurora-postgres-zdp', '--sed', '1'], 'UNKNOWN_OPTION'],
    ['a missing argument', ['run'], 'MISSING_ARGUMENT'],
    ['an unknown scenario', ['run', 'aurora-zdp'], 'SCENARIO_UNKNOWN'],
    [
      'an unknown scenario to describe',
      ['describe', 'aurora-postgres'],
      'Did you mean aurora-postgres-zdp',
    ],
    ['a duration', ['run', 'aurora-postgres-zdp', '--interval', '1'], 'DURATION_INVALID'],
    ['a number', ['run', 'aurora-postgres-zdp', '--pace', 'fast'], 'NUMBER_INVALID'],
    ['a seed', ['run', 'aurora-postgres-zdp', '--seed', 'a b'], 'SEED_INVALID'],
    ['an objective', ['run', 'aurora-postgres-zdp', '--objective', 'x'], 'OBJECTIVE_INVALID'],
    ['a fault', ['run', 'aurora-postgres-zdp', '--fault', 'flood'], 'FAULT_INVALID'],
    [
      'a fault too early',
      ['run', 'aurora-postgres-zdp', '--fault', 'refuse@-1h'],
      'FAULT_TOO_EARLY',
    ],
    ['sessions', ['run', 'aurora-postgres-zdp', '--sessions', 'many'], 'SESSIONS_INVALID'],
    ['too many', ['run', 'aurora-postgres-zdp', '--sessions', 'idle=99999'], 'SESSIONS_INVALID'],
    [
      'sessions of another engine',
      ['run', 'aurora-mysql-zdp', '--sessions', 'listening', '--provider', 'embedded'],
      'SESSIONS_INVALID',
    ],
    [
      'a census that is not there',
      ['run', 'aurora-postgres-zdp', '--sessions', 'gone.yaml'],
      'SESSIONS_UNREADABLE',
    ],
    [
      'an objective that no run decides',
      ['run', 'aurora-postgres-zdp', '--objective', 'served-by.outages == 0'],
      'read from those of new-connection',
    ],
    ['an engine to fetch', ['fetch', 'mysql@8.0.36'], 'ENGINE_NOT_FETCHED'],
    ['a version', ['run', 'aurora-postgres-zdp', '--to', 'newest'], 'VERSION_INVALID'],
    ['a downgrade', ['run', 'aurora-postgres-zdp', '--to', '17.3'], 'VERSION_NOT_MINOR_UPGRADE'],
    [
      'two versions',
      ['run', 'aurora-postgres-zdp', '--to', '17.5', '--engine-version', '17.6'],
      'TWO',
    ],
    [
      'a timing file',
      ['run', 'aurora-postgres-zdp', '--timing', 'gone.yaml'],
      'TIMING_FILE_MISSING',
    ],
    ['an engine that cannot', ['run', 'aurora-mysql-zdp', '--engine', 'postgres'], 'UNSUITED'],
    ['an image', ['run', 'aurora-mysql-zdp', '--image', 'mysql'], 'IMAGE_INVALID'],
    ['a version that is none', ['run', 'aurora-mysql-zdp', '--from', '3.99'], 'VERSION_INVALID'],
    ['a step back', ['run', 'aurora-mysql-zdp', '--to', '3.04'], 'VERSION_NOT_MINOR_UPGRADE'],
    [
      'what AWS rules out',
      ['run', 'aurora-mysql-zdp', '--prepared-statements', 'survive'],
      'OPTION_UNSUITED',
    ],
    [
      "another scenario's fault",
      ['run', 'aurora-postgres-zdp', '--fault', 'zdp-lost-roles'],
      'FAULT_INVALID',
    ],
    ['a reporter', ['report', '--reporter', 'pdf'], 'REPORTER_UNKNOWN'],
    ['no run yet', ['report', 'latest'], 'HISTORY_NOT_FOUND'],
    ['nothing to probe', ['probe'], 'TARGET_MISSING'],
    ['no log', ['import', 'gone.log'], 'IMPORT_UNREADABLE'],
    ['no engine', ['fetch', 'oracle@19'], 'ENGINE_INVALID'],
  ])('%s: exit 64, what and what to do, no stack', async (_what, args, code) => {
    const ended = await run(...args);
    expect(ended.code).toBe(64);
    expect(ended.stdout).toBe('');
    expect(ended.stderr.toUpperCase()).toContain(code.toUpperCase());
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    expect(ended.stderr.trim().split('\n').length).toBeLessThanOrEqual(3);
  });

  it('starts nothing and leaves nothing', () => {
    expect(existsSync(join(place.folder, '.rehearse'))).toBe(false);
  });
});

describe('the dry run', () => {
  it('gives the same schedule for the same seed and another for another', async () => {
    const [first, again, other] = await Promise.all([
      dryRun('--seed', '7'),
      dryRun('--seed', '7'),
      dryRun('--seed', '8'),
    ]);
    expect(again).toEqual(first);
    expect(other.schedule).not.toEqual(first.schedule);
    const names = (plan: Record<string, unknown>) =>
      (plan.schedule as { name: string }[]).map(({ name }) => name);
    expect(names(other)).toEqual(names(first));
  });

  it('draws and prints a seed where none is given', async () => {
    const [one, two] = await Promise.all([dryRun(), dryRun()]);
    expect(one.seed).toMatch(/^\d+$/);
    expect(one.seed).not.toBe(two.seed);
  });

  it('shows objectives, replaced by subject and added', async () => {
    const { objectives } = await dryRun(
      '--objective',
      'new-connection.downtime <= 2s',
      '--objective',
      'writer.failed == 0',
    );
    expect(objectives).toEqual([
      'held-session.failed == 0',
      'sessions.dropped == 0',
      'sessions.broken == 0',
      'writes.lost == 0',
      'writes.duplicated == 0',
      'new-connection.downtime <= 2s',
      'writer.failed == 0',
    ]);
  });

  it('takes AWS version names and timing files, and says where values come from', async () => {
    const file = join(place.folder, 'timing.yaml');
    writeFileSync(
      file,
      'zdp.success.pg:\n' +
        '  refusedMs: { valueMs: 700, source: "our drill of May", observations: 3 }\n',
    );
    const plan = await dryRun('--timing', file, '--from', '17.4.5', '--engine-version', '17.5.4');
    expect(plan.servers).toMatchObject({ from: '17.4', to: '17.5', awsFrom: '17.4.5' });
    const schedule = plan.schedule as { name: string; source: string; observations: number }[];
    expect(schedule.find(({ name }) => name === 'zdp.success.pg.refusedMs')).toMatchObject({
      source: 'our drill of May',
      observations: 3,
    });
  });

  it('refuses a timing file that does not fit, naming the place', async () => {
    const file = join(place.folder, 'bad.yaml');
    writeFileSync(file, 'zdp.success.pg:\n  refusedMs: { valueMs: soon, source: x }\n');
    const ended = await run('run', 'aurora-postgres-zdp', '--dry-run', '--timing', file);
    expect(ended.code).toBe(64);
    expect(ended.stderr).toContain('zdp.success.pg.refusedMs.valueMs');
  });

  it('reads a census', async () => {
    const file = join(place.folder, 'census.yaml');
    writeFileSync(file, 'sessions:\n  - { kind: idle, count: 3 }\n  - { kind: temp-table }\n');
    const { sessions } = await dryRun('--sessions', file);
    expect(sessions).toMatchObject({
      from: 'given',
      sessions: [
        { kind: 'idle', count: 3 },
        { kind: 'temp-table', count: 1 },
      ],
    });
  });
});

describe('servers', () => {
  const none = { DOCKER_HOST: 'tcp://127.0.0.1:9', REHEARSE_MYSQLD: '', PATH: '/nowhere' };

  it('that are not to be had are one error that names the ways, and exit 3', async () => {
    const ended = await rehearse(['run', 'aurora-mysql-zdp'], place.folder, none);
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toContain('ENGINE_NOT_FOUND: MySQL 8.0.32 -> 8.0.36');
    for (const way of ['REHEARSE_MYSQLD', '--provider docker', '--image', 'rehearse doctor'])
      expect(ended.stderr).toContain(way);
    expect(ended.stderr.trim().split('\n')).toHaveLength(2);
  });

  it('that are not to be had do not keep a dry run, which says so', async () => {
    const args = ['run', 'aurora-mysql-zdp', '--dry-run', '--json', '--fault', 'zdp-hang'];
    const ended = await rehearse(args, place.folder, none);
    expect(ended.code).toBe(0);
    const plan = JSON.parse(ended.stdout);
    expect(plan.servers).toMatchObject({
      engine: 'aurora-mysql',
      from: '8.0.32',
      to: '8.0.36',
      awsFrom: '8.0.mysql_aurora.3.05.2',
      awsTo: '8.0.mysql_aurora.3.07.1',
      served: { why: expect.stringContaining('cannot be had here') },
    });
    expect(plan.settings).toMatchObject({ lateSessions: 'cancel', lastInsertId: 'lost' });
    expect(plan.publishedDefects).toContainEqual(
      expect.objectContaining({ name: 'zdp-hang', exercised: true }),
    );
    expect(plan.publishedDefects).toContainEqual(
      expect.objectContaining({ name: 'tls-transaction', exercised: false }),
    );
  });

  it('are doctored: what each rehearsal would use, and Docker that does not answer', async () => {
    const ended = await rehearse(['doctor', '--json'], place.folder, none);
    expect(ended.code).toBe(0);
    const { findings, rehearsals, lacks } = JSON.parse(ended.stdout);
    expect(findings).toContainEqual(expect.objectContaining({ about: 'docker', ok: false }));
    expect(rehearsals.slice(0, 2)).toMatchObject([
      { scenario: 'aurora-postgres-zdp', servers: { provider: 'embedded' }, missing: null },
      { scenario: 'aurora-mysql-zdp', servers: null },
    ]);
    expect(lacks.map(({ platform }: { platform: string }) => platform)).toEqual([
      'macOS',
      'arm64',
      'musl',
    ]);
  });

  it('are swept where Docker does not answer, which is no error', async () => {
    const told = await rehearse(['gc'], place.folder, none);
    expect(told.stderr).toMatch(/not looked at: Docker: .*cannot be reached/);
    expect(told.stdout).toContain('outside Docker');
    const ended = await rehearse(['gc', '--json'], place.folder, none);
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout).dockerUnreachable).toMatch(/cannot be reached/);
  });
});

describe('what there is', () => {
  it('lists and describes the scenarios, as text and as JSON', async () => {
    const list = JSON.parse((await run('list', '--json')).stdout) as { name: string }[];
    const names = list.map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['aurora-postgres-zdp', 'aurora-mysql-zdp']);
    expect(names).toEqual(scenarios.map(({ name }) => name));
    const page = (await run('describe', 'aurora-postgres-zdp')).stdout;
    const words = page.replace(/\s+/g, ' ');
    for (const said of ['does not document', 'our assumption', 'zdp-hang', 'temporary tables'])
      expect(words).toContain(said);
    for (const line of page.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const mysql = (await run('describe', 'aurora-mysql-zdp')).stdout.replace(/\s+/g, ' ');
    for (const said of ['error 1243', 'no pending parameters', 'GET_LOCK', 'not rehearsed'])
      expect(mysql).toContain(said);
    const data = JSON.parse((await run('describe', 'aurora-postgres-zdp', '--json')).stdout);
    expect(data).toMatchObject({ name: 'aurora-postgres-zdp' });
  });

  it('says what this machine can run', async () => {
    const { code, stdout } = await run('doctor', '--json');
    const { ok, engines } = JSON.parse(stdout) as { ok: boolean; engines: { version: string }[] };
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(engines.map(({ version }) => version)).toEqual(expect.arrayContaining(['17.4', '17.5']));
  });
});
