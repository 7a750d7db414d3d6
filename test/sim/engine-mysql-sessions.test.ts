/** What sessions of real MySQL and MariaDB servers hold, and that it can be put back whole. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Flavour, flavours } from '../../sim/engine/flavours.js';
import { examineSession, type MysqlSessionContents } from '../../sim/engine/mysql/examine.js';
import { type Restored, restoreSteps, runRestoration } from '../../sim/engine/mysql/restore.js';
import { createApplication, versionOf } from '../../sim/engine/mysql/roles.js';
import { freshVariables, surveySessions } from '../../sim/engine/mysql/survey.js';
import { noTraces, type TemporaryTableTraces } from '../../sim/engine/mysql/temporary-tables.js';
import { startMysql, type TestClient, type TestServer } from '../support/mysql-server.js';
import { program } from '../support/programs.js';

const app = { user: 'app', password: 'app-password', database: 'app' };
const nowhere = { user: app.user, password: app.password };

describe.each(flavours)('%s', (flavour) => {
  describe.skipIf(program(flavour) === undefined)('a session', () => {
    let at: TestServer;

    beforeAll(async () => {
      at = await startMysql(flavour);
      await createApplication(at.admin, app, app.database);
      await at.admin.query('create table app.t (id int auto_increment primary key, v int)');
      await at.admin.query('create database `odd ``näme`');
      await at.admin.query("grant all privileges on `odd ``näme`.* to 'app'@'%'");
      for (const role of ['reading', 'writing']) {
        await at.admin.query(`create role ${role}`);
        await at.admin.query(`grant ${role} to 'app'@'%'`);
      }
    });

    afterAll(() => at?.close());

    async function examine(
      client: TestClient,
      temporaryTables: TemporaryTableTraces = noTraces,
    ): Promise<MysqlSessionContents> {
      const survey = await surveySessions(at.admin, await versionOf(at.admin), [
        client.connectionId,
      ]);
      return examineSession(survey, { ...client, temporaryTables });
    }

    /** Puts contents into a new connection of the same user. */
    async function putBack(
      contents: MysqlSessionContents,
      role: 'survive' | 'lost' = 'survive',
    ): Promise<Restored & { client: TestClient }> {
      const client = await at.client(nowhere);
      const fresh = await freshVariables(at.admin, flavour);
      const { steps, lost } = restoreSteps(contents, { fresh, lastInsertId: 'survive', role });
      const restored = await runRestoration(client.ask, steps);
      return { failure: restored.failure, lost: [...lost, ...restored.lost], client };
    }

    async function run(statements: readonly string[]): Promise<TestClient> {
      const client = await at.client(app);
      for (const sql of statements) await client.ask(sql);
      return client;
    }

    it('that did nothing holds nothing', async () => {
      const contents = await examine(await run([]));
      expect(contents).toMatchObject({
        userVariables: [],
        database: 'app',
        role: null,
        lastInsertId: null,
        temporaryTables: 0,
        userLocks: [],
        tableLocks: false,
        openHandlers: 0,
        preparedStatements: 0,
        unseen: [],
      });
      const greeted = ['character_set_client', 'character_set_results', 'collation_connection'];
      const own = contents.variables.filter(({ name, own }) => own && !greeted.includes(name));
      expect(own).toEqual([expect.objectContaining({ name: 'sql_mode' })]);
    });

    it('has the same variables, types, database, role and id after a restart', async () => {
      const client = await run(everything[flavour]);
      const before = await examine(client);
      const seen = await client.ask(question);
      await at.restart();
      const { client: again, failure, lost } = await putBack(before);
      expect({ failure, lost }).toEqual({ failure: null, lost: [] });
      expect(await again.ask(question)).toEqual(seen);
      const after = await examine(again);
      expect(sorted(after)).toEqual(sorted(before));
      expect(after.userVariables.length).toBeGreaterThan(10);
      expect(after.role).toContain('reading');
      expect(BigInt(after.lastInsertId ?? 0)).toBe(1n);
    });

    it.each(hostile[flavour])('is examined and put back although it set %s', async (sql) => {
      const client = await run(['set @a = 1.5, @`ñ` = 2', 'use `odd ``näme`', sql]);
      const before = await examine(client);
      expect(before.userVariables).toHaveLength(2);
      expect(before.database).toBe('odd `näme');
      // Nothing of it was changed by asking.
      const again = await examine(client);
      expect(sorted(again)).toEqual(sorted(before));
      const { client: other, failure, lost } = await putBack(before);
      expect({ failure, lost }).toEqual({ failure: null, lost: [] });
      expect(sorted(await examine(other))).toEqual(sorted(before));
      client.close();
      other.close();
    });

    it('keeps a clock that it stopped, and else has none', async () => {
      const client = await run(['set timestamp = 1000.5']);
      const { client: other, lost } = await putBack(await examine(client));
      expect(lost).toEqual([]);
      expect(await other.ask('select unix_timestamp(now(6)) + 0')).toEqual([['1000.500000']]);
      const goes = await examine(await run([]));
      expect(goes.variables.filter(({ name }) => name === 'timestamp')).toEqual([]);
    });

    it.runIf(flavour === 'mariadb')('goes on with its random numbers', async () => {
      const client = await run(['set rand_seed1 = 5, rand_seed2 = 77']);
      const { client: other, lost } = await putBack(await examine(client));
      expect(lost).toEqual([]);
      expect(await other.ask('select rand()')).toEqual(await client.ask('select rand()'));
    });

    it('keeps apart user variables whose names differ by an accent or a blank', async () => {
      const client = await run(["set @e = 'keep me', @`é` = 7, @`e ` = 1.5, @E1 = 3"]);
      const [seen] = await client.ask('select @e, @`é`, @`e `, @e1');
      const { client: other, failure, lost } = await putBack(await examine(client));
      expect({ failure, lost }).toEqual({ failure: null, lost: [] });
      expect(await other.ask('select @e, @`é`, @`e `, @e1')).toEqual([seen]);
    });

    it('shows its locks', async () => {
      const named = await examine(await run(["select get_lock('one', 0), get_lock('two', 0)"]));
      expect(named.userLocks.toSorted()).toEqual(['one', 'two']);
      expect(named.tableLocks).toBe(false);
      const reads = await run(['lock tables t read']);
      expect(await examine(reads)).toMatchObject({ tableLocks: true, userLocks: [] });
      await reads.ask('unlock tables');
      expect((await examine(reads)).tableLocks).toBe(false);
      const writes = await run(['lock tables t write']);
      expect((await examine(writes)).tableLocks).toBe(true);
      writes.close();
      const opened = await run(['handler t open']);
      expect(await examine(opened)).toMatchObject(
        flavour === 'mysql'
          ? { openHandlers: 1, tableLocks: false }
          : { openHandlers: 0, tableLocks: true },
      );
      opened.close();
    });

    it('is not taken to lock tables for an open transaction', async () => {
      const client = await run(['begin', 'insert into t (v) values (1)', 'select * from t']);
      expect((await examine(client)).tableLocks).toBe(false);
      await client.ask('rollback');
      const begun = await run(['set autocommit = 0', 'lock tables t read', 'select * from t']);
      expect((await examine(begun)).tableLocks).toBe(true);
      begun.close();
    });

    it('shows a global read lock, as one that locks tables', async () => {
      const before = await at.client({ ...at.server.admin });
      await before.ask('flush tables with read lock');
      expect((await examine(before)).tableLocks).toBe(true);
      before.close();
    });

    it('shows how many statements it prepared', async () => {
      const client = await run(["prepare p from 'select 1'"]);
      await client.prepare('select ? + 1');
      expect((await examine(client)).preparedStatements).toBe(2);
    });

    it('is known to have a temporary table', async () => {
      const seen = async (
        client: TestClient,
        names: string[],
        unsure = false,
      ): Promise<unknown> => {
        const contents = await examine(client, { names, unsure });
        return [contents.temporaryTables, contents.temporaryTablesGuessed];
      };
      for (const engine of ['InnoDB', 'MEMORY', 'MyISAM']) {
        const client = await run([`create temporary table passing (id int) engine = ${engine}`]);
        expect([engine, await seen(client, ['passing', 'nowhere.at_all'])]).toEqual([
          engine,
          [1, false],
        ]);
        await client.ask('drop temporary table passing');
        expect(await seen(client, ['passing', 't', '`t`', 'none'])).toEqual([0, false]);
        client.close();
      }
      const other = await run(['create temporary table `a ``b` (id int) engine = MEMORY']);
      expect(await seen(other, ['`a ``b`'])).toEqual([1, false]);
      await other.ask('alter table `a ``b` rename to c');
      expect(await seen(other, ['`a ``b`'], true)).toEqual([1, true]);
      expect(await seen(await run([]), [])).toEqual([0, false]);
    });

    it('is told what of it cannot be put back', async () => {
      const [packet] = await at.admin.ask('select @@global.max_allowed_packet');
      await at.admin.query(
        'set global max_allowed_packet = 33554432, global net_buffer_length = 8192',
      );
      const before = await examine(await at.client(app));
      await at.admin.query(`set global max_allowed_packet = ${packet?.[0]}`);
      await at.admin.query('set global net_buffer_length = 16384');
      await at.admin.disconnect();
      const { failure, lost } = await putBack(before);
      expect(failure).toBeNull();
      expect(lost.toSorted()).toEqual([
        expect.stringMatching(/^variable max_allowed_packet: .*read-only/),
        expect.stringMatching(/^variable net_buffer_length: .*read-only/),
      ]);
    });

    it('is given up where something essential cannot be put back', async () => {
      await at.admin.query('create database going');
      await at.admin.query("grant all privileges on going.* to 'app'@'%'");
      const before = await examine(await run(['use going']));
      await at.admin.query('drop database going');
      const { failure } = await putBack(before);
      expect(failure).toMatch(/^database: /);
    });

    it('loses its role where the published defect is asked for', async () => {
      const before = await examine(await run(['set role reading']));
      expect(before.role).toContain('reading');
      const { client } = await putBack(before, 'lost');
      expect((await examine(client)).role).toBeNull();
    });
  });
});

