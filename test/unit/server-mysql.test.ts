import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import type { EngineContext } from '../../sim/server/embedded/engine.js';
import {
  baseCommand,
  candidatePaths,
  findBinary,
  listBinaries,
  readVersionLine,
} from '../../sim/server/embedded/mysql/binaries.js';
import { firstStartSql } from '../../sim/server/embedded/mysql/first-start.js';
import { mysqlOptions } from '../../sim/server/embedded/mysql/options.js';
import { errorLines, tellsPortTaken } from '../../sim/server/embedded/mysql/server-log-lines.js';
import { needsTableUpgrade } from '../../sim/server/embedded/mysql/table-upgrade.js';
import {
  compareNumbers,
  matchVersion,
  versionNumbers,
} from '../../sim/server/embedded/mysql/version-match.js';
import { placesIn } from '../../sim/server/embedded/places.js';

describe('a version line', () => {
  it.each([
    [
      '/usr/sbin/mysqld  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)',
      'mysql',
      '8.0.36',
    ],
    ['/x/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))', 'mysql', '9.7.4'],
    [
      '/usr/sbin/mysqld  Ver 8.0.36-0ubuntu0.22.04.1 for Linux on x86_64 ((Ubuntu))',
      'mysql',
      '8.0.36',
    ],
    [
      'mysqld  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)',
      'mariadb',
      '10.11.6',
    ],
    [
      '/opt/mariadbd  Ver 11.8.6-MariaDB-0+deb13u1 from Debian for debian-linux-gnu',
      'mariadb',
      '11.8.6',
    ],
    [
      '/opt/homebrew/opt/mariadb/bin/mariadbd  Ver 11.4.2-MariaDB for osx10.19 on arm64',
      'mariadb',
      '11.4.2',
    ],
  ])('%s', (line, flavour, version) => {
    expect(readVersionLine(line)).toMatchObject({ flavour, version });
  });

  it.each([
    'mysql  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)',
    'mariadb  Ver 15.1 Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)',
    'mysqld  Ver 8.0.36-28 for Linux on x86_64 (Percona Server (GPL), Release 28)',
    'postgres (PostgreSQL) 17.4',
    '',
  ])('is none of a server of either flavour: %s', (line) => {
    expect(readVersionLine(line)).toBeUndefined();
  });
});

describe('the version that is meant', () => {
  const here = ['8.0.32', '8.0.36', '8.4.8', '10.11.6', '8.0.36'].map((version, at) => ({
    version,
    at,
  }));
  const match = (text: string) => matchVersion(versionNumbers('mysql', text), here);

  it('is that very one, or the newest of the series', () => {
    expect(match('8.0.32')?.version).toBe('8.0.32');
    expect(match('8.0')).toEqual({ version: '8.0.36', at: 1 });
    expect(match('8')?.version).toBe('8.4.8');
    expect(match('10.11')?.version).toBe('10.11.6');
  });

  it('is compared by its numbers, not by its letters', () => {
    for (const text of ['8.0.3', '10.1', '1', '9', '8.0.37']) expect(match(text)).toBeUndefined();
  });

  it.each(['', 'new', '8.0.36.1', '8.', 'v8', '8.0.36-R2', '../8', '8 '])('is not %j', (text) => {
    expect(() => versionNumbers('mysql', text)).toThrow('is not a version of MySQL');
  });

  it('never is one whose first numbers differ, and is the newest of those that do not', () => {
    const version = fc.array(fc.nat(4), { minLength: 3, maxLength: 3 });
    const wanted = fc.array(fc.nat(4), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(version), wanted, (versions, numbers) => {
        const found = matchVersion(
          numbers,
          versions.map((one) => ({ version: one.join('.') })),
        );
        const fitting = versions
          .filter((one) => numbers.every((number, at) => one[at] === number))
          .sort(compareNumbers);
        expect(found?.version).toBe(fitting.at(-1)?.join('.'));
      }),
    );
  });
});

