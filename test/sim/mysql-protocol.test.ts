/** What the protocol can do, through the endpoint and over a patch, on both real servers. */
import { Readable } from 'node:stream';
import type mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capability, serverStatus, withBits } from '../../sim/wire/mysql/capabilities.js';
import { command } from '../../sim/wire/mysql/commands.js';
import { buildChangeUser } from '../../sim/wire/mysql/handshake.js';
import { packet } from '../../sim/wire/mysql/packets.js';
import {
  type MysqlWorld,
  openOfferedWorld,
  pause,
  refusal,
  row,
  sessionsTold,
  until,
} from '../support/mysql-world.js';
import { program } from '../support/programs.js';
import { plainCapabilities, RawMysql, scramble } from '../support/raw-mysql.js';

const many = 17 * 1024 * 1024;
const ping = Buffer.from([command.ping]);

/** COM_STMT_EXECUTE without parameters. */
function execute(id: number, flags = 0): Buffer {
  const payload = Buffer.alloc(10);
  payload[0] = command.stmtExecute;
  payload.writeUInt32LE(id >>> 0, 1);
  payload[5] = flags;
  payload.writeUInt32LE(1, 6);
  return payload;
}

function withId(commandByte: number, id: number): Buffer {
  const payload = Buffer.alloc(5);
  payload[0] = commandByte;
  payload.writeUInt32LE(id >>> 0, 1);
  return payload;
}

const second = { user: 'second', password: 'pw2', database: 'information_schema' };

const prepare = (sql: string): Buffer => Buffer.from(`\x16${sql}`);

