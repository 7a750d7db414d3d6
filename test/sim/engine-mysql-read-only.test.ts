/**
 * What a flip of read_only does to sessions of real servers. The MySQL manual lets one expect that
 * it waits for open transactions; it does not. See docs/decisions.md.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flavours } from '../../sim/engine/flavours.js';
import { activityOf } from '../../sim/engine/mysql/activity.js';
import { createApplication } from '../../sim/engine/mysql/roles.js';
import { clock, startMysql, type TestServer } from '../support/mysql-server.js';
import { program } from '../support/programs.js';

const app = { user: 'app', password: 'app-password', database: 'app' };

describe.each(flavours)('%s', (flavour) => {
  describe.skipIf(program(flavour) === undefined)('SET GLOBAL read_only = 1', () => {
    let at: TestServer;

    beforeAll(async () => {
      at = await startMysql(flavour);
      await createApplication(at.admin, app, app.database);
      await at.admin.query('create table app.t (id int auto_increment primary key, v int)');
      await at.admin.query('create table app.other (id int)');
    });
    afterAll(() => at?.close());

    /** Comes back once it is through; a flip that waits for its caller fails here. */
    async function flip(): Promise<void> {
      await at.admin.query('set global read_only = 1', [], 20_000);
    }

    /** Flips behind what holds it up, until `release` is done. */
    async function flipBehind(release: () => Promise<void>): Promise<void> {
      let done = false;
      const flipped = flip().then(() => {
        done = true;
      });
      await Promise.race([flipped, clock.sleep(1_000)]);
      expect(done, 'the flip came back').toBe(false);
      await release();
      await flipped;
    }

    async function back(): Promise<void> {
      await at.admin.query('set global read_only = 0');
    }

    const readOnly = { number: 1290, message: expect.stringContaining('--read-only') };

    it('waits for no open write transaction, whose COMMIT then fails with 1290', async () => {
      const client = await at.client(app);
      await client.ask('begin');
      await client.ask('insert into t (v) values (100)');
      await flip();
      await expect(client.ask('commit')).rejects.toMatchObject(readOnly);
      await expect(client.ask('insert into t (v) values (101)')).rejects.toMatchObject(readOnly);
      await back();
      // The COMMIT that failed was a rollback: there is nothing left to commit.
      await client.ask('commit');
      expect(await client.ask('select count(*) from t where v >= 100')).toEqual([['0']]);
    });

    it('waits for a statement that is writing, and lets it end', async () => {
      const client = await at.client(app);
      const ids = [client.connectionId];
      const write = client.ask('insert into other select sleep(3)');
      const running = async (): Promise<boolean> =>
        (await activityOf(at.admin, { flavour }, ids, 5_000)).some(({ active }) => active);
      while (!(await running())) await clock.sleep(20);
      await flipBehind(async () => void (await write));
      await back();
    });

    it('makes new writers wait while it waits itself, and then fail; BEGIN does not', async () => {
      const [holder, writer] = [await at.client(app), await at.client(app)];
      await holder.ask('lock tables t write');
      await flipBehind(async () => {
        await writer.ask('begin');
        const write = writer.ask('insert into other values (1)').catch((error: unknown) => error);
        const first = await Promise.race([write, clock.sleep(500).then(() => 'waits')]);
        expect(first).toBe('waits');
        await holder.ask('unlock tables');
        expect(await write).toMatchObject(readOnly);
      });
      await back();
    });

    it('is refused to one who has a transaction open or tables locked', async () => {
      for (const sql of ['begin', 'lock tables app.t write']) {
        await at.admin.query(sql);
        if (sql === 'begin') await at.admin.query('insert into app.other values (1)');
        await expect(at.admin.query('set global read_only = 1')).rejects.toMatchObject({
          number: 1192,
        });
        await at.admin.query(sql === 'begin' ? 'rollback' : 'unlock tables');
      }
    });

    it('leaves reading transactions alone', async () => {
      const client = await at.client(app);
      await client.ask('begin');
      await client.ask('select count(*) from t');
      await flip();
      await client.ask('commit');
      await client.ask('create temporary table passing (id int)');
      await client.ask('insert into passing values (1)');
      await back();
    });

    it('waits for LOCK TABLES WRITE to end', async () => {
      const client = await at.client(app);
      await client.ask('lock tables t write');
      await flipBehind(async () => void (await client.ask('unlock tables')));
      await back();
    });

    it('does not bind those who may bypass it', async () => {
      await flip();
      await at.admin.query('insert into app.t (v) values (200)');
      await at.admin.query('delete from app.t where v = 200');
      await back();
    });
  });
});
