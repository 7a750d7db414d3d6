import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../sim/engine/ask.js';
import { readVersion } from '../../sim/engine/flavours.js';
import { type Account, accountFor, readPrivileges } from '../../sim/engine/mysql/accounts.js';
import { type BeforePatch, checksAfter, checksBefore } from '../../sim/engine/mysql/checks.js';
import type { MysqlSessionContents } from '../../sim/engine/mysql/examine.js';
import { lostGlobals } from '../../sim/engine/mysql/globals.js';
import {
  ascii,
  fromHex,
  grantedDatabase,
  identifier,
  literal,
  text,
} from '../../sim/engine/mysql/quoting.js';
import { restoreSteps, runRestoration } from '../../sim/engine/mysql/restore.js';
import {
  assignment,
  carriedVariables,
  variablesToSet,
} from '../../sim/engine/mysql/session-variables.js';
import { definesData } from '../../sim/engine/mysql/statement-kind.js';

describe('the version a server tells', () => {
  it.each([
    ['8.0.36', 'MySQL Community Server - GPL', '8.0.36', 'mysql'],
    ['9.7.4-2', '(Debian)', '9.7.4', 'mysql'],
    ['10.11.19-MariaDB-0+deb12u1', 'Debian 12', '10.11.19', 'mariadb'],
    ['11.8.2', 'mariadb.org binary distribution', '11.8.2', 'mariadb'],
    ['nonsense', '', 'nonsense', 'mysql'],
  ])('%s', (version, comment, short, flavour) => {
    expect(readVersion(version, comment)).toMatchObject({ version: short, flavour });
  });
});

it('is told with the words of its builder', () => {
  expect(readVersion('9.7.4-2', '(Debian)').versionText).toBe('9.7.4-2 (Debian)');
  expect(readVersion('8.0.36', '').versionText).toBe('8.0.36');
  const asking = 'MariaDB Server -- Please help get to 10k stars at https://example.com/';
  expect(readVersion('11.8.6-MariaDB', asking).versionText).toBe('11.8.6-MariaDB (MariaDB Server)');
});

describe('quoting', () => {
  it('brings every text back from digits, also written in UTF-16 or UTF-32', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const hex = /X'([^']*)'/.exec(text(value))?.[1] ?? '';
        expect(fromHex(hex)).toBe(value);
        expect(fromHex(hex.replaceAll(/./g, '\0$&'))).toBe(value);
        expect(fromHex(hex.replaceAll(/./g, '\0\0\0$&'))).toBe(value);
      }),
    );
  });

  it('lets nothing out of its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("'", '`', '\\', 'a', '_', '%') }), (value) => {
        // What is left when everything that is written double is taken away.
        expect(literal(value).replaceAll(/''|\\\\/g, '')).toMatch(/^(?:'[^'\\]*')?$/);
        expect(identifier(value).slice(1, -1).replaceAll('``', '')).not.toContain('`');
      }),
    );
  });

  it('names one database in GRANT, not a pattern', () => {
    expect(grantedDatabase('my_app%')).toBe('`my\\_app\\%`');
    expect(ascii('1\0')).toBe('1');
  });
});

