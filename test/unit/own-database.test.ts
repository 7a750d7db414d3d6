/** What is known of a database of the user's own before anything starts. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { engineParameters } from '../../cli/database/engine-parameters.js';
import { megabytes } from '../../sim/database/fill.js';
import { lookThrough } from '../../sim/database/look-through.js';
import { missingError } from '../../sim/database/missing.js';
import { treatmentOf as mysqlTreatment } from '../../sim/database/mysql/dump-statement.js';
import { needsOfParameters, needsOfStatement } from '../../sim/database/needs.js';
import { contentKey } from '../../sim/database/own-database.js';
import {
  missingRole,
  treatmentOf as postgresTreatment,
  psqlCommand,
} from '../../sim/database/postgres/dump-statement.js';
import { withoutPasswords } from '../../sim/database/without-passwords.js';
import { filledTemplatesMax, surplus } from '../../sim/server/embedded/filled-templates.js';
import { temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
afterAll(() => place.remove());
const write = (name: string, text: string | Buffer): string => {
  writeFileSync(join(place.folder, name), text);
  return name;
};

describe('needs', () => {
  test.each([
    ['postgres', 'CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA x', 'extension uuid-ossp'],
    ['postgres', 'create extension PostGIS', 'extension postgis'],
    ['postgres', "COMMENT ON EXTENSION x IS 'y'", ''],
    ['mysql', "INSTALL PLUGIN audit SONAME 'audit_log.so'", 'plugin audit_log'],
    ['mariadb', "INSTALL SONAME 'ha_rocksdb'", 'plugin ha_rocksdb'],
    [
      'mysql',
      "INSTALL COMPONENT 'file://component_x', 'file://y'",
      'component component_x, component y',
    ],
    [
      'mysql',
      "/*!40000 CREATE TABLE t (a int COMMENT 'ENGINE=no') ENGINE=InnoDB */",
      'storage-engine InnoDB',
    ],
    [
      'mariadb',
      'CREATE TABLE `t` (`engine` int) ENGINE = RocksDB\n' +
        '/*!50100 PARTITION BY HASH (a) (PARTITION p ENGINE = Aria) */',
      'storage-engine RocksDB, storage-engine Aria',
    ],
    ['mysql', "INSERT INTO t VALUES ('ENGINE=x')", ''],
  ] as const)('of %s: %s', (engine, sql, wanted) => {
    const needs = needsOfStatement(engine, Buffer.from(sql));
    expect(needs.map(({ kind, name }) => `${kind} ${name}`).join(', ')).toBe(wanted);
  });

  test('of parameters', () => {
    const parameters = {
      shared_preload_libraries: 'pg_stat_statements, "pg_cron"',
      'plugin-load-add': 'rocksdb=ha_rocksdb.so;sql_errlog',
      work_mem: '1MB',
      session_preload_libraries: '',
    };
    expect(needsOfParameters(parameters).map(({ kind, name, from }) => [kind, name, from])).toEqual(
      [
        ['library', 'pg_stat_statements', 'shared_preload_libraries'],
        ['library', 'pg_cron', 'shared_preload_libraries'],
        ['plugin', 'ha_rocksdb', 'plugin-load-add'],
        ['plugin', 'sql_errlog', 'plugin-load-add'],
      ],
    );
  });

  test('that are missing tell how they are had, but for those that AWS alone has', () => {
    const postgis = { kind: 'extension', name: 'postgis', from: 'a.sql, line 2' } as const;
    const aws = { kind: 'extension', name: 'aws_s3', from: 'a.sql, line 3' } as const;
    expect(missingError('postgres', '17.4', [postgis])).toMatchObject({
      code: 'EXTENSION_MISSING',
      todo: expect.stringContaining('--provider docker --image postgres=REF'),
      exit: 'environment',
    });
    expect(missingError('postgres', '17.4', [aws]).todo).toMatch(/AWS alone/);
    expect(missingError('mysql', '8.0', [{ ...postgis, kind: 'plugin' }]).code).toBe(
      'PLUGIN_MISSING',
    );
  });
});