describe('programs on this machine', () => {
  let root: string;
  let context: EngineContext;
  let env: NodeJS.ProcessEnv;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'rehearse-mysqld-'));
    chmodSync(root, 0o755);
    context = {
      clock: systemClock(),
      places: placesIn(root),
      account: undefined,
      announce: () => undefined,
    };
    env = { PATH: join(root, 'bin'), REHEARSE_MYSQLD: '', REHEARSE_MARIADBD: '' };
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** A program that answers as a server does; of a `wrapper`, ours are never the first words. */
  function plant(path: string, version: string, wrapper = false): string {
    const full = join(root, path);
    mkdirSync(join(full, '..'), { recursive: true });
    const told = `echo "$0/mysqld  Ver ${version} for Linux on x86_64"`;
    const defaults = wrapper
      ? ''
      : `if [ "$1" = --print-defaults ]; then echo "$0 would have been started with"; exit; fi`;
    writeFileSync(full, `#!/bin/sh\n${defaults}\n${told}\n`, { mode: 0o755 });
    return full;
  }

  /** What this test made; the machine may have servers of its own. */
  async function planted() {
    return (await listBinaries(context, env)).filter(({ path }) => path.startsWith(root));
  }

  it('are what they say, whatever their names', async () => {
    const mysqld = plant('bin/mysqld', '10.11.6-MariaDB');
    const other = plant('elsewhere/server', '8.4.8');
    env.REHEARSE_MARIADBD = `${join(root, 'nothing')}:${other}`;
    expect((await planted()).map(({ flavour, version, path }) => [flavour, version, path])).toEqual(
      [
        ['mysql', '8.4.8', other],
        ['mariadb', '10.11.6', mysqld],
      ],
    );
  });

  it('may lie side by side, and are named once each', async () => {
    const [older, newer] = [plant('a/mysqld', '8.0.32'), plant('b/mysqld', '8.0.36')];
    mkdirSync(join(root, 'bin'));
    symlinkSync(newer, join(root, 'bin/mysqld'));
    env.REHEARSE_MYSQLD = `${older}:${newer}`;
    expect((await planted()).map(({ path }) => path)).toEqual([older, newer]);
  });

  it('are asked again once they have changed', async () => {
    plant('bin/mysqld', '8.0.32');
    expect((await planted()).map(({ version }) => version)).toEqual(['8.0.32']);
    plant('bin/mysqld', '8.0.36-changed');
    expect((await planted()).map(({ version }) => version)).toEqual(['8.0.36']);
  });

  it('get --no-defaults where it can be the first word', async () => {
    env.REHEARSE_MYSQLD = `${plant('plain', '8.0.32')}:${plant('wrapper', '8.0.36', true)}`;
    const [plain, wrapper] = await planted();
    if (plain === undefined || wrapper === undefined) throw new Error('they were not found');
    expect(baseCommand(plain)).toEqual([plain.path, '--no-defaults']);
    expect(baseCommand(wrapper)).toEqual([wrapper.path]);
  });

  it('are passed over where they are no programs or no servers', async () => {
    mkdirSync(join(root, 'bin', 'mysqld'), { recursive: true });
    writeFileSync(join(root, 'bin', 'mariadbd'), 'text', { mode: 0o644 });
    const failing = join(root, 'failing');
    writeFileSync(failing, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    env.REHEARSE_MYSQLD = failing;
    expect(await planted()).toEqual([]);
  });

  it('are told where none is the one that is wanted', async () => {
    const { REHEARSE_MYSQLD } = process.env;
    const path = plant('mysqld', '8.0.32');
    process.env.REHEARSE_MYSQLD = `${path}:${join(root, 'gone')}`;
    try {
      expect((await findBinary(context, 'mysql', '8.0')).path).toBe(path);
      const error = await findBinary(context, 'mysql', '8.0.36').catch(String);
      expect(error).toContain('MySQL 8.0.36 is not on this machine');
      expect(error).toContain(`MySQL 8.0.32 (${path})`);
      expect(error).toContain(`${join(root, 'gone')}, which REHEARSE_MYSQLD names, is no server`);
      expect(error).toContain('--provider docker');
    } finally {
      if (REHEARSE_MYSQLD === undefined) delete process.env.REHEARSE_MYSQLD;
      else process.env.REHEARSE_MYSQLD = REHEARSE_MYSQLD;
    }
  });

  it('are looked for where the user says first', () => {
    const paths = candidatePaths({ REHEARSE_MYSQLD: '/a:/b', REHEARSE_MARIADBD: '/c', PATH: '/p' });
    expect(paths.slice(0, 5)).toEqual(['/a', '/b', '/c', '/p/mariadbd', '/p/mysqld']);
    expect(paths).toContain('/usr/sbin/mysqld');
  });
});

