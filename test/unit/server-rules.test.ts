import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountCanRead, pickAccount } from '../../sim/server/embedded/account.js';
import { defaultCacheDir } from '../../sim/server/embedded/places.js';
import { parameterFile } from '../../sim/server/embedded/postgres/parameters.js';
import { currentPlatform, parsePlatform } from '../../sim/server/embedded/postgres/platform.js';
import type { ProcessFacts } from '../../sim/server/embedded/process-table.js';
import { decideReap } from '../../sim/server/embedded/reap.js';
import { type Registered, readRegistry, register } from '../../sim/server/embedded/registry.js';

describe('the platform', () => {
  const nothing = (): boolean => false;
  const everything = (): boolean => true;

  it('is taken where binaries exist', () => {
    expect(currentPlatform('linux', 'x64', everything)).toBe('linux-x64');
    expect(currentPlatform('darwin', 'arm64', nothing)).toBe('darwin-arm64');
    expect(parsePlatform('linux-arm64')).toBe('linux-arm64');
  });

  it('is refused on Windows, on musl and on other processors', () => {
    expect(() => currentPlatform('win32', 'x64', everything)).toThrow('WSL 2');
    expect(() => currentPlatform('linux', 'x64', nothing)).toThrow('glibc');
    expect(() => currentPlatform('linux', 's390x', everything)).toThrow('linux-s390x');
  });
});

describe('the account of servers', () => {
  const passwd = [
    'root:x:0:0:root:/root:/bin/bash',
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
    'postgres:x:101:104:PostgreSQL:/var/lib/postgresql:/bin/bash',
  ];

  it('is postgres, else mysql, else nobody, never root', () => {
    expect(pickAccount(passwd.join('\n'))?.uid).toBe(101);
    expect(pickAccount(passwd.slice(0, 2).join('\n'))?.name).toBe('nobody');
    const mysql = 'mysql:x:103:106:MySQL Server:/nonexistent:/bin/false';
    expect(pickAccount([...passwd.slice(0, 2), mysql].join('\n'))?.name).toBe('mysql');
    expect(pickAccount([mysql, ...passwd].join('\n'))?.name).toBe('postgres');
    expect(pickAccount('root:x:0:0::/root:/bin/sh\npostgres:x:0:0::/:/bin/sh')).toBeUndefined();
  });

  it('reads the negative ids of macOS as the kernel does', () => {
    const text = 'nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false';
    expect(pickAccount(text)).toEqual({ name: 'nobody', uid: 4294967294, gid: 4294967294 });
  });

  it('answers any text', () => {
    const line = fc.stringMatching(/^(postgres|nobody|x):x:-?\d{1,3}:\d{1,3}:$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), line), (text) => {
        expect(pickAccount(text)?.uid).not.toBe(0);
      }),
    );
  });

  it('cannot read below a private folder', () => {
    const root = mkdtempSync(join(tmpdir(), 'rehearse-account-'));
    const stranger = { name: 'stranger', uid: 4_000_000, gid: 4_000_000 };
    try {
      mkdirSync(join(root, 'open'), { mode: 0o755 });
      writeFileSync(join(root, 'open', 'file'), '', { mode: 0o644 });
      expect(accountCanRead(join(root, 'open', 'file'), stranger)).toBe(false);
      expect(accountCanRead(join(root, 'open', 'file'), undefined)).toBe(true);
      expect(accountCanRead('/bin/sh', stranger)).toBe(true);
      expect(accountCanRead(join(root, 'nothing'), stranger)).toBe(false);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

describe('server parameters', () => {
  it('take the wanted value over the default', () => {
    expect(parameterFile({})).toContain("max_connections = '100'");
    expect(parameterFile({ MAX_connections: '7' })).toContain("max_connections = '7'");
    expect(parameterFile({ max_connections: '7' })).not.toContain("'100'");
  });

  it('never switch off the wait for the log', () => {
    expect(parameterFile({})).not.toContain('synchronous_commit');
  });

  it('are quoted', () => {
    expect(parameterFile({ 'app.name': "o'clock\\" })).toContain("app.name = 'o''clock\\\\'");
  });

  it.each(['port', 'listen_addresses', 'HBA_FILE', 'a b', 'x=y', "x'", '', 'include\n'])(
    'refuse the name %j',
    (name) => {
      expect(() => parameterFile({ [name]: '1' })).toThrow('server parameter');
    },
  );

  it('stay one to a line whatever the value', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const lines = (text: string): number => text.split(/[\n\r]/).length;
        let written: string;
        try {
          written = parameterFile({ search_path: value });
        } catch {
          return;
        }
        expect(lines(written)).toBe(lines(parameterFile({ search_path: '' })));
      }),
    );
  });
});