describe('the account that a server would choose', () => {
  const accounts = (...hosts: string[]): Account[] =>
    hosts.map((host) => ({ host, plugin: 'p', authenticationString: host }));
  const loopback = ['127.0.0.1', 'localhost'];

  it.each([
    [['%', '127.0.0.1'], '127.0.0.1'],
    [['%', 'localhost'], 'localhost'],
    [['localhost', '127.0.0.1'], '127.0.0.1'],
    [['%', '127.%'], '127.%'],
    [['127.%', '127.0.0._', '%.1'], '127.0.0._'],
    [['127.0.0.%', '127.0.0.0/255.255.255.0'], '127.0.0.0/255.255.255.0'],
    [['127.0.0.0/8', '%'], '127.0.0.0/8'],
    [['', '%'], '%'],
    [[''], ''],
    [['LOCALHOST'], 'LOCALHOST'],
    [['10.0.0.0/8', '10.%', 'example.com', '::1', '127.0.0.0/99', '1.2.3/8'], undefined],
    [['127_0_0_1x', '127.0.0'], undefined],
  ])('among %j is %s', (hosts, chosen) => {
    expect(accountFor(accounts(...hosts), loopback)?.host).toBe(chosen);
  });

  it('reads the ways in that MariaDB keeps', () => {
    const password = { plugin: 'mysql_native_password', authentication_string: '*A' };
    const read = (value: unknown): unknown => readPrivileges(JSON.stringify(value));
    const expected = { plugin: 'mysql_native_password', authenticationString: '*A' };
    expect(read({ access: 1, ...password })).toEqual(expected);
    expect(read({ plugin: 'unix_socket', auth_or: [{}, password] })).toEqual(expected);
    expect(read({ plugin: 'ed25519', authentication_string: 'x' })).toMatchObject({
      plugin: 'ed25519',
    });
    expect(read({ access: 1 })).toMatchObject({ authenticationString: '' });
    expect(read({ is_role: true })).toBeNull();
    expect(read({ ...password, ssl_type: 0 })).toEqual(expected);
    expect(read({ ...password, ssl_type: 1 })).toEqual({ ...expected, needsTls: true });
    expect(readPrivileges('not json')).toMatchObject({ authenticationString: '' });
  });
});

describe('data definition', () => {
  it.each([
    'alter table t add column a int',
    ' \n/* why */ -- then\n CREATE TABLE t (a int)',
    '# note\ndrop index i on t',
    '/*!50001 CREATE VIEW v AS SELECT 1 */',
    '/*M!100100 alter table t force */',
    'truncate t',
    'rename table a to b',
    'OPTIMIZE NO_WRITE_TO_BINLOG TABLE t',
    'create or replace table t (a int)',
    'set statement max_statement_time = 1 for alter table t force',
    '(create table t (a int))',
  ])('is %j', (sql) => {
    expect(definesData(sql)).toBe(true);
  });

  it.each([
    'select 1 /* create table */',
    "insert into t values ('create table')",
    'create user u',
    'create or replace user u',
    'drop role r',
    'rename user a to b',
    'drop prepare p',
    'analyze select 1',
    'creature',
    '-- alter table',
    '',
  ])('is not %j', (sql) => {
    expect(definesData(sql)).toBe(false);
  });

  it('is looked for in any text without an end of time', () => {
    fc.assert(
      fc.property(fc.string(), (sql) => {
        expect(typeof definesData(sql)).toBe('boolean');
      }),
    );
  });
});

const fresh = new Map([
  ['autocommit', 'ON'],
  ['sql_mode', 'A'],
  ['max_execution_time', '0'],
  ['group_concat_max_len', '1024'],
  ['character_set_results', 'utf8mb4'],
]);

describe('variables of a session', () => {
  it('are told apart from a fresh session, without those of one connection', () => {
    const carried = carriedVariables(
      [
        ['AUTOCOMMIT', 'OFF'],
        ['group_concat_max_len', '1024'],
        ['pseudo_thread_id', '7'],
        ['tx_isolation', 'READ-COMMITTED'],
        ['storage_engine', 'InnoDB'],
        ['default_storage_engine', 'InnoDB'],
      ],
      fresh,
    );
    expect(carried).toEqual([
      { name: 'autocommit', value: 'OFF', own: true },
      { name: 'group_concat_max_len', value: '1024', own: false },
      { name: 'tx_isolation', value: 'READ-COMMITTED', own: true },
      { name: 'default_storage_engine', value: 'InnoDB', own: true },
    ]);
  });

  it('are set where they differ there, and last those that change the way of setting', () => {
    const { early, late } = variablesToSet(
      [
        { name: 'max_execution_time', value: '1', own: true },
        { name: 'sql_mode', value: 'A', own: false },
        { name: 'autocommit', value: 'OFF', own: true },
        { name: 'group_concat_max_len', value: '1024', own: true },
        { name: 'gone_and_set', value: '1', own: true },
        { name: 'gone', value: '1', own: false },
      ],
      fresh,
    );
    expect(early.map(({ name }) => name)).toEqual(['gone_and_set']);
    expect(late.map(({ name }) => name)).toEqual(['autocommit', 'sql_mode', 'max_execution_time']);
  });

  it.each([
    ['sql_mode', '', '0'],
    ['character_set_results', '', 'NULL'],
    ['init', '', "''"],
    ['time_zone', '+02:00', "'+02:00'"],
    ['wait_timeout', '28800', '28800'],
    ['long_query_time', '10.000000', '10.000000'],
    ['system_versioning_asof', 'DEFAULT', 'DEFAULT'],
    ['path', "a'b\\c", "'a''b\\\\c'"],
  ])('%s = %j is written as %s', (name, value, sql) => {
    expect(assignment({ name, value, own: true })).toBe(`@@SESSION.\`${name}\` = ${sql}`);
  });
});