describe('server options', () => {
  it('take the wanted value over the default, however it is written', () => {
    const options = (wanted: Record<string, string>) => mysqlOptions('mysql', wanted, 7).run;
    expect(options({})).toContain('--innodb-buffer-pool-size=32M');
    const wanted = options({ 'InnoDB-buffer_pool-size': '64M', innodb_redo_log_capacity: '1G' });
    expect(wanted).toContain('--innodb-buffer-pool-size=64M');
    expect(wanted).toContain('--innodb-redo-log-capacity=1G');
    for (const gone of ['--innodb-buffer-pool-size=32M', '--loose-innodb-redo-log-capacity=32M'])
      expect(wanted).not.toContain(gone);
    expect(options({})).toContain('--server-id=7');
    expect(options({ server_id: '9' })).toContain('--server-id=9');
  });

  it('have what replication and the look into sessions need', () => {
    for (const flavour of ['mysql', 'mariadb'] as const) {
      const { run } = mysqlOptions(flavour, {}, 7);
      expect(run).toContain('--log-bin=binlog');
      expect(run).toContain('--performance-schema=ON');
      expect(run).toContain('--performance-schema-instrument=wait/lock/metadata/sql/mdl=ON');
      expect(run.includes('--gtid-mode=ON')).toBe(flavour === 'mysql');
    }
  });

  it('decide how data are made only where they must', () => {
    const plain = mysqlOptions('mysql', { max_connections: '9' }, 7).make;
    expect(plain).toEqual(mysqlOptions('mysql', {}, 8).make);
    const lower = mysqlOptions('mysql', { lower_case_table_names: '1' }, 7).make;
    expect(lower).toContain('--lower-case-table-names=1');
  });

  it.each([
    'port',
    'BIND-address',
    'skip-networking',
    'init_file',
    'loose_socket',
    'a b',
    'x=y',
    '',
  ])('refuse the name %j', (name) => {
    expect(() => mysqlOptions('mariadb', { [name]: '1' }, 7)).toThrow('server parameter');
  });

  it('cannot ask for TLS of the endpoint, which talks with its server in clear', () => {
    const wanted = (value: string) => () =>
      mysqlOptions('mysql', { 'Require-secure-transport': value }, 7).run;
    for (const value of ['ON', '1', 'true', '']) expect(wanted(value)).toThrow('in clear');
    expect(wanted('OFF')()).toContain('--require-secure-transport=OFF');
  });

  it('are one argument each, whatever the value', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        try {
          const { run } = mysqlOptions('mysql', { init_connect: value }, 7);
          expect(run.filter((one) => one.startsWith('--init-connect='))).toHaveLength(1);
        } catch (error) {
          expect(String(error)).toContain('more than one line');
        }
      }),
    );
  });
});

describe('the first start', () => {
  it.each(['mysql', 'mariadb'] as const)('of %s is kept out of the binary log', (flavour) => {
    const admin = { user: 'rehearse_admin', password: 'secret', database: 'mysql' };
    const lines = firstStartSql(flavour, admin).trimEnd().split('\n');
    expect(lines[0]).toBe('SET SESSION sql_log_bin = 0;');
    expect(lines.every((line) => line.endsWith(';'))).toBe(true);
    expect(lines.join()).toContain("'rehearse_admin'@'127.0.0.1'");
  });
});

describe('the error log', () => {
  const downgrade = [
    '2026-11-20T14:05:44Z 1 [System] [MY-013576] [InnoDB] InnoDB initialization has started.',
    '2026-11-20T14:05:44Z 1 [ERROR] [MY-014061] [Server] Cannot downgrade from 80408 to 80036.',
    '2026-11-20T14:05:44Z 0 [ERROR] [MY-010334] [Server] Failed to initialize DD Storage Engine',
    '2026-11-20T14:05:44Z 0 [System] [MY-010910] [Server] mysqld: Shutdown complete.',
  ];

  it('tells the errors of a start, else how it ends', () => {
    expect(errorLines(downgrade.join('\n'))).toBe(downgrade.slice(1, 3).join('\n'));
    expect(errorLines('one\ntwo\n')).toBe('one\ntwo');
    expect(errorLines(`${'x\n'.repeat(20)}y`).split('\n')).toHaveLength(8);
  });

  it.each([
    "[ERROR] [MY-010262] [Server] Can't start server: Bind on TCP/IP port: Address already in use",
    "[ERROR] Can't start server: Bind on TCP/IP port. Got error: 98: Address already in use",
  ])('tells that the port is taken: %s', (line) => {
    expect(tellsPortTaken(line)).toBe(true);
    expect(tellsPortTaken(downgrade.join('\n'))).toBe(false);
  });
});

describe('system tables', () => {
  const binary = (flavour: 'mysql' | 'mariadb', version: string) => ({
    ...{ flavour, version, build: '', path: '/x', takesNoDefaults: true },
  });
  it.each([
    ['mariadb', '10.11.6', '11.8.2', true],
    ['mariadb', '10.11.6', '10.11.19', false],
    ['mariadb', '11.8.2', '10.11.6', false],
    ['mysql', '8.0.36', '8.4.8', false],
  ] as const)('of %s from %s to %s: a program must make them new: %s', (flavour, from, to, is) => {
    expect(needsTableUpgrade(binary(flavour, from), binary(flavour, to))).toBe(is);
  });
});
