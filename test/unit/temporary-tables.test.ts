import { describe, expect, it } from 'vitest';
import { TemporaryTableWatch } from '../../sim/engine/mysql/temporary-tables.js';

function seen(...statements: string[]): [names: readonly string[], unsure: boolean] {
  const watch = new TemporaryTableWatch();
  for (const sql of statements) watch.statement(Buffer.from(sql));
  return [watch.names, watch.unsure];
}

describe('TemporaryTableWatch', () => {
  it.each([
    ['create temporary table t (a int) engine = memory', ['t']],
    ['CREATE OR REPLACE TEMPORARY TABLE IF NOT EXISTS `a ``b` (a int)', ['`a ``b`']],
    ['select 1; create /* why */ temporary -- so\n table db . `t` select 1', ['db . `t`']],
    ['create /*!32302 temporary */ table t (a int)', ['t']],
    [`prepare s from 'create temporary table t (a int)'`, ['t']],
    ['create procedure p() begin create temporary table made (a int); end', ['made']],
    ['create temporary table één (a int)', ['één']],
    ['create temporary sequence s', ['s']],
    [`select 'how to create temporary tables'`, []],
    ['create table temporary_things (a int)', []],
  ])('finds the names in %s', (sql, names) => {
    expect(seen(sql)).toEqual([names, false]);
  });

  it('knows when it does not know the name', () => {
    expect(seen(`set @s = concat('create temporary table ', @n)`)).toEqual([[], true]);
    const made = 'create temporary table t (a int)';
    expect(seen(made, 'alter table t rename to u')).toEqual([['t'], true]);
    expect(seen(made, 'use other')).toEqual([['t'], true]);
    expect(seen('use other', made, `select 'use of it'`)).toEqual([['t'], false]);
  });

  it('takes its time with no text, however it is made', () => {
    const began = process.cpuUsage().user;
    for (const piece of ['create/*', 'create /*!1*/', 'create /**/', 'create temporary table `'])
      seen('temporary '.concat(piece.repeat(65_536 / piece.length)));
    expect((process.cpuUsage().user - began) / 1000).toBeLessThan(2_000);
  });
});
