/** What differs between two databases, from what was read of them. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { compareSides } from '../../sim/database/compare/compare.js';
import {
  type AspectComparison,
  Findings,
  listedMax,
} from '../../sim/database/compare/comparison.js';
import { compareCounters } from '../../sim/database/compare/counters.js';
import { compareItems } from '../../sim/database/compare/items.js';
import { type Side, surveyOf } from '../../sim/database/compare/side.js';
import { checksOf, comparedText } from '../../sim/database/compare/told.js';
import { countedRowsMax, wayOf, wholeRowsMax } from '../../sim/database/compare/way.js';
import { EngineError } from '../../sim/engine/ask.js';
import type { Counter, Item, TableRead, TableShape } from '../../sim/engine/comparable.js';
import type { MysqlAdmin } from '../../sim/engine/mysql/admin.js';
import { evenly, grantText, userItems } from '../../sim/engine/mysql/comparable/items.js';
import { countOf, lastNumber } from '../../sim/engine/mysql/written-since.js';
import { countAlone } from '../../sim/engine/postgres/rows-alone.js';
import { givenTwice } from '../../sim/operations/self-managed-switch/numbers.js';
import { rowsText } from '../../sim/operations/self-managed-switch/stranded.js';

const item = (name: string, said: string, more: Partial<Item> = {}): Item => ({
  ...{ aspect: 'schema', name, said },
  ...more,
});

function itemsCompared(from: readonly Item[], to: readonly Item[], toSeries = '17') {
  const findings = new Findings('schema');
  const sides = [
    { name: 'blue', series: '17', items: from },
    { name: 'green', series: toSeries, items: to },
  ] as const;
  compareItems(...sides, findings);
  return findings.found;
}

describe('things by their names', () => {
  it('are missing, more, or another', () => {
    const { compared, differences } = itemsCompared(
      [item('a', '1'), item('b', '1'), item('c', 'x  y'), item('d', 'hash', { isHidden: true })],
      [item('a', '1'), item('c', 'z'), item('d', 'other', { isHidden: true }), item('e', '1')],
    );
    expect(compared).toBe(5);
    expect(differences).toEqual([
      'b is not in green',
      'c: "x y" in blue, "z" in green',
      'd is another in green',
      'e is in green alone',
    ]);
  });

  it('that versions write otherwise count by their being there', () => {
    const [blue, green] = [
      item('v', '1', { byVersion: true }),
      item('v', '2', { byVersion: true }),
    ];
    expect(itemsCompared([blue], [green]).differences).toHaveLength(1);
    const { differences, remarks } = itemsCompared([blue], [green], '18');
    expect(differences).toEqual([]);
    expect(remarks[0]).toMatch(/^1 definitions are written otherwise by 18 than by 17/);
    expect(itemsCompared([blue], [], '18').differences).toEqual(['v is not in green']);
  });

  it('are named up to a number, and counted beyond', () => {
    const many = Array.from({ length: listedMax + 3 }, (_, index) => item(`t${index}`, ''));
    const { differences, differencesMore } = itemsCompared(many, []);
    expect(differences).toHaveLength(listedMax);
    expect(differencesMore).toBe(3);
  });
});

describe('counters', () => {
  const counter = (next: bigint, more: Partial<Counter> = {}): Counter => ({
    ...{ what: 'sequence', name: 's', next, isUp: true, used: null },
    ...more,
  });
  const found = (from: readonly Counter[], to: readonly Counter[]): AspectComparison => {
    const findings = new Findings('counters');
    compareCounters({ name: 'blue', counters: from }, { name: 'green', counters: to }, findings);
    return findings.found;
  };

  it('may be ahead, and not behind', () => {
    expect(found([counter(5n)], [counter(9n)]).differences).toEqual([]);
    expect(found([counter(5n)], [counter(9n)]).remarks).toHaveLength(1);
    expect(found([counter(5n)], [counter(4n)]).differences).toEqual([
      'sequence s goes on at 4 in green, behind the 5 in blue',
    ]);
    const down = { isUp: false };
    expect(found([counter(-5n, down)], [counter(-4n, down)]).differences).toHaveLength(1);
    expect(found([counter(-5n, down)], [counter(-9n, down)]).differences).toEqual([]);
  });

  it('are past what their column holds', () => {
    expect(found([], [counter(7n, { used: 6n })]).differences).toEqual([]);
    expect(found([], [counter(7n, { used: 7n })]).differences).toEqual([
      'sequence s goes on at 7 in green, which has 7',
    ]);
  });

  it('that go on from another number give some twice', () => {
    const start = new Map([['s', 10n]]);
    expect(givenTwice(start, new Map([['s', 10n]]))).toEqual([]);
    expect(givenTwice(start, new Map([['s', 13n]]))).toEqual([{ name: 's', count: 3n }]);
    expect(givenTwice(start, new Map([['t', 2n]]))).toEqual([{ name: 't', count: 2n }]);
  });
});

const shape = (more: Partial<TableShape> = {}): TableShape => ({
  ...{ name: 't', columns: ['a', 'b'], key: ['a'], rowsEstimated: 10, bytes: 100 },
  ...more,
});

describe('how much of a table is read', () => {
  it('depends on how large it is', () => {
    expect(wayOf(shape(), shape({ rowsEstimated: null }))).toEqual({ way: 'whole' });
    const large = shape({ rowsEstimated: wholeRowsMax + 1 });
    expect(wayOf(shape(), large)).toMatchObject({ way: 'newest', isCounted: true });
    const huge = shape({ rowsEstimated: countedRowsMax + 1 });
    expect(wayOf(huge, shape())).toMatchObject({ way: 'newest', isCounted: false });
    expect(wayOf(large, shape({ key: [] }))).toMatchObject({ way: 'refused' });
  });
});

interface Table {
  readonly shape?: Partial<TableShape>;
  /** What one look after the other finds; the last one stays. */
  readonly reads: readonly (TableRead | string)[];
}

