/** A database of the user's own, from the command line. */
import { chmodSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { rehearse, start, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
// A cache of its own, to which the account that servers run as must come through.
chmodSync(place.folder, 0o755);
const env = { REHEARSE_CACHE_DIR: join(place.folder, 'cache') };
afterAll(() => place.remove());
const write = (name: string, text: string): void => writeFileSync(join(place.folder, name), text);

beforeAll(() => {
  const tables = Array.from(
    { length: 200 },
    (_, index) => `CREATE TABLE t${index} (id int PRIMARY KEY, note text);`,
  );
  write('schema.sql', `${tables.join('\n')}\n`);
  write(
    'rows.sh',
    'echo "INSERT INTO t0 SELECT i, i::text FROM generate_series(1, 1234) i;"; echo sent >&2',
  );
  write('mine.conf', "max_connections = 77\nwork_mem = '5MB'\n");
  write('geo.sql', 'CREATE TABLE t (a int);\nCREATE EXTENSION postgis;\n');
});

const run = (...args: string[]) =>
  rehearse(
    ['run', 'aurora-postgres-zdp', '--seed', '1', '--timing', 'engine', '--pace', '1000', ...args],
    place.folder,
    env,
  );
const quick = ['--steady', '500ms', '--settle', '500ms', '--interval', '100ms', '--lines'];
const own = [
  '--schema',
  'schema.sql',
  '--data',
  'cmd:sh rows.sh --password=geheim',
  '--engine-parameters',
  'mine.conf',
];

test('200 tables and rows are loaded once; the next run says that it found them', async () => {
  const first = await run(...own, ...quick, '--out', 'first');
  expect(first.stderr).toBe('');
  expect(first.code).toBe(0);
  expect(first.stdout).toContain('the data command says: sent');
  expect(first.stdout).toMatch(/ {2}database +200 tables, 1,234 rows, from schema\.sql/);
  expect(first.stdout.replaceAll(/\s+/g, ' ')).toMatch(/loaded in [\d.ms]+ and kept/);
  const second = await run(...own, ...quick, '--out', 'second', '--json');
  expect(second.code).toBe(0);
  const report = JSON.parse(second.stdout);
  expect(report.settings).toMatchObject({
    schema: expect.stringMatching(/^schema\.sql \(\d+\.\d kB, sha256 [0-9a-f]{12}\)$/),
    data: 'cmd:sh rows.sh --password=***',
    engineParameters: ['mine.conf', 'max_connections=77', 'work_mem=5MB'],
  });
  const notes: { code: string; text: string }[] = report.notes;
  expect(notes.filter(({ code }) => code === 'database')).toEqual([]);
  expect(notes.find(({ code }) => code === 'database-filled')?.text).toMatch(
    /^200 tables, 1,234 rows, .*; kept from an earlier load$/,
  );
  for (const folder of ['first', 'second'])
    expect(readFileSync(join(place.folder, folder, 'history.ndjson'), 'utf8')).not.toContain(
      'geheim',
    );
}, 90_000);

test('a dry run shows it, and loads nothing', async () => {
  const { code, stdout } = await run(...own, '--dry-run');
  expect(code).toBe(0);
  expect(stdout).toMatch(/schema +schema\.sql \(\d+\.\d kB, sha256 [0-9a-f]{12}\)/);
  expect(stdout).toMatch(/engineParameters +mine\.conf,max_connections=77/);
});

test('an extension that is not there is named before a server starts', async () => {
  const { code, stderr, stdout } = await run('--schema', 'geo.sql', ...quick, '--out', 'geo');
  expect(code).toBe(3);
  expect(stderr).toContain('EXTENSION_MISSING');
  expect(stderr).toContain('the extension postgis (geo.sql, line 2)');
  expect(stdout).not.toContain('listens on');
});

test('a tool that is killed takes the command with it', async () => {
  const killed = start(
    ['run', 'aurora-postgres-zdp', '--data', 'cmd:echo $$ >pid; echo on >&2; sleep 300', ...quick],
    place.folder,
    env,
  );
  await killed.seen(/the data command says: on/);
  const pid = Number(readFileSync(join(place.folder, 'pid'), 'utf8'));
  expect(isAlive(pid)).toBe(true);
  killed.child.kill('SIGKILL');
  await killed.ended;
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test.each([
  [['--schema', 'none.sql'], 64, 'DUMP_MISSING'],
  [['--data', 'cmd: '], 64, 'DATA_COMMAND_INVALID'],
  [['--refresh-data'], 64, 'OPTIONS_CONTRADICT'],
  [['--engine-parameters', 'none.conf'], 64, 'PARAMETERS_FILE_MISSING'],
  [['--user-like', 'root'], 64, '--user-like'],
] as const)('%j is refused', async (args, wanted, said) => {
  const { code, stderr } = await run(...args, ...quick);
  expect(code).toBe(wanted);
  expect(stderr).toContain(said);
});

test('gc --templates removes what was kept', async () => {
  const kept = keptFolders();
  expect(kept).toHaveLength(1);
  // What was used a moment ago may be being copied.
  for (const folder of kept) utimesSync(folder, 0, 0);
  const { code, stdout } = await rehearse(['gc', '--templates', '--json'], place.folder, env);
  expect(code).toBe(0);
  const names: string[] = JSON.parse(stdout).removed.map(({ name }: { name: string }) => name);
  expect(names.filter((name) => name.startsWith(place.folder))).toEqual(kept);
  expect(keptFolders()).toEqual([]);
});

function keptFolders(): string[] {
  const folder = join(place.folder, 'cache', 'templates');
  const names = readdirSync(folder).filter((name) => name.endsWith('-filled'));
  return names.map((name) => join(folder, name));
}
