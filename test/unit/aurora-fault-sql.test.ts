import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAlterSystem, readFunctionCall } from '../../sim/cluster/faults/aurora-sql.js';

const simulate = 'ALTER SYSTEM SIMULATE';

describe('the fault SQL of Aurora MySQL', () => {
  it.each([
    ['ALTER SYSTEM CRASH', { kind: 'crash', of: 'instance' }],
    ['alter system crash dispatcher;', { kind: 'crash', of: 'dispatcher' }],
    ['  ALTER\nSYSTEM CRASH NODE ; ', { kind: 'crash', of: 'node' }],
    [
      `${simulate} 50 PERCENT READ REPLICA FAILURE TO "demo-instance-2" FOR INTERVAL 5 SECOND`,
      { kind: 'replica-failure', share: 0.5, durationMs: 5_000, replica: 'demo-instance-2' },
    ],
    [
      'ALTER SYSTEM SIMULATE 100 PERCENT READ REPLICA FAILURE TO ALL FOR INTERVAL 2 MINUTE;',
      { kind: 'replica-failure', share: 1, durationMs: 120_000, replica: null },
    ],
    [
      'alter system simulate 75 percent disk failure in disk 3 for interval 1 hour',
      { kind: 'disk-failure', share: 0.75, durationMs: 3_600_000 },
    ],
    [
      `${simulate} 10 PERCENT DISK CONGESTION BETWEEN 5 AND 40 MILLISECONDS IN NODE 1
         FOR INTERVAL 20 SECOND`,
      { kind: 'disk-congestion', share: 0.1, durationMs: 20_000, minMs: 5, maxMs: 40 },
    ],
    [
      'ALTER SYSTEM SIMULATE 10 PERCENT DISK FAILURE FOR INTERVAL 1 YEAR',
      { kind: 'disk-failure', share: 0.1, durationMs: 7 * 86_400_000 },
    ],
  ])('reads %s', (sql, fault) => {
    expect(readAlterSystem(sql)).toEqual(fault);
  });

  it.each([
    'ALTER SYSTEM',
    'ALTER SYSTEM CRASH EVERYTHING',
    'ALTER SYSTEM CRASH; DROP TABLE t',
    'ALTER SYSTEM SIMULATE 101 PERCENT DISK FAILURE FOR INTERVAL 1 SECOND',
    'ALTER SYSTEM SIMULATE 50 PERCENT DISK FAILURE FOR INTERVAL 1 FORTNIGHT',
    `${simulate} 50 PERCENT DISK CONGESTION BETWEEN 9 AND 1 MILLISECONDS FOR INTERVAL 1 DAY`,
    'ALTER TABLE t ADD n int',
  ])('leaves %s to the server', (sql) => {
    expect(readAlterSystem(sql)).toBeUndefined();
  });
});

describe('the fault functions of Aurora PostgreSQL', () => {
  it.each([
    ["SELECT aurora_inject_crash('instance')", { kind: 'crash', of: 'instance' }],
    ["select * from aurora_inject_crash ( 'NODE' );", { kind: 'crash', of: 'node' }],
    [
      "SELECT aurora_inject_replica_failure(100, 10, '')",
      { kind: 'replica-failure', share: 1, durationMs: 10_000, replica: null },
    ],
    [
      "SELECT aurora_inject_replica_failure(25.5, 1, 'demo-instance-3'::text)",
      { kind: 'replica-failure', share: 0.255, durationMs: 1_000, replica: 'demo-instance-3' },
    ],
    [
      'SELECT aurora_inject_disk_failure(75, 0, true, 60)',
      { kind: 'disk-failure', share: 0.75, durationMs: 60_000 },
    ],
    [
      'SELECT aurora_inject_disk_congestion(75, 0, false, 20, 10, 100)',
      { kind: 'disk-congestion', share: 0.75, durationMs: 20_000, minMs: 10, maxMs: 100 },
    ],
  ])('reads %s', (sql, fault) => {
    expect(readFunctionCall(sql)).toEqual(fault);
  });

  it.each([
    'SELECT aurora_inject_crash($1)',
    "SELECT aurora_inject_crash('cluster')",
    'SELECT aurora_inject_disk_failure(75, 0, true)',
    "SELECT aurora_inject_replica_failure(-1, 10, '')",
    "SELECT 'aurora_inject_crash(1)'",
    "SELECT aurora_inject_crash('instance') FROM t",
  ])('leaves %s to the server', (sql) => {
    expect(readFunctionCall(sql)).toBeUndefined();
  });
});

it('reads whatever comes without throwing', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), (text) => {
      for (const sql of [text, `ALTER SYSTEM SIMULATE ${text}`, `SELECT aurora_inject_${text}`]) {
        readAlterSystem(sql);
        readFunctionCall(sql);
      }
    }),
  );
});
