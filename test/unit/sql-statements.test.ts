import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prepareStatement, splitStatements } from '../../sim/engine/postgres/sql-statements.js';

describe('splitStatements', () => {
  it.each([
    ['select 1', ['select 1']],
    ['select 1; select 2;', ['select 1', ' select 2']],
    [';; -- nothing\n; /* ; */', []],
    [`select ';', E'\\';', "a;b"; x`, [`select ';', E'\\';', "a;b"`, ' x']],
    ['select $$;$$, $tag$ ; $$ $tag$; y', ['select $$;$$, $tag$ ; $$ $tag$', ' y']],
    ['/* a /* ; */ ; */ select 1 -- ; \n; z', ['/* a /* ; */ ; */ select 1 -- ; \n', ' z']],
    [`select 'it''s;' , a$b$c ; w`, [`select 'it''s;' , a$b$c `, ' w']],
    ["select date'2020-01-01;'; v", ["select date'2020-01-01;'", ' v']],
  ])('%s', (sql, wanted) => {
    expect(splitStatements(sql)).toEqual(wanted);
  });

  it('loses nothing but semicolons, whatever the text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-e$'";\-*/\s\\]{0,60}$/), (sql) => {
        const kept = splitStatements(sql).join('').length;
        expect(kept).toBeLessThanOrEqual(sql.length);
      }),
    );
  });
});

describe('prepareStatement', () => {
  it('finds the one PREPARE of the name and nothing else of the Query', () => {
    const sql = `insert into t values (1); /* why */ prepare p (int) as select ';' || $1; x`;
    expect(prepareStatement(sql, 'p')).toBe("prepare p (int) as select ';' || $1");
    expect(prepareStatement('PREPARE "My;P" AS select 1', 'My;P')).toBe(
      'PREPARE "My;P" AS select 1',
    );
    expect(prepareStatement('prepare ABC as select 1 -- app:web', 'abc')).toContain('-- app:web');
    expect(prepareStatement('prepare a as select 1; prepare b as select 2', 'b')).toBe(
      'prepare b as select 2',
    );
  });

  it('finds none where there is none', () => {
    expect(prepareStatement('do $$ begin execute $q$prepare p as select 1$q$; end $$', 'p')).toBe(
      undefined,
    );
    expect(prepareStatement('select 1', 'p')).toBe(undefined);
  });
});