describe('putting a session back', () => {
  const nothing: MysqlSessionContents = {
    variables: [],
    userVariables: [],
    database: null,
    role: null,
    lastInsertId: null,
    temporaryTables: 0,
    temporaryTablesGuessed: false,
    userLocks: [],
    tableLocks: false,
    openHandlers: 0,
    preparedXa: false,
    preparedStatements: 0,
    unseen: [],
  };
  const choices = { fresh, lastInsertId: 'survive', role: 'survive' } as const;
  const own = (name: string, value: string) => ({ name, value, own: true });

  /** A server that refuses statements with one of these words in them. */
  function server(refused: readonly string[]) {
    const asked: string[] = [];
    const ask = async (sql: string): Promise<[]> => {
      asked.push(sql);
      if (refused.some((word) => sql.includes(word)))
        throw new EngineError(1238, 'HY000', `no ${sql}`);
      return [];
    };
    return { asked, ask };
  }

  it('says its statements in order', () => {
    const { steps, lost } = restoreSteps(
      {
        ...nothing,
        variables: [own('autocommit', 'OFF'), own('group_concat_max_len', '9')],
        userVariables: [
          { name: 'a`b', sql: 'NULL' },
          { name: 'long', sql: null },
        ],
        database: 'shop',
        role: '`r`@`%`',
        lastInsertId: '18446744073709551615',
      },
      choices,
    );
    expect(lost).toEqual(['user variable @long: not told']);
    expect(steps.slice(1).map(({ sql }) => sql)).toEqual([
      'USE `shop`',
      'SET ROLE `r`@`%`',
      'SET @`a``b` = NULL',
      'SELECT LAST_INSERT_ID(18446744073709551615)',
      'SET @@SESSION.`group_concat_max_len` = 9',
      "SET @@SESSION.`autocommit` = 'OFF'",
    ]);
  });

  it('leaves out what does not survive', () => {
    const contents = { ...nothing, role: '`r`@`%`', lastInsertId: '5' };
    const { steps } = restoreSteps(contents, { fresh, lastInsertId: 'lost', role: 'lost' });
    expect(steps.slice(1).map(({ sql }) => sql)).toEqual(['SET ROLE NONE']);
  });

  it('finds the one of many that is refused, and tells it as a loss', async () => {
    const { steps } = restoreSteps(
      { ...nothing, variables: [own('a', '1'), own('b', '2'), own('c', '3')] },
      choices,
    );
    const { ask, asked } = server(['`b`']);
    expect(await runRestoration(ask, steps)).toEqual({
      failure: null,
      lost: ['variable b: no SET @@SESSION.`b` = 2'],
    });
    expect(asked.at(-1)).toBe('SET @@SESSION.`c` = 3');
  });

  it('stops at something essential', async () => {
    const { steps } = restoreSteps(
      { ...nothing, variables: [own('autocommit', 'OFF'), own('max_execution_time', '1')] },
      choices,
    );
    const { ask, asked } = server(['autocommit']);
    const { failure } = await runRestoration(ask, steps);
    expect(failure).toMatch(/^variable autocommit: no /);
    expect(asked.at(-1)).toContain('autocommit');
  });

  it('passes on that the connection is gone', async () => {
    const { steps } = restoreSteps(nothing, choices);
    const gone = async (): Promise<[]> => {
      throw new Error('gone');
    };
    await expect(runRestoration(gone, steps)).rejects.toThrow('gone');
  });

  it('sends no statement that is too long for a server', () => {
    const sql = `_utf8mb4 X'${'61'.repeat(300_000)}'`;
    const userVariables = ['a', 'b', 'c', 'd'].map((name) => ({ name, sql }));
    const { steps } = restoreSteps({ ...nothing, userVariables }, choices);
    expect(steps.filter(({ sql: one }) => one.startsWith('SET @`'))).toHaveLength(4);
  });
});