describe('statements of Postgres', () => {
  const treated = (sql: string): unknown => {
    const treatment = postgresTreatment(Buffer.from(sql), '"app"');
    return treatment.run ? (treatment.as ?? 'run') : treatment.why;
  };

  test.each([
    ['CREATE TABLE t (a int)', 'run'],
    ['ALTER TABLE public.t OWNER TO "some one"', 'owner'],
    ['ALTER TABLE ONLY t ADD COLUMN owner text', 'run'],
    ['ALTER DEFAULT PRIVILEGES FOR ROLE x GRANT ALL ON TABLES TO y', 'run'],
    ["SET SESSION AUTHORIZATION 'x'", 'owner'],
    ['RESET ROLE', 'owner'],
    ['CREATE DATABASE orders', 'database'],
    [
      'ALTER DATABASE "my orders" SET search_path TO a',
      'alter database "app" SET search_path TO a',
    ],
    ['ALTER DATABASE orders OWNER TO x', 'database'],
    ['REVOKE CONNECT ON DATABASE orders FROM PUBLIC', 'database'],
    ['GRANT ALL ON TABLE t TO x', 'run'],
    ['CREATE ROLE app', 'own-role'],
    ['ALTER ROLE "rdsadmin" WITH NOLOGIN', 'own-role'],
    ['DROP ROLE IF EXISTS rehearse', 'own-role'],
    ['CREATE ROLE application', 'run'],
    ['CREATE SUBSCRIPTION s CONNECTION x PUBLICATION p', 'subscription'],
    ['CREATE SCHEMA public', 'create schema if not exists public'],
  ])('%s', (sql, wanted) => {
    expect(treated(sql)).toBe(wanted);
  });

  test('commands of psql', () => {
    expect(psqlCommand('\\restrict aB3')).toEqual({ kind: 'nothing' });
    expect(psqlCommand('\\connect orders')).toEqual({ kind: 'connect', database: 'orders' });
    expect(psqlCommand('\\connect -reuse-previous=on "dbname=\'my orders\'"')).toEqual({
      kind: 'connect',
      database: 'my orders',
    });
    expect(psqlCommand('\\c "a""b"')).toEqual({ kind: 'connect', database: 'a"b' });
    expect(psqlCommand('\\i x.sql')).toEqual({ kind: 'unknown' });
  });

  test('only an error about a role names one', () => {
    expect(missingRole('42704', 'role "a b" does not exist')).toBe('a b');
    expect(missingRole('42704', 'type "a" does not exist')).toBeUndefined();
    expect(missingRole('42P01', 'role "a" does not exist')).toBeUndefined();
  });
});

describe('statements of MySQL', () => {
  const treated = (sql: string, inSystem = false): unknown => {
    const treatment = mysqlTreatment(Buffer.from(sql), inSystem);
    return treatment.run ? (treatment.use ?? 'run') : treatment.why;
  };

  test.each([
    ['CREATE TABLE t (a int)', 'run'],
    ['USE `or``ders`', 'or`ders'],
    ['USE mysql', 'system-database'],
    ['CREATE DATABASE /*!32312 IF NOT EXISTS*/ `mysql` /*!40100 DEFAULT */', 'system-database'],
    ['CREATE DATABASE /*!32312 IF NOT EXISTS*/ `orders`', 'run'],
    ["SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'a:1-5'", 'gtid'],
    ["CHANGE MASTER TO MASTER_LOG_FILE='x'", 'replication'],
    ['/*!80023 CHANGE REPLICATION SOURCE TO SOURCE_HOST=1 */', 'replication'],
    ["CREATE USER IF NOT EXISTS 'app'@'%'", 'own-account'],
    ["CREATE USER 'apple'@'%'", 'run'],
    ['/*!50003 CREATE*/ /*!50020 DEFINER=`a`@`%`*/ /*!50003 TRIGGER t */', 'run'],
  ])('%s', (sql, wanted) => {
    expect(treated(sql)).toBe(wanted);
  });

  test('in a database of the server its settings alone are run', () => {
    expect(treated('INSERT INTO user VALUES (1)', true)).toBe('system-database');
    expect(treated('/*!40101 SET @saved = 1 */', true)).toBe('run');
    expect(treated('USE orders', true)).toBe('orders');
    expect(treated('CREATE DATABASE /*!32312 IF NOT EXISTS*/ `orders`', true)).toBe('run');
  });
});

