import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessFile, writeAccess } from '../../cli/access-file.js';
import type { Cluster } from '../../sim/sim.js';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'access-file-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const pem = '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n';
const cluster = {
  writer: { name: 'writer', host: '127.0.0.1', port: 5432 },
  application: { user: 'app', password: "it's $HOME", database: 'app' },
  caPem: pem,
  server: 'postgres',
  doorway: null,
} as unknown as Pick<Cluster, 'writer' | 'application' | 'caPem' | 'server' | 'doorway'>;
const code = (name: string) => expect.objectContaining({ code: name });

/** Puts the id of a process that is no more in the place of ours. */
function killOwner(...paths: string[]): void {
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  for (const path of paths) {
    const text = readFileSync(path, 'utf8').replace(`"pid":${process.pid}`, `"pid":${gone}`);
    writeFileSync(path, text);
  }
}

describe('the access file', () => {
  it('is read by a shell as it was meant, from any folder, and removed again', () => {
    const folder = join(cwd, 'd\'Artagnan\'s "$HOME"');
    mkdirSync(folder);
    const path = accessFile(folder, 'acc.env');
    const takeBack = writeAccess(cluster, path);
    const script = '. "$1"; printf "%s\\n" "$PGPASSWORD" "$PGSSLROOTCERT"';
    const shell = spawnSync('/bin/sh', ['-c', script, 'sh', path], { encoding: 'utf8' });
    expect(shell.stdout).toBe(`it's $HOME\n${path}.ca.pem\n`);
    expect(readFileSync(`${path}.ca.pem`, 'utf8')).toContain(pem);
    for (const one of [path, `${path}.ca.pem`]) expect(statSync(one).mode & 0o777).toBe(0o600);
    takeBack();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['postgres', 'PG', 'postgresql'],
    ['mysql', 'MYSQL_', 'mysql'],
    ['mariadb', 'MYSQL_', 'mysql'],
  ] as const)('has the variables that clients of %s read', (server, prefix, scheme) => {
    const path = accessFile(cwd, 'acc.env');
    const takeBack = writeAccess({ ...cluster, server }, path);
    const text = readFileSync(path, 'utf8');
    takeBack();
    const names = [...text.matchAll(/^export (\w+)=/gm)].map(([, name = '']) => name);
    expect(names.filter((name) => !name.startsWith(prefix))).toEqual(['DATABASE_URL']);
    const quoted = /^export DATABASE_URL='(.*)'$/m.exec(text)?.[1] ?? '';
    const url = new URL(quoted.replaceAll("'\\''", "'"));
    expect(url).toMatchObject({ protocol: `${scheme}:`, port: '5432', pathname: '/app' });
    expect(decodeURIComponent(url.password)).toBe("it's $HOME");
  });

  it.each(['acc.env', 'acc.env.ca.pem'])('never takes the place of a %s of others', (name) => {
    writeFileSync(join(cwd, name), 'mine');
    expect(() => accessFile(cwd, 'acc.env')).toThrow(code('ACCESS_FILE_EXISTS'));
    expect(() => writeAccess(cluster, join(cwd, 'acc.env'))).toThrow(code('ACCESS_FILE_EXISTS'));
    expect(readdirSync(cwd)).toEqual([name]);
    expect(readFileSync(join(cwd, name), 'utf8')).toBe('mine');
  });

  it('is replaced where a killed run left it, never while that run lives', () => {
    const path = accessFile(cwd, 'acc.env');
    writeAccess(cluster, path);
    expect(() => accessFile(cwd, 'acc.env')).toThrow(code('ACCESS_FILE_EXISTS'));
    killOwner(path, `${path}.ca.pem`);
    expect(accessFile(cwd, 'acc.env')).toBe(path);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('of another machine or boot is left alone', () => {
    const path = accessFile(cwd, 'acc.env');
    writeAccess(cluster, path);
    killOwner(path, `${path}.ca.pem`);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/"hostId":"\w+"/, '"hostId":"elsewhere"'));
    expect(() => accessFile(cwd, 'acc.env')).toThrow(code('ACCESS_FILE_EXISTS'));
    expect(existsSync(`${path}.ca.pem`)).toBe(true);
  });

  it('that the user replaced is not removed', () => {
    const path = accessFile(cwd, 'acc.env');
    const takeBack = writeAccess(cluster, path);
    writeFileSync(path, 'mine');
    takeBack();
    expect(readdirSync(cwd)).toEqual(['acc.env']);
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  it('needs a folder that is there', () => {
    expect(() => accessFile(cwd, 'none/acc.env')).toThrow(code('ACCESS_FILE_UNWRITABLE'));
  });
});