describe('checks', () => {
  const quiet: BeforePatch = {
    threadsRunning: 0,
    queriesPerSecond: 3,
    oldestTransactionMs: null,
    oldestQueryMs: null,
    temporaryTables: 0,
    userLocks: 0,
    sessionsLockingTables: 0,
    lockingByDefinition: 0,
    pendingParameters: [],
  };
  const limits = { queriesPerSecondMax: 100, longRunningMs: 1_000 };
  const states = (seen: BeforePatch): Record<string, string> =>
    Object.fromEntries(checksBefore(seen, limits).map(({ name, state }) => [name, state]));

  it('are all well on a quiet server', () => {
    expect(new Set(Object.values(states(quiet)))).toEqual(new Set(['ok']));
  });

  it.each<[string, Partial<BeforePatch>, string]>([
    ['low traffic', { queriesPerSecond: 101 }, 'warning'],
    ['no long queries', { oldestQueryMs: 1_000 }, 'warning'],
    ['no long queries', { oldestQueryMs: 999 }, 'ok'],
    ['no long transactions', { oldestTransactionMs: 5_000 }, 'warning'],
    ['no temporary tables', { temporaryTables: 1 }, 'warning'],
    ['no temporary tables', { temporaryTables: null }, 'warning'],
    ['no user locks', { userLocks: 2 }, 'warning'],
    ['no table locks', { sessionsLockingTables: 1 }, 'warning'],
    ['no pending parameters', { pendingParameters: ['a'] }, 'blocked'],
  ])('%s with %j is %s', (name, change, state) => {
    const others = { ...states({ ...quiet, ...change }) };
    expect(others[name]).toBe(state);
    delete others[name];
    expect(new Set(Object.values(others))).toEqual(new Set(['ok']));
  });

  it('tell how many sessions lock tables by data definition, which are dropped as that', () => {
    const seen = { ...quiet, sessionsLockingTables: 2, lockingByDefinition: 1 };
    const locks = checksBefore(seen, limits).find(({ name }) => name === 'no table locks');
    expect(locks?.detail).toBe('2 table-locking sessions, 1 by running data definition');
  });

  it('tell afterwards what version it is and what globals are to be set again', () => {
    const before = new Map([
      ['max_connections', '77'],
      ['long_query_time', '5'],
      ['gone', '1'],
    ]);
    const after = new Map([
      ['max_connections', '151'],
      ['long_query_time', '5'],
    ]);
    const lost = lostGlobals(before, after);
    const version = readVersion('8.0.36', '');
    const [first, second] = checksAfter({ version, wantedVersion: '8.0.36', lostGlobals: lost });
    expect(first).toMatchObject({ name: 'version after', state: 'ok' });
    expect(second).toEqual({
      name: 'globals re-initialised after',
      state: 'warning',
      detail: 'set them again: max_connections 77 -> 151, gone (was 1; unknown now)',
    });
    const wrong = checksAfter({ version, wantedVersion: '8.0.3', lostGlobals: [] });
    expect(wrong.map(({ state }) => state)).toEqual(['warning', 'ok']);
  });
});
