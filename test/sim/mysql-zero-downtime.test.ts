/** What AWS documents of a zero-downtime patch of Aurora MySQL, from the client's side. */
import mysql from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import { command } from '../../sim/wire/mysql/commands.js';
import { parseErr } from '../../sim/wire/mysql/messages.js';
import {
  type MysqlWorld,
  mysqlDurations,
  named,
  openOfferedWorld,
  pause,
  refusal,
  row,
  sessionsTold,
  until,
} from '../support/mysql-world.js';
import { program } from '../support/programs.js';
import { RawMysql } from '../support/raw-mysql.js';

const succeeded = { status: 'succeeded', reason: null };

for (const flavour of ['mariadb', 'mysql'] as const)
  describe.skipIf(program(flavour) === undefined)(`a patch on ${flavour}`, () => {
    let world: MysqlWorld;
    beforeAll(async () => {
      world = await openOfferedWorld(flavour);
    });
    afterEach(() => world?.clear());
    afterAll(() => world?.close());

    it('is a pause and nothing else to an idle pool of ten', async () => {
      const { cluster, patch, told } = world;
      const { host, port } = cluster.writer;
      const { user, password, database } = cluster.application;
      const pool = mysql.createPool({ host, port, user, password, database, connectionLimit: 10 });
      let made = 0;
      const ends: string[] = [];
      pool.on('connection', (connection) => {
        made++;
        connection.on('error', (error) => ends.push(String(error)));
      });
      const ids = async (): Promise<number[]> => {
        const all = await Promise.all(Array.from({ length: 10 }, () => pool.getConnection()));
        await Promise.all(all.map((one) => one.query('select 1')));
        for (const one of all) one.release();
        return all.map((one) => one.threadId).sort((a, b) => a - b);
      };
      try {
        const before = await ids();
        const job = patch();
        // One asks while it goes on, and waits.
        await until(
          () => told.some((one) => one.kind === 'gauge' && one.data.value === 'stopped'),
          'the stop of the server',
        );
        const during = ids();
        expect(await job.finished).toEqual(succeeded);
        expect(await during).toEqual(before);
        expect(await ids()).toEqual(before);
        expect([made, ends]).toEqual([10, []]);
        expect(sessionsTold(told, 'preserved').length).toBe(10);
        expect(sessionsTold(told, 'dropped')).toEqual([]);
      } finally {
        await pool.end();
      }
    });

    it('takes prepared statements away, and an old id never means a new statement', async () => {
      const { cluster, patch, client } = world;
      const driver = await client();
      expect((await driver.execute('select ? + 1 as n', [1]))[0]).toHaveLength(1);
      const { host, port } = cluster.writer;
      const raw = await RawMysql.open({ host, port }, cluster.application);
      const prepare = async (sql: string): Promise<number> => {
        raw.send(Buffer.from(`\x16${sql}`));
        return (await raw.answer('prepared')).prepared?.id ?? 0;
      };
      const byId = (commandByte: number, id: number): void => {
        const payload = Buffer.alloc(commandByte === command.stmtExecute ? 10 : 5);
        payload[0] = commandByte;
        payload.writeUInt32LE(id, 1);
        if (commandByte === command.stmtExecute) payload.writeUInt32LE(1, 6);
        raw.send(payload);
      };
      const execute = async (id: number): Promise<string> => {
        byId(command.stmtExecute, id);
        const { error, payloads, roles } = await raw.answer('rows');
        if (error !== undefined) return `${error.number}`;
        return payloads[roles.indexOf('row')]?.toString('latin1').slice(-3) ?? 'no row';
      };
      const old = [await prepare(`select 'one'`), await prepare(`select 'two'`)];
      for (let round = 0; round < 2; round++) {
        expect(await patch().finished).toEqual(succeeded);
        const mine = await prepare(`select 'new'`);
        expect(old).not.toContain(mine);
        for (const id of old) expect(await execute(id)).toBe('1243');
        expect(await execute(mine)).toBe('new');
        // Those that get no answer, and one that does.
        byId(command.stmtClose, old[0] ?? 0);
        byId(command.stmtSendLongData, old[1] ?? 0);
        byId(command.stmtReset, old[1] ?? 0);
        expect((await raw.answer('ok')).error?.number).toBe(1243);
        expect(await execute(mine)).toBe('new');
        old.push(mine);
      }
      const again = (): Promise<unknown> => driver.execute('select ? + 1 as n', [1]);
      // The driver keeps the dead statement, as it is published of it, until it is told otherwise.
      expect((await refusal(again())).errno).toBe(1243);
      expect((await refusal(again())).errno).toBe(1243);
      driver.unprepare('select ? + 1 as n');
      expect((await again()) as unknown[]).toHaveLength(2);
      raw.socket.destroy();
    });

    it('runs another statement under an old id, where that defect is asked for', async () => {
      const { patch, client } = world;
      const app = await client(named('prepared-statement'));
      const old = await app.prepare(`select 'mine' as told`);
      expect((await old.execute([]))[0]).toEqual([{ told: 'mine' }]);
      expect(await patch({ defects: ['zdp-wrong-statement'] }).finished).toEqual(succeeded);
      // MariaDB numbers on where a thread was used before: one of a few is sure to meet it.
      for (let count = 0; count < 20; count++)
        await app.prepare(`select 'of somebody else' as told -- ${count}`);
      expect((await old.execute([]))[0]).toEqual([{ told: 'of somebody else' }]);
    });

    it('leaves a query for ever without an answer, where that defect is asked for', async () => {
      const { patch, client } = world;
      const app = await client();
      const other = await client();
      expect(await patch({ defects: ['zdp-hang'] }).finished).toEqual(succeeded);
      const end = await refusal(app.query({ sql: 'select 1', timeout: 700 }));
      expect(end.code).toBe('PROTOCOL_SEQUENCE_TIMEOUT');
      const fresh = await client();
      expect(await row(fresh, 'select 2')).toEqual([2]);
      // A ping is none of those that hang.
      await other.ping();
    });

    it('keeps an active role, and loses it with that defect', async () => {
      const { patch, client, superuser, cluster } = world;
      const admin = await superuser();
      const { user } = cluster.application;
      await admin.query('create role reporting');
      await admin.query('create database reports');
      await admin.query('create table reports.r (n int)');
      await admin.query('grant select on reports.* to reporting');
      await admin.query(`grant reporting to '${user}'@'%'`);
      const app = await client();
      await app.query('set role reporting');
      await app.query('select * from reports.r');
      expect(await patch().finished).toEqual(succeeded);
      await app.query('select * from reports.r');
      expect(await patch({ defects: ['zdp-lost-roles'] }).finished).toEqual(succeeded);
      expect((await refusal(app.query('select * from reports.r'))).errno).toBe(1142);
      await app.query('set role reporting');
      await app.query('select * from reports.r');
    });

    it('tells the user of an open transaction once, and not at a ROLLBACK', async () => {
      const { patch, client, superuser } = world;
      const admin = await superuser();
      await admin.query('create table app.tx (n int) engine = InnoDB');
      const users = await Promise.all(
        ['insert into tx values (2)', 'commit', 'rollback', 'ROLLBACK ;', 'begin'].map(
          async (next) => ({ next, app: await client() }),
        ),
      );
      for (const { app } of users) await app.query('begin');
      for (const { app } of users) await app.query('insert into tx values (1)');
      const prepared = await client({});
      await prepared.execute('select ? as n', [1]);
      await prepared.beginTransaction();
      const reset = await client();
      await reset.query('begin');
      await reset.query('insert into tx values (9)');
      expect(await patch().finished).toEqual(succeeded);
      for (const { next, app } of users) {
        const told = /rollback/i.test(next);
        if (told) await app.query(next);
        else expect(await refusal(app.query(next))).toMatchObject({ errno: 1105 });
        await app.query('begin');
        await app.query('insert into tx values (3)');
        await app.query('commit');
      }
      // Of a prepared statement first that the transaction is gone, then that it is.
      await reset.reset();
      expect(await row(reset, 'select 8')).toEqual([8]);
      const again = (): Promise<unknown> => prepared.execute('select ? as n', [1]);
      await prepared.ping();
      expect((await refusal(again())).errno).toBe(1105);
      expect((await refusal(again())).errno).toBe(1243);
      const [app] = users;
      expect(app && (await row(app.app, 'select count(*), min(n) from tx'))).toEqual([5, 3]);
    });

    it('waits for no client that dialled and says nothing, and lets it in afterwards', async () => {
      const { cluster, patch, client } = world;
      const idle = await client(named('idle'));
      const silent = await RawMysql.dial(cluster.writer);
      await silent.greeted();
      // Longer than any greeting may take.
      const durations = mysqlDurations('engine').map((one) =>
        one.name.endsWith('.quietPointMs') ? { ...one, value: 60_000 } : one,
      );
      expect(await patch({ durations }).finished).toEqual(succeeded);
      expect((cluster as ClusterRecord).endpoint.greetings).toBe(1);
      expect(parseErr((await silent.logIn(cluster.application)).payload)).toBeUndefined();
      expect(await row(idle, 'select 1')).toEqual([1]);
      silent.socket.destroy();
    });

    it('ends an open XA transaction, and leaves a prepared one alone', async () => {
      const { patch, client, superuser } = world;
      const admin = await superuser();
      await admin.query('create table app.xa (n int) engine = InnoDB');
      const [open, prepared] = [await client(), await client()];
      for (const [app, id] of [
        [open, 'x1'],
        [prepared, 'x2'],
      ] as const) {
        await app.query(`xa start '${id}'`);
        await app.query('insert into xa values (1)');
        await app.query(`xa end '${id}'`);
      }
      await prepared.query(`xa prepare 'x2'`);
      expect(await patch().finished).toEqual(succeeded);
      expect((await refusal(open.query('select 1'))).errno).toBe(1105);
      expect(await row(prepared, 'select 2')).toEqual([2]);
      await (await superuser()).query(`xa commit 'x2'`);
      expect(await row(open, 'select count(*) from xa')).toEqual([1]);
    });

    it('loses LAST_INSERT_ID() or keeps it; AUTO_INCREMENT goes on', async () => {
      const { patch, client } = world;
      const app = await client();
      await app.query('create table ai (id int primary key auto_increment, v int) engine = InnoDB');
      await app.query('insert into ai (v) values (1), (2), (3)');
      await app.query('insert into ai (v) values (4)');
      expect(await patch({ lastInsertId: 'survive' }).finished).toEqual(succeeded);
      expect(await row(app, 'select last_insert_id()')).toEqual([4]);
      expect(await patch({ lastInsertId: 'lost' }).finished).toEqual(succeeded);
      expect(await row(app, 'select last_insert_id()')).toEqual([0]);
      await app.query('insert into ai (v) values (5)');
      expect(await row(app, 'select last_insert_id(), max(id) from ai')).toEqual([5, 5]);
    });

    it('loses what was set globally and the counters, while sessions live on', async () => {
      const { patch, client, superuser } = world;
      const admin = await superuser();
      const app = await client();
      for (let count = 0; count < 500; count++) await app.query('do 1');
      const questions = async (): Promise<number> =>
        Number((await row(app, `show global status like 'Questions'`))[1]);
      const before = await questions();
      const [limit] = await row(admin, 'select @@global.max_connect_errors');
      await admin.query('set global max_connect_errors = 12345');
      await app.query('set @kept = 1, @@session.sort_buffer_size = 65536 * 2');
      expect(await patch().finished).toEqual(succeeded);
      expect(await questions()).toBeLessThan(before);
      expect(await row(app, 'select @@global.max_connect_errors')).toEqual([limit]);
      expect(await row(app, 'select @kept, @@session.sort_buffer_size')).toEqual([1, 131_072]);
    });

    it('drops who has a temporary table of any engine, not who only speaks of one', async () => {
      const { patch, client, told } = world;
      for (const engine of ['InnoDB', 'MEMORY', 'MyISAM']) {
        const has = await client(named('temp-table'));
        await has.query(`create temporary table tt (id int) engine = ${engine}`);
        const had = await client(named('idle'));
        await had.query(`create temporary table tt (id int) engine = ${engine}`);
        await had.query('drop temporary table tt');
      }
      const talks = await client(named('idle'));
      await talks.query(`select 'how to create temporary tables, or create temporary table x'`);
      const renamed = await client(named('temp-table'));
      await renamed.query('create temporary table tt (id int) engine = MEMORY');
      await renamed.query('alter table tt rename to uu');
      expect(await patch().finished).toEqual(succeeded);
      const temporary = ['load temp-table', 'temporary-table'];
      expect(sessionsTold(told, 'dropped')).toEqual([temporary, temporary, temporary, temporary]);
      expect(sessionsTold(told, 'preserved').length).toBe(4);
      const guesses = told.filter(
        (one) => one.kind === 'session' && `${one.data.detail}`.includes('a guess'),
      );
      expect(guesses.length).toBe(1);
      expect(await row(talks, 'select 1')).toEqual([1]);
    });

    it('drops who defines data at that time', async () => {
      const { patch, client, told } = world;
      const app = await client(named('ddl'));
      const idle = await client(named('idle'));
      const running = refusal(app.query('create table slow as select sleep(20) as n'));
      await pause(200);
      expect(await patch().finished).toEqual(succeeded);
      expect((await running).code ?? '').toMatch(/LOST|ER_SERVER_SHUTDOWN|ECONNRESET/);
      expect(sessionsTold(told, 'dropped')).toEqual([['load ddl', 'ddl']]);
      expect(await row(idle, 'select 1')).toEqual([1]);
    });

    it('with late sessions dropped: those alone, with 1053', async () => {
      const { patch, client, told } = world;
      const busy = await client(named('long-query'));
      const idle = await client(named('idle'));
      const running = refusal(busy.query('select sleep(30)'));
      await pause(200);
      expect(await patch({ lateSessions: 'drop' }).finished).toEqual(succeeded);
      expect(await running).toMatchObject({ errno: 1053 });
      expect((await refusal(busy.query('select 1'))).message).toMatch(/closed state/);
      expect(sessionsTold(told, 'dropped')).toEqual([['load long-query', 'late']]);
      expect(await row(idle, 'select 1')).toEqual([1]);
    });

    it('with late sessions a restart: all are dropped, and only who waits is told', async () => {
      const { patch, client, told } = world;
      const busy = await client(named('long-query'));
      const idle = await client(named('idle'));
      const lost = new Promise<string>((resolve) => {
        idle.on('error', (error: { code?: string }) => resolve(error.code ?? 'no code'));
      });
      const running = refusal(busy.query('select sleep(30)'));
      await pause(200);
      expect(await patch({ lateSessions: 'restart' }).finished).toEqual(succeeded);
      expect(await running).toMatchObject({ errno: 1053 });
      expect(await lost).toBe('PROTOCOL_CONNECTION_LOST');
      expect(sessionsTold(told, 'dropped').sort()).toEqual([
        ['load idle', 'no-quiet-point'],
        ['load long-query', 'no-quiet-point'],
      ]);
      expect(sessionsTold(told, 'preserved')).toEqual([]);
    });
  });