describe('the cache folder', () => {
  it('is where the environment says', () => {
    expect(defaultCacheDir({ REHEARSE_CACHE_DIR: '/a/b' })).toBe('/a/b');
    expect(defaultCacheDir({ XDG_CACHE_HOME: '/x' })).toBe('/x/rehearse');
    expect(defaultCacheDir({})).toMatch(/rehearse$/);
  });
});

describe('the reaper', () => {
  const entry: Registered = {
    v: 1,
    id: 'writer-1-0123456789ab',
    hostId: 'here',
    owner: { pid: 10, startedAt: 'monday' },
    server: { pid: 20, startedAt: 'tuesday' },
    folder: '/cache/servers/writer-1-0123456789ab',
    port: 20_001,
    created: '2026-01-01T00:00:00.000Z',
  };
  const server = { startedAt: 'tuesday', commandLine: `postgres -D ${entry.folder}/data -p 1` };
  const decide = (facts: Record<number, ProcessFacts | 'hidden'>, one = entry, host = 'here') =>
    decideReap(one, { hostId: host, machineId: 'm', bootedMs: 2e12 }, (pid) => facts[pid]);

  it('kills the server of a dead owner', () => {
    expect(decide({ 20: server })).toEqual({ reap: true, killPid: 20 });
  });

  it('knows a mysqld by its data as well', () => {
    const words = (data: string) => `mysqld --no-defaults --datadir=${data} --port=1`;
    const mysqld = { ...server, commandLine: words(`${entry.folder}/data`) };
    expect(decide({ 20: mysqld })).toEqual({ reap: true, killPid: 20 });
    const other = { ...server, commandLine: words(`${entry.folder}/data2`) };
    expect(decide({ 20: other })).toEqual({ reap: true, killPid: null });
  });

  it('leaves everything of a live owner, of a hidden one, and of another host', () => {
    const owner = { startedAt: 'monday', commandLine: 'node' };
    expect(decide({ 10: owner, 20: server })).toEqual({ reap: false, why: 'owner-alive' });
    expect(decide({ 10: 'hidden', 20: server })).toEqual({ reap: false, why: 'owner-alive' });
    expect(decide({ 20: server }, entry, 'there')).toEqual({ reap: false, why: 'other-host' });
  });

  it('knows that nothing of an earlier boot of this machine is alive', () => {
    const owner = { startedAt: 'monday', commandLine: 'node' };
    const before = { ...entry, created: new Date(1.9e12).toISOString(), machineId: 'm' };
    const dead = { reap: true, killPid: null };
    expect(decide({ 10: owner, 20: server }, before, 'next boot')).toEqual(dead);
    const alive = { reap: false, why: 'other-host' };
    const since = { ...before, created: new Date(2.1e12).toISOString() };
    const unsure = { ...before, machineId: null };
    for (const one of [since, unsure, entry, { ...before, machineId: 'other' }])
      expect(decide({ 20: server }, one, 'next boot')).toEqual(alive);
    const nowhere = { hostId: 'x', machineId: null, bootedMs: 2e12 };
    expect(decideReap(unsure, nowhere, () => undefined)).toEqual(alive);
  });

  it('takes a later process with the number of the owner for another one', () => {
    const later = { startedAt: 'friday', commandLine: 'node' };
    expect(decide({ 10: later, 20: server })).toEqual({ reap: true, killPid: 20 });
  });

  it('kills no process whose start time or folder is another', () => {
    const nothing = { reap: true, killPid: null };
    expect(decide({ 20: { ...server, startedAt: 'friday' } })).toEqual(nothing);
    const other = { ...server, commandLine: `postgres -D ${entry.folder}/data2 -p 1` };
    expect(decide({ 20: other })).toEqual(nothing);
    expect(decide({ 20: 'hidden' })).toEqual(nothing);
    expect(decide({})).toEqual(nothing);
    expect(decide({ 20: server }, { ...entry, server: null })).toEqual(nothing);
  });

  it('reads only whole entries under their own names', () => {
    const registry = mkdtempSync(join(tmpdir(), 'rehearse-registry-'));
    try {
      register(registry, entry);
      writeFileSync(join(registry, 'broken.json'), '{"v":1');
      writeFileSync(join(registry, 'alien-0123456789ab.json'), JSON.stringify(entry));
      writeFileSync(join(registry, 'notes.txt'), 'x');
      expect(readRegistry(registry)).toEqual([entry]);
      expect(readRegistry(join(registry, 'nothing'))).toEqual([]);
    } finally {
      rmSync(registry, { recursive: true });
    }
  });
});