function side(name: string, tables: Readonly<Record<string, Table>>): Side {
  const looks = new Map<string, number>();
  return {
    ...{ name, series: '17', protocolName: 'postgres', isLive: true },
    items: async () => [],
    counters: async () => [],
    tables: async () =>
      Object.entries(tables).map(([table, { shape: more }]) => shape({ name: table, ...more })),
    read: async ({ name: table }) => {
      const { reads } = tables[table] ?? { reads: [] };
      const look = looks.get(table) ?? 0;
      looks.set(table, look + 1);
      const read = reads[Math.min(look, reads.length - 1)] ?? 'nothing to read';
      if (typeof read === 'string') throw new Error(read);
      return read;
    },
    end: async () => {},
  };
}

async function rowsCompared(from: Side, to: Side, timeoutMs = 10_000): Promise<AspectComparison> {
  const { signal } = new AbortController();
  const wanted = { from, to, clock: systemClock(), signal, timeoutMs, settleMs: 600 };
  const rows = (await compareSides(wanted)).find(({ aspect }) => aspect === 'rows');
  if (rows === undefined) throw new Error('rows were not compared');
  return rows;
}

const read = (rows: number, checksum = 'x'): TableRead => ({ rows: String(rows), checksum });

describe('rows', () => {
  it('differ where both sides stand still and differ', async () => {
    const from = side('blue', {
      same: { reads: [read(1)] },
      late: { reads: [read(2)] },
      fewer: { reads: [read(3)] },
      other: { reads: [read(4)] },
    });
    const to = side('green', {
      same: { reads: [read(1)] },
      late: { reads: [read(1), read(2)] },
      fewer: { reads: [read(2)] },
      other: { reads: [read(4, 'y')] },
    });
    const { compared, differences, notCompared } = await rowsCompared(from, to);
    expect(compared).toBe(4);
    expect(differences).toEqual([
      'table fewer: 3 rows in blue, 2 in green',
      'table other: its 4 rows hold other values in green than in blue',
    ]);
    expect(notCompared).toEqual([]);
  });

  it('that go on changing were not compared', async () => {
    const moving = Array.from({ length: 50 }, (_, index) => read(100 + index));
    const from = side('blue', { busy: { reads: moving } });
    const { compared, differences, notCompared } = await rowsCompared(
      from,
      side('green', { busy: { reads: [read(1)] } }),
    );
    expect({ compared, differences }).toEqual({ compared: 0, differences: [] });
    expect(notCompared[0]).toMatch(/^table busy: it is being written to in blue: /);
  });

  it('that cannot be read, or not in time, were not compared', async () => {
    const from = side('blue', { t: { reads: ['canceled'] } });
    const to = side('green', { t: { reads: [read(1)] } });
    expect((await rowsCompared(from, to)).notCompared).toEqual(['table t: canceled']);
    expect((await rowsCompared(from, to, 0)).notCompared).toEqual(['time was up']);
  });

  it('of before are compared as they were read then', async () => {
    const tables = { t: { reads: [read(5)] }, gone: { reads: ['denied'] } };
    const before = await surveyOf(side('blue', tables), () => 1_000);
    const after = side('blue', { t: { reads: [read(6)] }, gone: { reads: [read(1)] } });
    const { differences, notCompared } = await rowsCompared(before, after);
    expect(differences).toEqual(['table t: 5 rows in blue before, 6 in blue']);
    expect(notCompared).toEqual(['table gone: it could not be read before: Error: denied']);
    const other = side('blue', { t: { shape: { columns: ['a'] }, reads: [read(5)] } });
    expect((await rowsCompared(before, other)).notCompared).toEqual([
      'table t: its columns or its size are not what they were',
    ]);
  });
});