test.each([
  ['pg_dump postgres://me:s3c/ret@db/x', 'pg_dump postgres://me:***@db/x'],
  ['pg_dump "postgres://me:secret@db/x"', 'pg_dump "postgres://me:***@db/x"'],
  ['pg_dump postgres://me:se@cret@db/x', 'pg_dump postgres://me:***@db/x'],
  ['mysqldump -uroot -psecret shop', 'mysqldump -uroot -p*** shop'],
  ["mysqldump --password='a b' -p shop", 'mysqldump --password=*** -p shop'],
  ['PGPASSWORD=secret pg_dump; X_TOKEN="a b" y', 'PGPASSWORD=*** pg_dump; X_TOKEN=*** y'],
  ['psql --port 5432 -c x', 'psql --port 5432 -c x'],
])('what is shown of: %s', (command, shown) => {
  expect(withoutPasswords(command)).toBe(shown);
});

describe('files', () => {
  test('of a folder come in the order of names, and their hash is of all in them', async () => {
    mkdirSync(join(place.folder, 'dir', '.git'), { recursive: true });
    write('dir/b.sql', 'SELECT 2;');
    write('dir/a.sql.gz', gzipSync('CREATE EXTENSION a;'));
    write('dir/readme.md', 'no');
    write('dir/.git/x.sql', 'no');
    const first = await lookThrough('dir', place.folder, 'postgres');
    expect(first.source.files.map(({ name }) => name)).toEqual(['dir/a.sql.gz', 'dir/b.sql']);
    expect(first.needs).toEqual([{ kind: 'extension', name: 'a', from: 'dir/a.sql.gz, line 1' }]);
    write('dir/b.sql', 'SELECT 3;');
    const second = await lookThrough('dir', place.folder, 'postgres');
    expect(second.source.sha256).not.toBe(first.source.sha256);
    const key = (source: typeof first.source): string =>
      contentKey({ schema: source, data: null, needs: [], refresh: false });
    expect(key(second.source)).not.toBe(key(first.source));
    expect(key({ ...first.source, label: 'elsewhere' })).toBe(key(first.source));
  });

  test.each([
    ['custom.dump', Buffer.from('PGDMP\u0001\u000e'), 'DUMP_INVALID', /custom format.*pg_restore/],
    ['utf16.sql', Buffer.from('\ufeffSELECT 1;', 'utf16le'), 'DUMP_INVALID', /UTF-16/],
    [
      'cut.sql.gz',
      gzipSync('SELECT 1;').subarray(0, 20),
      'DUMP_INVALID',
      /cut\.sql\.gz cannot be read/,
    ],
    [
      'half.sql',
      "SELECT 'half",
      'DUMP_INVALID',
      /half\.sql, line 1: the file ends within a string/,
    ],
    ['packed.zip', Buffer.from('504b030400', 'hex'), 'DUMP_INVALID', /ZIP/],
  ])('that are no SQL: %s', async (name, text, code, what) => {
    write(name, text);
    const error = await lookThrough(name, place.folder, 'postgres').catch((one) => one);
    expect(error).toMatchObject({ code, what: expect.stringMatching(what) });
  });

  test('that are not there, or nothing', async () => {
    await expect(lookThrough('none.sql', place.folder, 'mysql')).rejects.toMatchObject({
      code: 'DUMP_MISSING',
    });
    mkdirSync(join(place.folder, 'empty'));
    await expect(lookThrough('empty', place.folder, 'mysql')).rejects.toMatchObject({
      code: 'DUMP_INVALID',
    });
    write('nothing.sql', '');
    expect((await lookThrough('nothing.sql', place.folder, 'mysql')).needs).toEqual([]);
  });

  test('that may not be read', async () => {
    write('closed.sql', 'SELECT 1;');
    chmodSync(join(place.folder, 'closed.sql'), 0);
    const looked = lookThrough('closed.sql', place.folder, 'mysql');
    // Root may read everything.
    if (process.geteuid?.() === 0) await expect(looked).resolves.toMatchObject({ needs: [] });
    else await expect(looked).rejects.toMatchObject({ code: 'DUMP_INVALID' });
  });
});

