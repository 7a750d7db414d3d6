/** What busy sessions of real servers are seen to do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flavours } from '../../sim/engine/flavours.js';
import { activityOf, type MysqlBusySession } from '../../sim/engine/mysql/activity.js';
import { createApplication } from '../../sim/engine/mysql/roles.js';
import { clock, startMysql, type TestClient, type TestServer } from '../support/mysql-server.js';
import { program } from '../support/programs.js';

const app = { user: 'app', password: 'app-password', database: 'app' };

describe.each(flavours)('%s', (flavour) => {
  describe.skipIf(program(flavour) === undefined)('a busy session', () => {
    let at: TestServer;

    beforeAll(async () => {
      at = await startMysql(flavour);
      await createApplication(at.admin, app, app.database);
      await at.admin.query('create table app.t (id int auto_increment primary key, v int)');
      await at.admin.query('insert into app.t (v) values (1)');
    });
    afterAll(() => at?.close());

    async function look(client: TestClient): Promise<MysqlBusySession | undefined> {
      const seen = await activityOf(at.admin, { flavour }, [client.connectionId], 5_000);
      return seen[0];
    }

    /** Looks until it is seen so: a statement has begun once its server has read it. */
    async function lookUntil(
      client: TestClient,
      fits: (seen: MysqlBusySession) => boolean,
    ): Promise<MysqlBusySession> {
      for (;;) {
        const seen = await look(client);
        if (seen !== undefined && fits(seen)) return seen;
        await clock.sleep(20);
      }
    }

    it('that sleeps is not active', async () => {
      expect(await look(await at.client(app))).toMatchObject({
        active: false,
        queryMs: null,
        transactionMs: null,
        definesData: false,
        locksTable: false,
        userLock: false,
        replicates: false,
      });
      expect(await activityOf(at.admin, { flavour }, [], 5_000)).toEqual([]);
    });

    it('is seen with the age of its statement', async () => {
      const client = await at.client(app);
      const asleep = client.ask('select sleep(1)');
      const first = await lookUntil(client, ({ active }) => active);
      const later = await lookUntil(client, ({ queryMs }) => (queryMs ?? 0) > 300);
      expect(later.queryMs).toBeGreaterThan(first.queryMs ?? 0);
      expect(later.definesData).toBe(false);
      await asleep;
    });

    it('is seen with the age of its statement in a transaction, not in whole seconds', async () => {
      const client = await at.client(app);
      await client.ask('begin');
      const asleep = client.ask('select sleep(0.5)');
      const { queryMs } = await lookUntil(client, ({ active }) => active);
      expect((queryMs ?? 0) % 1_000).toBeGreaterThan(0);
      await asleep;
    });

    it('is seen with the age of its transaction, from its beginning on', async () => {
      const client = await at.client(app);
      await client.ask('start transaction');
      const empty = await look(client);
      expect(empty?.transactionMs).toEqual(expect.any(Number));
      await client.ask('update t set v = v + 1');
      const later = await lookUntil(client, ({ transactionMs }) => (transactionMs ?? 0) > 100);
      expect(later).toMatchObject({ active: false, queryMs: null, locksTable: false });
      await client.ask('commit');
      await lookUntil(client, ({ transactionMs }) => transactionMs === null);
    });

    it('is seen to define data and to lock tables', async () => {
      const holder = await at.client(app);
      await holder.ask('begin');
      await holder.ask('select * from t');
      const client = await at.client(app);
      const altered = client.ask('/* by hand */ alter table t add column w int');
      await lookUntil(client, ({ definesData }) => definesData);
      await holder.ask('commit');
      await altered;
      await lookUntil(client, ({ active, definesData }) => !active && !definesData);
      await client.ask("select get_lock('mine', 0)");
      await client.ask('lock tables t write');
      expect(await look(client)).toMatchObject({ locksTable: true, userLock: true });
      await client.ask('unlock tables');
      expect(await look(client)).toMatchObject({ locksTable: false, userLock: true });
      // MariaDB shows a lock for reading as it shows that of a SELECT.
      await client.ask('create table mine (v int) engine = myisam');
      await client.ask('lock tables mine read');
      expect(await look(client)).toMatchObject({ locksTable: true, userLock: true });
      client.close();
    });

    it('is not taken to lock tables for transactions that begin while it is seen', async () => {
      await at.admin.query('create table app.busy (v int) engine = innodb');
      await at.admin.query('insert into app.busy values (0)');
      let over = false;
      const clients = await Promise.all(Array.from({ length: 8 }, () => at.client(app)));
      const load = clients.map(async (client) => {
        while (!over) {
          for (const sql of ['begin', 'select * from busy', 'update busy set v = v + 1', 'commit'])
            await client.ask(sql);
        }
      });
      const ids = clients.map(({ connectionId }) => connectionId);
      let locking = 0;
      for (let look = 0; look < 200; look += 1)
        for (const { locksTable } of await activityOf(at.admin, { flavour }, ids, 5_000))
          locking += locksTable ? 1 : 0;
      over = true;
      await Promise.all(load);
      expect(locking).toBe(0);
    });

    it('is one of the others', async () => {
      const client = await at.client(app);
      const [own] = await at.admin.ask('select connection_id()');
      const ids = (await activityOf(at.admin, { flavour }, 'others', 5_000)).map(
        ({ connectionId }) => connectionId,
      );
      expect(ids).toContain(client.connectionId);
      expect(ids).not.toContain(Number(own?.[0]));
    });
  });
});