describe('told as checks', () => {
  const aspect = (more: Partial<AspectComparison>): AspectComparison => ({
    ...{ aspect: 'rows', compared: 3, differences: [], differencesMore: 0 },
    ...{ notCompared: [], notComparedMore: 0, remarks: [] },
    ...more,
  });
  const told = (more: Partial<AspectComparison>, lag: 'none' | 'behind' = 'none') =>
    checksOf({ from: 'blue', to: 'green', lag, aspects: [aspect(more)] }, 'after');

  it('each difference is one line', () => {
    expect(told({}).map(({ state }) => state)).toEqual(['ok']);
    const many = told({ differences: ['one', 'two'], differencesMore: 7, notCompared: ['three'] });
    expect(many.map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => 'warning'));
    expect(many.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(
        /^3 tables of blue and green: 9 differences; .* own tables are left out/,
      ),
      'one',
      'two',
      'and 7 more differences',
      'not compared: three',
    ]);
    expect(told({ differences: ['one'] }, 'behind')[0]?.detail).toMatch(/did not have everything/);
  });
});

describe('what one side has alone', () => {
  it('is counted by rows, doubles included, whatever number both gave', () => {
    const first = new Map([
      ['a', 2],
      ['b', 1],
      ['c', 1],
    ]);
    expect(
      countAlone(
        first,
        new Map([
          ['a', 1],
          ['c', 3],
          ['d', 1],
        ]),
      ),
    ).toBe(2);
    expect(countAlone(first, first)).toBe(0);
  });

  it('is told by table, and what was not looked at', () => {
    const [blue, green] = [{ identifier: 'blue' }, { identifier: 'green' }];
    expect(rowsText(blue, green, [], [])).toBe('0 rows of blue are not in green as they are there');
    expect(
      rowsText(
        blue,
        green,
        [
          ['rehearse.ledger', 15],
          ['public.o', 2],
        ],
        ['public.big'],
      ),
    ).toBe(
      '17 rows of blue are not in green as they are there: 15 of rehearse.ledger, 2 of public.o; ' +
        'any that green changed or removed are among them; too large to be looked at: public.big',
    );
  });
});

