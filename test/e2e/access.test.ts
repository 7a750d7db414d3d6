/** A client of the user's own, on the endpoint of a rehearsal under way. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../harness/verdict/run-report.js';
import { start, temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());

const file = join(place.folder, 'access.env');
const runWithAccess = ['run', 'aurora-postgres-zdp', '--pace', '1000', '--access', 'access.env'];

function variables(): Map<string, string> {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [, name = '', value = ''] = /^export (\w+)='(.*)'$/.exec(line) ?? [];
      return [name, value];
    }),
  );
}

async function connected(given: ReadonlyMap<string, string>): Promise<Client> {
  const client = new Client({
    host: given.get('PGHOST') ?? '',
    port: Number(given.get('PGPORT')),
    user: given.get('PGUSER') ?? '',
    password: given.get('PGPASSWORD') ?? '',
    database: given.get('PGDATABASE') ?? '',
    ssl: { ca: readFileSync(given.get('PGSSLROOTCERT') ?? '', 'utf8') },
    application_name: 'billing',
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}

describe('--access', () => {
  it('lets a client in over TLS, whose session the patch keeps, and is gone then', async () => {
    const running = start([...runWithAccess, '--steady', '5s', '--settle', '4s'], place.folder);
    await running.seen(/listens on 127\.0\.0\.1:\d+/);
    await running.seen(/phase\s+steady/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const given = variables();
    const client = await connected(given);
    const version = async (): Promise<string> =>
      (await client.query('show server_version')).rows[0].server_version;
    expect(await version()).toBe('17.4');
    await running.seen(/7 preserved, 0 dropped/);
    expect(await version()).toBe('17.5');
    await client.end();
    const ended = await running.ended;
    expect(ended.code).toBe(0);
    expect(existsSync(file)).toBe(false);
    expect(existsSync(`${file}.ca.pem`)).toBe(false);
    const secret = given.get('PGPASSWORD') ?? '';
    expect(secret.length).toBeGreaterThan(20);
    expect(ended.stdout + ended.stderr).not.toContain(secret);
    const history = join(place.folder, '.rehearse', 'runs', 'latest', 'history.ndjson');
    const told = readFileSync(history, 'utf8');
    expect(told).toContain('application billing');
    expect(told).not.toContain(secret);
  });

  it('counts a client that was kept and lost its state: no pass', async () => {
    const lost = ['--prepared-statements', 'lost', '--timing', 'engine', '--steady', '5s'];
    const running = start([...runWithAccess, ...lost, '--settle', '3s', '--json'], place.folder);
    await running.seen(/phase\s+steady/);
    const client = await connected(variables());
    const ask = () => client.query({ name: 'named', text: 'select $1::int as n', values: [1] });
    expect((await ask()).rows).toEqual([{ n: 1 }]);
    await running.seen(/7 preserved, 0 dropped/);
    await expect(ask()).rejects.toMatchObject({ code: '26000' });
    await client.end();
    const ended = await running.ended;
    const report = JSON.parse(ended.stdout) as RunReport;
    expect(report.sessions?.broken).toEqual([
      { kind: 'application billing', text: expect.stringContaining('1 prepared statement') },
    ]);
    expect(report.verdict).toBe('fail');
    expect(report.reason).toContain('sessions.broken == 0');
    expect(ended.code).toBe(1);
  });

  it('never touches a file that is there already', async () => {
    writeFileSync(file, 'mine');
    const ended = await start(runWithAccess, place.folder).ended;
    expect(ended.code).toBe(64);
    expect(ended.stderr).toContain('ACCESS_FILE_EXISTS');
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});
