import { afterEach, describe, expect, it } from 'vitest';
import {
  type Flavour,
  type MysqlWorld,
  named,
  openOfferedWorld,
  refusal,
  row,
  sessionsTold,
} from '../support/mysql-world.js';
import { program } from '../support/programs.js';

let world: MysqlWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const sessions = sessionsTold;

async function open(flavour: Flavour): Promise<MysqlWorld> {
  world = await openOfferedWorld(flavour);
  return world;
}

for (const flavour of ['mariadb', 'mysql'] as const)
  describe.skipIf(program(flavour) === undefined)(`zero-downtime patch on ${flavour}`, () => {
    it('keeps sessions and their variables; statements and transactions go', async () => {
      const { client, patch, told } = await open(flavour);
      const app = await client(named('idle'));
      await app.query(`set @tenant = 'acme', @n = 42, sql_mode = 'ANSI_QUOTES',
        time_zone = '+05:30', autocommit = 0`);
      await app.query('commit');
      const prepared = await client(named('prepared-statement'));
      expect(
        ((await prepared.execute('select ? + 1 as n', [1]))[0] as { n: unknown }[])[0],
      ).toBeDefined();
      const tx = await client(named('open-transaction'));
      await tx.query('create table t (id int primary key auto_increment, v int) engine = InnoDB');
      await tx.query('begin');
      await tx.query('insert into t (v) values (1)');

      expect(await patch().finished).toEqual({ status: 'succeeded', reason: null });

      expect(
        await row(app, 'select @tenant, @n, @@sql_mode, @@time_zone, @@autocommit, database()'),
      ).toEqual(['acme', 42, 'ANSI_QUOTES', '+05:30', 0, 'app']);
      expect(await refusal(prepared.execute('select ? + 1 as n', [1]))).toMatchObject({
        errno: 1243,
      });
      expect(await row(prepared, 'select 7')).toEqual([7]);
      expect(await refusal(tx.query('insert into t (v) values (2)'))).toMatchObject({
        errno: 1105,
      });
      await tx.query('insert into t (v) values (3)');
      expect(await row(tx, 'select count(*), min(v) from t')).toEqual([1, 3]);
      expect(sessions(told, 'dropped')).toEqual([]);
      expect(
        sessions(told, 'preserved')
          .map(([kind]) => kind)
          .sort(),
      ).toEqual(['load idle', 'load open-transaction', 'load prepared-statement']);
    });

    it('drops exactly the sessions that AWS names, each with its reason', async () => {
      const { client, patch, told } = await open(flavour);
      const idle = await client(named('idle'));
      const temporary = await client(named('temp-table'));
      await temporary.query('create temporary table tt (id int) engine = InnoDB');
      const locking = await client(named('user-lock'));
      await locking.query(`select get_lock('mine', 1)`);
      const table = await client(named('table-lock'));
      await table.query('create table locked (id int)');
      await table.query('lock tables locked write');

      expect(await patch().finished).toEqual({ status: 'succeeded', reason: null });

      expect(sessions(told, 'dropped').sort()).toEqual([
        ['load table-lock', 'table-lock'],
        ['load temp-table', 'temporary-table'],
        ['load user-lock', 'user-lock'],
      ]);
      expect(sessions(told, 'preserved')).toEqual([['load idle', null]]);
      expect(await row(idle, 'select 1')).toEqual([1]);
      for (const gone of [temporary, locking, table]) await refusal(gone.query('select 1'));
    });

    it('cancels what runs at the deadline and keeps its connection', async () => {
      const { client, patch, told } = await open(flavour);
      const busy = await client(named('long-query'));
      const all = 'information_schema.collations';
      const running = refusal(
        busy.query(`select count(*) from ${all} a, ${all} b, ${all} c, ${all} d`),
      );

      expect(await patch().finished).toEqual({ status: 'succeeded', reason: null });

      expect(await running).toMatchObject({ errno: 1317 });
      expect(await row(busy, 'select 5')).toEqual([5]);
      expect(sessions(told, 'preserved')).toEqual([['load long-query', null]]);
    });
  });