function sorted({ variables, userVariables, ...rest }: MysqlSessionContents): object {
  const byName = <T extends { name: string }>(items: readonly T[]): T[] =>
    items.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  // Whether a value is a session's own depends on the fresh one that it was compared with.
  const values = byName(variables).map(({ name, value }) => [name, value]);
  return { ...rest, values, userVariables: byName(userVariables) };
}

const common = [
  'insert into t (v) values (1), (2)',
  "set time_zone = '+02:00', sql_safe_updates = 1, group_concat_max_len = 2048",
  'set session transaction isolation level read committed, read only',
  'set @i = 5, @neg = -9223372036854775808, @u = 18446744073709551615, @flag = true',
  'set @d = 1.50, @dneg = -0.05, @dint = cast(7 as decimal(10, 0))',
  'set @dbig = 123456789012345678901234.5',
  'set @f = 1.5e0, @third = 1e0 / 3, @huge = 1e300, @tiny = -2.5e-300, @fint = 3e0',
  "set @s = 'héllo ☃', @e = '', @quote = 'it''s', @back = char(92 using utf8mb4)",
  "set @l = _latin1 X'e9', @coll = _utf8mb4 'a' collate utf8mb4_bin, @b = X'0001ff', @eb = X''",
  'set @n = null, @t = now(), @`we``ird ñ` = 3, @A1 = 1',
  'set innodb_lock_wait_timeout = 3, lock_wait_timeout = 4, wait_timeout = 500',
  'set role reading',
  'set autocommit = 0',
  'use `odd ``näme`',
];

