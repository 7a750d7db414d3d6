import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  mayNameAurora,
  withoutAuroraNames,
} from '../../sim/cluster/topology/aurora-mysql-names.js';
import { unansweredIn } from '../../sim/cluster/topology/unanswered.js';

const known = {
  identifier: 'demo-instance-2',
  version: '3.05.2',
  members: [
    { identifier: 'demo-instance-1', isWriter: true },
    { identifier: 'demo-instance-2', isWriter: false },
  ],
};
const said = (sql: string): string | null => withoutAuroraNames(sql, known);

describe('what only Aurora could answer', () => {
  it.each([
    ['select * from aurora_global_db_instance_status()', ['aurora_global_db_instance_status']],
    ['select @@global.aurora_lab_mode', ['aurora_lab_mode']],
    ['select aurora_version(), aurora_replica_status()', []],
    ["select aurora_inject_crash('instance')", []],
    ["select 'aurora_x()' -- aurora_y()", []],
    ['select aurora_column from t', []],
  ])('%s', (sql, names) => {
    expect(unansweredIn(sql)).toEqual(names);
  });
});

describe('a statement that names what only Aurora has', () => {
  it.each([
    ['SELECT @@aurora_server_id', "SELECT 'demo-instance-2' as `@@aurora_server_id`"],
    ['select @@global.aurora_version as v', "select '3.05.2' as v"],
    ['SELECT AURORA_VERSION()', "SELECT '3.05.2' as `AURORA_VERSION()`"],
    ["select '@@aurora_server_id', @@aurora_version x", "select '@@aurora_server_id', '3.05.2' x"],
    [
      "SHOW VARIABLES LIKE 'aurora\\_version'",
      "select 'aurora_version' as Variable_name, '3.05.2' as Value",
    ],
  ])('%s', (sql, wanted) => {
    expect(said(sql)).toBe(wanted);
    expect(mayNameAurora(Buffer.from(sql))).toBe(true);
  });

  it('has a table of members in its place, under the name that was given to it or its own', () => {
    const table = said('select 1 from information_schema.replica_host_status where 1');
    expect(table).toMatch(/^select 1 from \(select .*\) as replica_host_status where 1$/);
    expect(table).toContain("'demo-instance-1' as SERVER_ID, 'MASTER_SESSION_ID' as SESSION_ID");
    expect(said('select 1 from `information_schema`.`replica_host_status` r')).toMatch(/\) r$/);
    expect(said('select 1 from information_schema.REPLICA_HOST_STATUS')).toMatch(
      /\) as replica_host_status$/,
    );
  });

  it.each([
    'select 1',
    "select 'information_schema.replica_host_status'",
    '/* @@aurora_server_id */ select 1',
    'select aurora_version from t',
    'select information_schema.replica_host_status.server_id',
  ])('is left alone where it names nothing: %s', (sql) => {
    expect(said(sql)).toBeNull();
  });

  it('is never upset by a text, and changes nothing without a trace of a name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (sql) => {
        if (!mayNameAurora(Buffer.from(sql))) expect(said(sql)).toBeNull();
      }),
    );
  });
});
