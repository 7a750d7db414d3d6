/** What is asked of real MySQL and MariaDB servers, and what they then really answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineError } from '../../sim/engine/ask.js';
import { flavours } from '../../sim/engine/flavours.js';
import { verifierOf } from '../../sim/engine/mysql/accounts.js';
import { MysqlAdmin } from '../../sim/engine/mysql/admin.js';
import { checksBefore, lookBeforePatch } from '../../sim/engine/mysql/checks.js';
import {
  globalsSetAtRunTime,
  globalValues,
  lostGlobals,
  statusCounter,
} from '../../sim/engine/mysql/globals.js';
import { identifier, literal } from '../../sim/engine/mysql/quoting.js';
import { createApplication, createInstrument, versionOf } from '../../sim/engine/mysql/roles.js';
import { clock, startMysql, type TestServer } from '../support/mysql-server.js';
import { program } from '../support/programs.js';

const app = { user: 'app', password: 'app-password', database: 'app' };
const rehearse = { user: 'rehearse', password: 'rehearse-password', database: 'rehearse' };

describe.each(flavours)('%s', (flavour) => {
  describe.skipIf(program(flavour) === undefined)('a real server', () => {
    let at: TestServer;

    beforeAll(async () => {
      at = await startMysql(flavour);
      await createApplication(at.admin, app, app.database);
      await createInstrument(at.admin, rehearse);
    });

    afterAll(() => at?.close());

    it('says itself what it is', async () => {
      const { version, versionText, flavour: own } = await versionOf(at.admin);
      expect(own).toBe(flavour);
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(versionText).toContain(version);
    });

    it('gives rows as objects and as texts, and takes parameters', async () => {
      expect(await at.admin.query('select ? + 1 as sum', [41])).toEqual([{ sum: 42 }]);
      expect(await at.admin.ask("select 1, 'a', null")).toEqual([['1', 'a', null]]);
      expect(await at.admin.query('set @x = 1')).toEqual([]);
    });

    it('tells what the server said no to in its own number, and goes on', async () => {
      const refused = await at.admin.query('select nonsense').catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(EngineError);
      expect(refused).toMatchObject({ number: 1054, sqlState: '42S22' });
      const id = await at.admin.ask('select connection_id()');
      await at.admin.ask('select nonsense').catch(() => undefined);
      expect(await at.admin.ask('select connection_id()')).toEqual(id);
    });

    it('gives up a statement that takes too long, and the next has a connection', async () => {
      const late = await at.admin.query('select sleep(20)', [], 200).catch((error) => error);
      expect(late).not.toBeInstanceOf(EngineError);
      expect(await at.admin.ask('select 1')).toEqual([['1']]);
    });

    it('refuses a wrong password as the server does', async () => {
      const stranger = new MysqlAdmin(at.server.address, { ...at.server.admin, password: 'no' });
      const refused = await stranger.ask('select 1').catch((error: unknown) => error);
      expect(refused).toMatchObject({ number: 1045, sqlState: '28000' });
      await stranger.disconnect();
    });

    it('opens a fresh session, whatever its driver would like', async () => {
      const [mode] = await at.admin.ask('select @@session.sql_mode = @@global.sql_mode');
      expect(mode).toEqual(['1']);
    });

    it('lets the application do all in its database and nothing elsewhere', async () => {
      const client = await at.client(app);
      await client.ask('create table mine (id int primary key)');
      await client.ask('create view seen as select id from mine');
      await client.ask('drop view seen');
      await client.ask('drop table mine');
      for (const sql of [
        'set global max_connections = 10',
        'create database other',
        'select user from mysql.user',
        'create table rehearse.t (id int)',
        'create user somebody',
      ])
        await expect(client.ask(sql), sql).rejects.toBeInstanceOf(EngineError);
      client.close();
    });

    it('gives the instruments a database of their own', async () => {
      const client = await at.client(rehearse);
      await client.ask('create table writes (id int)');
      await client.ask('drop table writes');
      expect(await client.ask("show global status like 'Uptime'")).toHaveLength(1);
      await expect(client.ask('create table app.t (id int)')).rejects.toBeInstanceOf(EngineError);
      client.close();
    });

    it('makes a user like the master user of RDS', async () => {
      const master = { user: 'master', password: 'master-password', database: 'app' };
      await createApplication(at.admin, master, master.database, 'rds-master');
      const client = await at.client(master);
      await client.ask('create database made_by_master');
      await client.ask("create user made_by_master identified by 'Something-1'");
      await client.ask('grant select on made_by_master.* to made_by_master');
      await client.ask('drop user made_by_master');
      await client.ask('drop database made_by_master');
      expect(await client.ask('show processlist')).not.toHaveLength(0);
      await expect(client.ask('set global max_connections = 10')).rejects.toMatchObject({
        number: 1227,
      });
      client.close();
    });

    it('reads what is stored of a password, of the account that fits best', async () => {
      const password = literal('a-password');
      await at.admin.query(`create user 'two'@'%' identified by ${password}`);
      await at.admin.query(`create user 'two'@'127.0.0.1' identified by ${literal('another')}`);
      await at.admin.query(`create user 'two'@'10.%' identified by ${password}`);
      const verifier = await verifierOf(at.admin, flavour, 'two');
      const [stored] = await at.admin.ask(
        'select plugin, authentication_string from mysql.user ' +
          "where user = 'two' and host = '127.0.0.1'",
      );
      expect([verifier?.plugin, verifier?.authenticationString]).toEqual(stored);
      expect(verifier?.authenticationString).not.toBe('');
      const elsewhere = await verifierOf(at.admin, flavour, 'two', ['192.168.1.1']);
      expect(elsewhere?.authenticationString).not.toBe(verifier?.authenticationString);
      expect(await verifierOf(at.admin, flavour, 'nobody')).toBeNull();
      expect(await verifierOf(at.admin, flavour, 'TWO')).toBeNull();
    });

    it.each(["o'hara", 'back\\slash', '`tick`', "' or '1'='1", 'ünïcode'])(
      'takes the user name %s as a name',
      async (name) => {
        expect(await verifierOf(at.admin, flavour, name)).toBeNull();
        await at.admin.query(`create user ${literal(name)}@'%' identified by 'a'`);
        expect(await verifierOf(at.admin, flavour, name)).not.toBeNull();
        await at.admin.query(`drop user ${identifier(name)}@'%'`);
      },
    );

    it('sees what is in the way of a patch', async () => {
      const limits = { queriesPerSecondMax: 1e6, longRunningMs: 60_000 };
      const look = (pending: string[] = []) =>
        lookBeforePatch(at.admin, flavour, clock, pending, 20);
      const states = async (pending: string[] = []): Promise<Record<string, string>> =>
        Object.fromEntries(
          checksBefore(await look(pending), limits).map(({ name, state }) => [name, state]),
        );
      const quiet = await states();
      expect(quiet).toMatchObject({ 'no user locks': 'ok', 'no table locks': 'ok' });
      const client = await at.client(app);
      await client.ask('create table app.seen (id int)');
      await client.ask("select get_lock('mine', 0)");
      await client.ask('create temporary table passing (id int)');
      const other = await at.client(app);
      await other.ask('lock tables seen write');
      expect(await states(['max_connections'])).toMatchObject({
        'no user locks': 'warning',
        'no table locks': 'warning',
        'no temporary tables': 'warning',
        'no pending parameters': 'blocked',
      });
      other.close();
      await client.ask('begin');
      await client.ask('insert into seen values (1)');
      await clock.sleep(50);
      expect((await look()).oldestTransactionMs).toBeGreaterThan(0);
      await client.ask('rollback');
      await client.ask('drop table seen');
      client.close();
    });

    it('forgets at a restart what SET GLOBAL had set, and says which', async () => {
      await at.admin.query('set global max_connections = 77');
      const before = await globalsSetAtRunTime(at.admin, flavour);
      expect(before.get('max_connections')).toBe('77');
      const client = await at.client(app);
      await client.ask('set session sort_buffer_size = 300000');
      for (let asked = 0; asked < 200; asked++) await at.admin.ask('select 1');
      const questions = await statusCounter(at.admin, 'Questions');
      await at.restart();
      expect(questions).toBeGreaterThan(200);
      expect(await statusCounter(at.admin, 'Questions')).toBeLessThan(questions);
      const lost = lostGlobals(before, await globalValues(at.admin));
      expect(lost.map(({ name }) => name)).toEqual(['max_connections']);
      expect(lost[0]).toMatchObject({ before: '77' });
      expect(lost[0]?.after).not.toBe('77');
    });

    it('is asked again by a new connection after a crash', async () => {
      await at.admin.ask('select 1');
      await at.server.stop('kill');
      const away = await at.admin.ask('select 1').catch((error: unknown) => error);
      expect(away).toBeInstanceOf(Error);
      expect(away).not.toBeInstanceOf(EngineError);
      await at.server.start();
      expect(await at.admin.ask('select 1')).toEqual([['1']]);
    });
  });
});