const everything: Readonly<Record<Flavour, readonly string[]>> = {
  mysql: [
    ...common,
    'set role reading, writing',
    "set sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
    'set names latin1',
    'set max_execution_time = 30000',
  ],
  mariadb: [
    ...common,
    "set sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,EMPTY_STRING_IS_NULL'",
    'set names latin1',
    'set max_statement_time = 30',
  ],
};

/** What a client would see; in hexadecimal digits, whatever its character set is. */
const question = `select
  @i + 1, @neg, @u, @flag, @d, @dneg, @dint, @dbig, @f, @third, @huge, @tiny, @fint,
  @d / 3, @f / 3, @dint / 3, hex(@s), hex(@e), hex(@quote), hex(@back), hex(@l), collation(@coll),
  charset(@s), charset(@l), charset(@b), hex(@b), hex(@eb), @n is null, hex(@t), @A1,
  hex(current_role()), hex(database()), last_insert_id(), @@autocommit, @@time_zone`;

const hostile: Readonly<Record<Flavour, readonly string[]>> = {
  mysql: [
    'set sql_select_limit = 0',
    'set character_set_results = utf16',
    'set character_set_results = null',
    'set max_execution_time = 1',
    'set names gbk',
    "set sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,HIGH_NOT_PRECEDENCE'",
    "set sql_mode = ''",
    'set session transaction read only',
    'set autocommit = 0',
    'set completion_type = 2',
    'set session_track_state_change = on, session_track_schema = on',
  ],
  mariadb: [
    'set sql_select_limit = 0',
    'set character_set_results = utf16',
    'set character_set_results = null',
    'set max_statement_time = 0.000001',
    'set names gbk',
    'set sql_mode = oracle',
    "set sql_mode = 'EMPTY_STRING_IS_NULL,ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
    "set sql_mode = ''",
    'set session transaction read only',
    'set autocommit = 0',
    'set completion_type = 2',
    'set session_track_state_change = on, session_track_schema = on',
  ],
};