for (const flavour of ['mariadb', 'mysql'] as const)
  describe.skipIf(program(flavour) === undefined)(`the protocol on ${flavour}`, () => {
    let world: MysqlWorld;
    let admin: mysql.Connection;
    beforeAll(async () => {
      world = await openOfferedWorld(flavour, {
        parameters: {
          max_allowed_packet: String(64 * 1024 * 1024),
          local_infile: 'ON',
          log_bin: 'binlog',
          server_id: '7',
        },
      });
      admin = await world.superuser();
      await admin.query(`create user 'second'@'%' identified by 'pw2'`);
    });
    afterAll(() => world?.close());

    const raw = (capabilities = plainCapabilities): Promise<RawMysql> => {
      const { host, port } = world.cluster.writer;
      return RawMysql.open({ host, port }, { ...world.cluster.application, capabilities });
    };
    const patch = async (): Promise<void> => {
      expect(await world.patch().finished).toEqual({ status: 'succeeded', reason: null });
      admin = await world.superuser();
    };

    it('carries several statements and the results of procedures', async () => {
      const client = await world.client({ multipleStatements: true });
      const [sets] = await client.query(
        'create table if not exists m (n int); insert into m values (1), (2); ' +
          'select n from m; select 3',
      );
      expect((sets as unknown[]).length).toBe(4);
      await client.query('create procedure two() begin select 1 as a; select 2 as b; end');
      const [results] = await client.query('call two()');
      expect((results as unknown[][]).slice(0, 2)).toEqual([[{ a: 1 }], [{ b: 2 }]]);
      const failed = await refusal(client.query('select 1; select nonsense; select 3'));
      expect(failed.errno).toBe(1054);
      expect((await client.execute('call two()'))[0]).toMatchObject([[{ a: 1 }], [{ b: 2 }], {}]);
      expect(await row(client, 'select 4')).toEqual([4]);
    });

    it('loads a local file, whatever the client makes of it', async () => {
      const client = await world.client();
      await client.query('create table loaded (n int, t varchar(200)) engine = InnoDB');
      const lines = Array.from({ length: 20_000 }, (_, n) => `${n}\t${'t'.repeat(100)}\n`);
      const load = (chunks: Buffer[], table: string): Promise<unknown> =>
        client.query({
          sql: `load data local infile 'here' into table ${table}`,
          infileStreamFactory: () => Readable.from(chunks),
        });
      await load([Buffer.from(lines.join(''))], 'loaded');
      expect(await row(client, 'select count(*), sum(n) from loaded')).toEqual([
        20_000,
        String((19_999 * 20_000) / 2),
      ]);
      await load([], 'loaded');
      const nowhere = load([Buffer.from(lines.join(''))], 'nowhere');
      expect((await refusal(nowhere)).errno).toBe(1146);
      expect(await row(client, 'select count(*) from loaded')).toEqual([20_000]);
    });

    it('carries packets of more than 16 MiB both ways, and of 16 MiB less one', async () => {
      const client = await world.client();
      const [text] = await row(client, `select repeat('x', ${many})`);
      expect(String(text).length).toBe(many);
      expect(await row(client, `select length('${'y'.repeat(many)}')`)).toEqual([many]);
      const [made] = await client.execute(`select length(?) as n`, ['z'.repeat(many)]);
      expect(made).toEqual([{ n: many }]);
      const one = await raw();
      for (const bytes of [0xffffff, 0xffffff - 1, 0xffffff + 1]) {
        const head = `select length('`;
        const body = 'w'.repeat(bytes - 1 - head.length - 2);
        const { roles, payloads } = await one.query(`${head}${body}')`);
        expect(roles).toContain('row');
        expect(payloads[3]?.toString('latin1', 1)).toBe(String(body.length));
      }
      one.socket.destroy();
    });

    it('speaks with and without CLIENT_DEPRECATE_EOF, cursors and all', async () => {
      for (const deprecate of [false, true]) {
        const bits = deprecate ? withBits(plainCapabilities, capability.deprecateEof) : undefined;
        const client = await raw(bits);
        const { roles } = await client.query('select 1 union select 2', deprecate);
        expect(roles.filter((role) => role === 'row').length).toBe(2);
        expect(roles.includes('definitions-end')).toBe(!deprecate);
        client.send(prepare('select 1 union select 2 union select 3'));
        const { prepared } = await client.answer('prepared', deprecate);
        const id = prepared?.id ?? 0;
        client.send(execute(id, 1));
        const opened = await client.answer('rows', deprecate);
        expect(opened.roles).not.toContain('row');
        expect(opened.status & serverStatus.cursorExists).not.toBe(0);
        const fetch = Buffer.concat([withId(command.stmtFetch, id), Buffer.from([2, 0, 0, 0])]);
        client.send(fetch);
        const fetched = await client.answer('fetched', deprecate);
        expect(fetched.roles).toEqual(['row', 'row', 'rows-end']);
        client.send(withId(command.stmtReset, id));
        expect((await client.answer('ok')).roles).toEqual(['ok']);
        client.send(fetch);
        expect((await client.answer('fetched', deprecate)).error?.number).toBe(1421);
        client.send(ping);
        expect((await client.answer('ok')).roles).toEqual(['ok']);
        client.socket.destroy();
      }
    });

    it('passes the small commands on', async () => {
      const client = await raw();
      client.send(Buffer.concat([Buffer.from([command.initDb]), Buffer.from('not_there')]));
      // Unprivileged: 1044 says no more than 1049 would.
      expect((await client.answer('ok')).error?.number).toBe(1044);
      const { database } = world.cluster.application;
      client.send(Buffer.from(`\x02${database}`));
      expect((await client.answer('ok')).roles).toEqual(['ok']);
      client.send(Buffer.from([command.statistics]));
      const { payloads } = await client.answer('text');
      expect(payloads[0]?.toString('latin1')).toMatch(/^Uptime: \d+/);
      await client.query('create table if not exists fl (a int, b int)');
      client.send(Buffer.from(`\x04fl\0`));
      const fields = await client.answer('fields');
      // MySQL 9 has it no more; MariaDB has.
      if (flavour === 'mariadb') expect(fields.roles).toEqual(['row', 'row', 'rows-end']);
      else expect([fields.error?.number ?? 0, fields.roles.length]).toEqual([0, 3]);
      client.send(Buffer.from([command.setOption, 1, 0]));
      expect((await client.answer('ok')).roles).toEqual(['ok']);
      expect((await client.query('select 1')).error).toBeUndefined();
      client.send(Buffer.from([0x77]));
      expect((await client.answer('ok')).error?.number).toBe(1047);
      client.send(Buffer.from([command.resetConnection]));
      expect((await client.answer('ok')).roles).toEqual(['ok']);
      client.socket.destroy();
    });

    it('tells of session changes where the client asked for them', async () => {
      const bits = withBits(plainCapabilities, capability.sessionTrack, capability.deprecateEof);
      const client = await raw(bits);
      await client.query(`set session_track_system_variables = 'sql_mode'`, true);
      const { payloads, status } = await client.query(`set sql_mode = 'ANSI_QUOTES'`, true);
      expect(status & serverStatus.sessionStateChanged).not.toBe(0);
      expect(payloads[0]?.toString('latin1')).toContain('ANSI_QUOTES');
      expect((await client.query('select 1', true)).roles).toContain('row');
      client.socket.destroy();
    });

    it('changes the user on the spot: the id stays, and nothing else', async () => {
      const { user, password, database } = world.cluster.application;
      const client = await world.client();
      const other = await world.client();
      const [id] = await row(client, 'select connection_id()');
      await client.query(`select get_lock('mine', 0), @kept := 1`);
      await client.query('begin');
      const prepared = await client.prepare('select 1');
      await client.changeUser({ user, password, database });
      expect(await row(client, `select connection_id(), is_free_lock('mine'), @kept`)).toEqual([
        id,
        1,
        null,
      ]);
      expect((await refusal(prepared.execute([]))).errno).toBe(1243);
      await client.changeUser({ ...second });
      expect(await row(client, 'select user(), database()')).toEqual([
        expect.stringMatching(/^second@/),
        second.database,
      ]);
      expect((await refusal(client.query('select * from app.m'))).errno).toBe(1142);
      expect((await refusal(client.changeUser({ user, password: 'no' }))).errno).toBe(1045);
      await until(async () => {
        const [left] = await row(
          admin,
          `select count(*) from information_schema.processlist
          where id = ${id}`,
        );
        return left === 0;
      }, 'the end of the session');
      expect(await row(other, 'select 1')).toEqual([1]);
    });

    it('keeps a changed user over a patch', async () => {
      const { user, password, database } = world.cluster.application;
      const client = await world.client({}, second);
      await client.changeUser({ user, password, database });
      await client.query('set @mine = 5');
      await patch();
      expect(await row(client, 'select user(), database(), @mine')).toEqual([
        expect.stringMatching(new RegExp(`^${user}@`)),
        database,
        5,
      ]);
      await client.changeUser({ ...second });
      expect(await row(client, 'select user(), @mine')).toEqual([
        expect.stringMatching(/^second@/),
        null,
      ]);
    });

    it('takes COM_CHANGE_USER in one breath behind what wants no answer', async () => {
      const client = await raw();
      const { user, password, database } = world.cluster.application;
      client.send(prepare('select 1'));
      const { prepared } = await client.answer('prepared');
      const { plugin, nonce } = client.greeting ?? { plugin: '', nonce: Buffer.alloc(0) };
      const authResponse = scramble(plugin, password, nonce);
      const change = { user, authResponse, database, charset: 45, plugin, attributes: new Map() };
      client.socket.write(
        Buffer.concat([
          packet(0, withId(command.stmtClose, prepared?.id ?? 0)),
          packet(0, buildChangeUser(change, plainCapabilities)),
        ]),
      );
      expect((await client.proved(password, nonce)).payload[0]).toBe(0);
      expect((await client.query('select 1')).roles).toContain('row');
      client.socket.destroy();
    });

    it('ends sessions and statements by the ids that clients know, over a patch too', async () => {
      const killer = await world.client();
      for (const round of ['before a patch', 'after it']) {
        const clients = await Promise.all([1, 2, 3].map(() => world.client()));
        if (round === 'after it') await patch();
        const [first, second, third] = clients as [
          mysql.Connection,
          mysql.Connection,
          mysql.Connection,
        ];
        const sleeping = first.query('select sleep(30) as cut');
        await pause(200);
        await killer.query(`kill query ${first.threadId}`);
        // An interrupted sleep() returns 1, and only some versions fail.
        const woken = await sleeping.then(
          ([rows]) => rows,
          (error: { errno: number }) => error.errno,
        );
        expect([1317, [{ cut: 1 }]]).toContainEqual(woken);
        expect(await row(first, 'select 1')).toEqual([1]);
        await killer.query(` kill ${second.threadId};`);
        await refusal(second.query('select 1'));
        const byCommand = await raw();
        byCommand.send(withId(command.processKill, third.threadId));
        const { error } = await byCommand.answer('ok');
        // MySQL 9 has the command no more.
        if (error === undefined) await refusal(third.query('select 1'));
        else expect([flavour, error.number]).toEqual(['mysql', 1047]);
        byCommand.socket.destroy();
        expect((await refusal(killer.query('kill 4000000000'))).errno).toBe(1094);
      }
    });

    it('after a patch, kills by the server’s own ids whom they name there', async () => {
      const clients = await Promise.all([1, 2, 3, 4, 5, 6].map(() => world.client()));
      await patch();
      const late = await Promise.all([1, 2, 3].map(() => world.client()));
      const all = [...clients, ...late];
      const ids = await Promise.all(
        all.map(async (one) => (await row(one, 'select connection_id()'))[0]),
      );
      expect(new Set([...ids, ...all.map(({ threadId }) => threadId)]).size).toBe(2 * all.length);
      const [killer, ...others] = all as [mysql.Connection, ...mysql.Connection[]];
      await killer.query(`kill ${ids[2]}`);
      await refusal((others[1] as mysql.Connection).query('select 1'));
      for (const one of others.filter((_, at) => at !== 1))
        expect(await row(one, 'select 1')).toEqual([1]);
    });

    it.skipIf(flavour === 'mysql')(
      'lets MariaDB clients execute before they know the id',
      async () => {
        const client = await raw();
        const breath = async (sql: string): Promise<string[]> => {
          client.socket.write(
            Buffer.concat([packet(0, prepare(sql)), packet(0, execute(0xffffffff))]),
          );
          const { prepared } = await client.answer('prepared');
          const { roles } = await client.answer('rows');
          expect(prepared?.id).toBeGreaterThan(0);
          return roles.filter((role) => role === 'row' || role === 'error');
        };
        expect(await breath('select 1 union select 2')).toEqual(['row', 'row']);
        await patch();
        expect(await breath('select 1 union select 2 union select 3')).toEqual([
          'row',
          'row',
          'row',
        ]);
        client.socket.destroy();
      },
    );

    it('passes a binlog dump on, and drops it at the patch for what it is', async () => {
      await admin.query(`create user if not exists 'replica'@'%' identified by 'pw3'`);
      await admin.query(`grant replication slave, replication client on *.* to 'replica'@'%'`);
      const { host, port } = world.cluster.writer;
      const replica = await RawMysql.open({ host, port }, { user: 'replica', password: 'pw3' });
      await replica.query('set @master_binlog_checksum = @@global.binlog_checksum');
      await replica.query('set @source_binlog_checksum = @@global.binlog_checksum');
      const [logs] = await admin.query({ sql: 'show binary logs', rowsAsArray: true });
      const file = String((logs as unknown[][])[0]?.[0]);
      const dump = Buffer.alloc(11);
      dump[0] = command.binlogDump;
      dump.writeUInt32LE(4, 1);
      dump.writeUInt32LE(99, 7);
      replica.send(Buffer.concat([dump, Buffer.from(file)]));
      const first = await replica.next();
      expect(first.payload[0]).toBe(0);
      const app = await world.client();
      await app.query(`create table if not exists replicated (t varchar(40))`);
      await app.query(`insert into replicated values ('seen by the replica')`);
      for (;;) {
        const { payload } = await replica.next();
        if (payload.includes('seen by the replica')) break;
      }
      world.told.length = 0;
      await patch();
      await replica.closed;
      expect(sessionsTold(world.told, 'dropped')).toContainEqual(['application', 'binlog-dump']);
      expect(await row(app, 'select count(*) from replicated')).toEqual([1]);
    });
  });