describe('engine parameters', () => {
  const read = (name: string, text: string) => engineParameters(write(name, text), place.folder);

  test('as in postgresql.conf', () => {
    const text = "# c\nwork_mem = '8MB' # more\nmax_connections 150\nx.y = 'it''s'\n";
    expect(read('a.conf', text)).toEqual({
      parameters: { work_mem: '8MB', max_connections: '150', 'x.y': "it's" },
      leftOut: [],
    });
  });

  test('as in my.cnf, of the groups of the server', () => {
    const text =
      '[client]\nport=1\n[mysqld]\nskip-name-resolve\nsql_mode="A,B"\n[mysqldump]\nquick\n';
    expect(read('my.cnf', text).parameters).toEqual({ 'skip-name-resolve': 'on', sql_mode: 'A,B' });
  });

  test('as YAML and as JSON', () => {
    expect(read('p.yaml', 'work_mem: 8MB\nmax_connections: 150\njit: false\n').parameters).toEqual({
      work_mem: '8MB',
      max_connections: '150',
      jit: 'off',
    });
    expect(read('anything', '{"work_mem": "8MB"}').parameters).toEqual({ work_mem: '8MB' });
  });

  test('as the AWS CLI prints them: what somebody set, and what is not of RDS alone', () => {
    const Parameters = [
      { ParameterName: 'work_mem', ParameterValue: '8192', Source: 'user' },
      { ParameterName: 'rds.force_ssl', ParameterValue: '1', Source: 'user' },
      {
        ParameterName: 'shared_buffers',
        ParameterValue: '{DBInstanceClassMemory/32768}',
        Source: 'user',
      },
      { ParameterName: 'jit', ParameterValue: '0', Source: 'system' },
      { ParameterName: 'port', Source: 'user' },
    ];
    expect(read('group.json', JSON.stringify({ Parameters }))).toEqual({
      parameters: { work_mem: '8192' },
      leftOut: ['rds.force_ssl', 'shared_buffers'],
    });
  });

  test.each([
    ['x.conf', "a = 'never\n", /line 1 has a quote that does not end/],
    ['y.conf', 'a=1\n!includedir /etc\n', /line 2/],
    ['z.json', '{"a": {"b": 1}}', /a is no name with a value/],
    ['w.yaml', 'a: [', /cannot be used/],
    ['v.yaml', '- a\n', /cannot be used/],
  ])('that make no sense: %s', (name, text, said) => {
    expect(() => read(name, text)).toThrow(said);
  });

  test('that are not there', () => {
    expect(() => engineParameters('none.conf', place.folder)).toThrow(/ENOENT/);
  });
});

test('kept templates are bounded in number and size, those used last stay', () => {
  const one = (index: number, bytes: number) => ({
    folder: `t${index}`,
    bytes,
    usedAtMs: index * 1_000_000,
  });
  const many = Array.from({ length: filledTemplatesMax + 2 }, (_, index) => one(index, 1));
  expect(surplus(many, 1e9)).toEqual(['t1', 't0']);
  expect(surplus([one(3, 15e9), one(2, 15e9), one(1, 1)], 1e9)).toEqual(['t2', 't1']);
  expect(surplus([one(1, 99e9)], 1e9)).toEqual([]);
  // One that was used a moment ago may be being copied.
  expect(surplus([one(3, 15e9), one(2, 15e9)], 2_000_001)).toEqual([]);
});

test('what was loaded so far is told without a zero', () => {
  const told = [4_000, 999_999, 1_000_000, 12_900_000].map(megabytes);
  expect(told).toEqual(['less than 1 MB', 'less than 1 MB', '1 MB', '12 MB']);
});
