import { describe, expect, it } from 'vitest';
import { mysqlEffect, type PinReason, postgresPin } from '../../sim/pooling/pinning.js';
import { plainStatements } from '../../sim/pooling/plain-sql.js';

describe('what pins a session of Postgres', () => {
  it.each<[string, PinReason]>([
    ['SET search_path TO x', 'SET'],
    ['  set local work_mem = 1', 'SET'],
    ['/* a */ SET x.y = 1', 'SET'],
    ['RESET ALL', 'SET'],
    ["select set_config('a.b', '1', true)", 'SET'],
    ['begin; set x.y = 1', 'SET'],
    ['PREPARE p AS SELECT 1', 'prepared statement'],
    ['EXECUTE p', 'prepared statement'],
    ['DEALLOCATE p', 'prepared statement'],
    ['DISCARD ALL', 'DISCARD'],
    ['CREATE TEMP TABLE t (a int)', 'temporary object'],
    ['create  temporary\nsequence s', 'temporary object'],
    ['CREATE OR REPLACE TEMP VIEW v AS SELECT 1', 'temporary object'],
    ['select 1 into temp t', 'temporary object'],
    ['DECLARE c CURSOR FOR SELECT 1', 'cursor'],
    ['LISTEN a', 'LISTEN'],
    ["LOAD 'auto_explain'", 'LOAD'],
    ["select nextval('s')", 'sequence function'],
    ["select pg_catalog.setval ('s', 1)", 'sequence function'],
    ['select pg_advisory_lock(1)', 'advisory lock'],
    ['select pg_try_advisory_lock_shared(1)', 'advisory lock'],
  ])('%s', (sql, reason) => {
    expect(postgresPin(sql)).toBe(reason);
  });

  it.each([
    'SELECT 1',
    "select 'set x = 1; listen a'",
    "insert into t values ('nextval(')",
    'update t set a = 1',
    'select $$ set x = 1; listen a $$',
    '-- listen a\nselect 1',
    'select "listen a" from t',
    "select E'\\'; listen a'",
    'select pg_advisory_xact_lock(1)',
    "PREPARE TRANSACTION 'x'",
    'BEGIN',
    'create table templates (a int)',
  ])('not %s', (sql) => {
    expect(postgresPin(sql)).toBeUndefined();
  });
});

describe('what pins a session of MySQL', () => {
  it.each<[string, PinReason]>([
    ['LOCK TABLES t READ', 'table lock'],
    ['FLUSH TABLES WITH READ LOCK', 'table lock'],
    ["SELECT GET_LOCK('a', 1)", 'GET_LOCK'],
    ['CREATE TEMPORARY TABLE t (a int)', 'temporary object'],
    ["PREPARE p FROM 'select 1'", 'prepared statement'],
    ['SET @a = 1', 'user variable'],
    ['SELECT @a := 1', 'user variable'],
    ['SELECT 1 INTO @a', 'user variable'],
    ['SET sort_buffer_size = 100000', 'system variable'],
    ['SET SESSION max_execution_time = 1', 'system variable'],
    ["SET sql_mode = '', @@session.sort_buffer_size = 1", 'system variable'],
    ['SET TRANSACTION READ ONLY', 'system variable'],
    ['SELECT FOUND_ROWS()', 'ROW_COUNT, FOUND_ROWS or LAST_INSERT_ID'],
    ['SELECT LAST_INSERT_ID()', 'ROW_COUNT, FOUND_ROWS or LAST_INSERT_ID'],
    ['SELECT /*!40001 SQL_NO_CACHE */ 1', 'executable comment'],
    ['SET NAMES utf8mb4; SELECT 1', 'system variable'],
  ])('%s', (sql, reason) => {
    expect(mysqlEffect(sql).pin).toBe(reason);
  });

  it.each<[string, string]>([
    ['SET NAMES utf8mb4', 'names'],
    ['SET CHARACTER SET latin1', 'charset'],
    ['set autocommit=0', 'autocommit'],
    ["SET time_zone = '+00:00', sql_mode = CONCAT('A', ',', 'B')", 'time_zone,sql_mode'],
    ['SET @@session.sql_mode = ANSI', 'sql_mode'],
    ['SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', 'transaction_isolation'],
  ])('is tracked in its place: %s', (sql, names) => {
    expect(mysqlEffect(sql)).toEqual({
      pin: undefined,
      tracked: [{ names, sql }],
      database: undefined,
    });
  });

  it.each([
    'SELECT 1',
    "SELECT 'GET_LOCK(' -- set @a = 1",
    'SET GLOBAL max_connections = 10',
    'SELECT `set @a = 1` FROM t # lock tables t read',
    'UPDATE t SET a = 1',
    'BEGIN',
  ])('nothing comes of %s', (sql) => {
    expect(mysqlEffect(sql)).toEqual({ pin: undefined, tracked: [], database: undefined });
  });

  it.each([
    ['USE Shop', 'Shop'],
    ['use `a``b`;', 'a`b'],
  ])('follows %s', (sql, database) => {
    expect(mysqlEffect(sql).database).toBe(database);
  });
});

describe('plain statements', () => {
  it('ends with what is never closed', () => {
    for (const sql of ["select 'a", 'select "a', 'select /* a', 'select $a$ b', 'select `a'])
      expect(plainStatements(sql, 'mysql').length).toBeGreaterThan(0);
  });
});