describe('where there is nothing', () => {
  const none = { differencesMore: 0, notCompared: [], notComparedMore: 0, remarks: [] };
  const found = (aspect: AspectComparison['aspect'], compared: number) => ({
    ...{ aspect, compared, differences: [], ...none },
  });
  const sides = { from: 'blue', to: 'green', lag: 'none' } as const;

  it('nothing is said to be the same', () => {
    const aspects = [found('schema', 1), found('users', 0), found('counters', 0), found('rows', 0)];
    const checks = checksOf({ ...sides, aspects }, 'after');
    expect(checks.map(({ name, state }) => [name, state])).toEqual([
      ['compare schema', 'ok'],
      ['comparison', 'warning'],
    ]);
    expect(checks.at(-1)?.detail).toBe(
      'nothing to compare of users and grants, sequences and AUTO_INCREMENT counters, tables: ' +
        "the application's database is empty; give --schema or --data; this rehearsal's own " +
        'tables are left out: whether writes were lost, the ledger alone tells',
    );
    expect(comparedText({ ...sides, aspects })).toMatch(
      /^no difference in 1 parts of the schema; nothing to compare of .* the ledger alone tells$/,
    );
  });

  it('tables that one side alone has are no empty database', () => {
    const schema = { ...found('schema', 2), differences: ['table orders is not in green'] };
    const [, , check] = checksOf({ ...sides, aspects: [schema, found('rows', 0)] }, 'after');
    expect(check?.detail).toMatch(/^nothing to compare of tables: no table .* is on both sides;/);
  });

  it('what failed is not said to be ok over nothing', () => {
    const users = { ...found('users', 0), notCompared: ['users: no such grant'] };
    const aspects = [users, found('rows', 2)];
    const checks = checksOf({ ...sides, aspects }, 'after');
    expect(checks.map(({ name, state }) => [name, state])).toEqual([
      ['compare users', 'warning'],
      ['compare rows', 'ok'],
    ]);
    expect(comparedText({ ...sides, aspects })).toMatch(
      /^no difference in 2 tables; not all could be compared; .* own tables are left out/,
    );
  });
});

describe('what MySQL says', () => {
  it('is made even between its versions', () => {
    expect(evenly('int(11) unsigned not null', 'mysql')).toBe('int unsigned not null');
    expect(evenly('tinyint(1)', 'mysql')).toBe('tinyint(1)');
    expect(evenly('tinyint(4) utf8_bin', 'mysql')).toBe('tinyint utf8mb3_bin');
    expect(evenly('varchar(10) utf8mb4_bin', 'mysql')).toBe('varchar(10) utf8mb4_bin');
    expect(evenly('int(11)', 'mariadb')).toBe('int(11)');
  });

  it('does not tell what proves who somebody is', () => {
    const grant = 'GRANT USAGE ON *.* TO `a`@`%`';
    expect(grantText(`${grant} IDENTIFIED BY PASSWORD '*0AB'`)).toBe(grant);
    expect(grantText(`${grant} IDENTIFIED BY PASSWORD '*0AB' WITH GRANT OPTION`)).toBe(
      `${grant} WITH GRANT OPTION`,
    );
    expect(grantText(`${grant} IDENTIFIED VIA ed25519 USING 'x' REQUIRE SSL`)).toBe(
      `${grant} REQUIRE SSL`,
    );
  });

  it('is asked for accounts as the server lists them, also those that it passes over', async () => {
    const asked: string[] = [];
    const ask = async (sql: string): Promise<(string | null)[][]> => {
      asked.push(sql);
      if (!sql.startsWith('show grants'))
        return [
          ['root', '814e70591c9b', '0', 'mysql_native_password', 'x'],
          ["o'neil", '10.0.%', '0', 'mysql_native_password', 'x'],
        ];
      if (sql.includes('root')) throw new EngineError(1141, '42000', 'no such grant');
      return [['GRANT USAGE ON *.* TO x']];
    };
    const wanted = { flavour: 'mariadb', databases: [], users: [] } as const;
    const items = await userItems({ ask } as unknown as MysqlAdmin, wanted);
    expect(asked.slice(1)).toEqual([
      "show grants for 'root'@'814e70591c9b'",
      "show grants for 'o''neil'@'10.0.%'",
    ]);
    expect(items.map(({ name }) => name)).toContain(
      'user root@814e70591c9b: no grant is in force: the server passes over this account',
    );
    expect(items.map(({ name }) => name)).toContain("user o'neil@10.0.%: GRANT USAGE ON *.* TO x");
  });

  it('counts transactions', () => {
    expect(countOf('')).toBe(0);
    expect(countOf('3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5:7,\n3E11FA48-71CA:tag:2')).toBe(7);
    expect(lastNumber('0-1-17,1-2-5')).toBe(17);
    expect(lastNumber('')).toBe(0);
  });
});
