/** Programs that others wrote, through the MySQL endpoint and over patches. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type mysql from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import {
  type MysqlWorld,
  openOfferedWorld,
  pause,
  row,
  sessionsTold,
  until,
} from '../support/mysql-world.js';
import { program, type Ran, run } from '../support/programs.js';

const cli = program('mariadb-client');
const sysbench = program('sysbench');
const tables = 2;
const threads = 8;

/** Clients that write, open transactions, prepare and ask for what they have set, each its own. */
class MixedLoad {
  readonly errors = new Map<string, number>();
  readonly acknowledged: number[] = [];
  #next = 1;
  #over = false;

  async run(clients: readonly mysql.Connection[]): Promise<void> {
    for (const [who, client] of clients.entries()) await client.query(`set @who = ${who}`);
    const kinds = [this.#writes, this.#opensTransactions, this.#prepares, this.#asks];
    await Promise.all(
      clients.map(async (client, who) => {
        while (!this.#over) await kinds[who % kinds.length]?.call(this, client, who);
      }),
    );
  }

  async end(running: Promise<void>): Promise<void> {
    this.#over = true;
    await running;
  }

  /** @returns the number of its error, counted; undefined where it went well */
  async #attempt(work: () => Promise<unknown>): Promise<number | undefined> {
    try {
      await work();
      return undefined;
    } catch (error) {
      const { errno, code, message } = error as Error & { errno?: number; code?: string };
      const name = String(errno ?? code ?? message);
      this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
      return errno ?? -1;
    }
  }

  async #writes(client: mysql.Connection, who: number): Promise<void> {
    const id = this.#next++;
    const failed = await this.#attempt(() =>
      client.query(`insert into ledger values (${id}, ${who})`),
    );
    if (failed === undefined) this.acknowledged.push(id);
  }

  async #opensTransactions(client: mysql.Connection, who: number): Promise<void> {
    const id = this.#next++;
    const failed = await this.#attempt(async () => {
      await client.query('begin');
      await client.query(`insert into ledger values (${id}, ${who})`);
      await pause(5);
      await client.query('commit');
    });
    if (failed === undefined) this.acknowledged.push(id);
  }

  async #prepares(client: mysql.Connection): Promise<void> {
    const sql = 'select ? + ? as n';
    const failed = await this.#attempt(async () => {
      expect((await client.execute(sql, [20, 22]))[0]).toEqual([{ n: 42 }]);
    });
    if (failed === 1243) client.unprepare(sql);
  }

  async #asks(client: mysql.Connection, who: number): Promise<void> {
    await this.#attempt(async () => {
      expect(await row(client, 'select @who')).toEqual([who]);
    });
  }
}

for (const flavour of ['mariadb', 'mysql'] as const)
  describe.skipIf(program(flavour) === undefined)(`clients on ${flavour}`, () => {
    let world: MysqlWorld;
    let folder: string;
    beforeAll(async () => {
      world = await openOfferedWorld(flavour, { parameters: { local_infile: 'ON' } });
      folder = mkdtempSync(join(tmpdir(), 'rehearse-test-'));
      writeFileSync(join(folder, 'ca.pem'), world.cluster.caPem);
    });
    afterEach(() => world?.clear());
    afterAll(async () => {
      await world?.close();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    });

    const record = (): ClusterRecord => world.cluster as ClusterRecord;

    async function patches(count: number): Promise<void> {
      for (let done = 0; done < count; done++) {
        expect(await world.patch().finished).toEqual({ status: 'succeeded', reason: null });
        await pause(500);
      }
    }

    describe.skipIf(cli === undefined)('the command-line client', () => {
      const ask = (args: string[], changes: string[] = []): Promise<Ran> => {
        const { host, port } = world.cluster.writer;
        const { user, password, database } = world.cluster.application;
        const login = [`-h${host}`, `-P${port}`, `-u${user}`, ...changes, database];
        return run(cli ?? '', ['--no-defaults', '-BN', ...login, ...args], {
          MYSQL_PWD: password,
        });
      };

      it.each([
        ['without TLS', '--skip-ssl', false],
        ['with TLS', '--ssl', true],
        ['with the authority alone trusted', '--ssl-ca', true],
      ])('logs in %s', async (_, option, encrypted) => {
        const tls = option === '--ssl-ca' ? [`--ssl-ca=${join(folder, 'ca.pem')}`] : [option];
        const ran = await ask(['-e', 'select 41 + 1; \\s'], tls);
        expect([ran.status, ran.stderr]).toEqual([0, '']);
        expect(ran.stdout).toMatch(/^42$/m);
        expect(/Cipher in use is/.test(ran.stdout)).toBe(encrypted);
      });

      it('loads a local file and gives it back', async () => {
        const file = join(folder, 'rows.tsv');
        const lines = Array.from({ length: 5_000 }, (_, n) => `${n}\t${'x'.repeat(500)}`);
        writeFileSync(file, `${lines.join('\n')}\n`);
        const load = `create table f (n int primary key, t text);
          load data local infile '${file}' into table f; select * from f order by n;`;
        const ran = await ask(['-e', load], ['--local-infile=1']);
        expect([ran.status, ran.stderr]).toEqual([0, '']);
        expect(ran.stdout).toBe(readFileSync(file, 'utf8'));
      });

      it('waits through a patch in the middle of a script', async () => {
        const script = Array.from({ length: 40 }, (_, n) => `select ${n}, @v; do sleep(0.05);`);
        const running = ask(['-e', `set @v = 'mine'; ${script.join(' ')}`]);
        await until(() => record().endpoint.sessions.length === 1, 'its session');
        await patches(1);
        const { status, stderr, stdout } = await running;
        expect([status, stderr]).toEqual([0, '']);
        expect(stdout).toBe(script.map((_, n) => `${n}\tmine\n`).join(''));
      });
    });

    describe('a mixed load of mysql2', () => {
      it('sees in four patches what is documented, and no connection is lost', async () => {
        const admin = await world.superuser();
        await admin.query('create table app.ledger (id bigint primary key, who int) engine=InnoDB');
        const clients = await Promise.all(Array.from({ length: 8 }, () => world.client()));
        const ids = clients.map(({ threadId }) => threadId);
        const load = new MixedLoad();
        const running = load.run(clients);
        await pause(300);
        await patches(4);
        await load.end(running);
        const documented = ['1105', '1243', '1317'];
        expect([...load.errors.keys()].filter((name) => !documented.includes(name))).toEqual([]);
        expect(load.errors.get('1243')).toBeGreaterThanOrEqual(4);
        expect(clients.map(({ threadId }) => threadId)).toEqual(ids);
        expect(sessionsTold(world.told, 'dropped')).toEqual([]);
        const [rows] = await (await world.client()).query('select id from ledger');
        const kept = new Set((rows as { id: number }[]).map(({ id }) => id));
        expect(load.acknowledged.filter((id) => !kept.has(id))).toEqual([]);
        expect(load.acknowledged.length).toBeGreaterThan(20);
      });
    });

    describe.skipIf(sysbench === undefined)('sysbench, 8 threads read-write', () => {
      const bench = (command: string, more: string[] = [], msMax = 120_000): Promise<Ran> => {
        const { host, port } = world.cluster.writer;
        const { user, password, database } = world.cluster.application;
        const common = {
          'mysql-host': host,
          'mysql-port': port,
          'mysql-user': user,
          'mysql-password': password,
          'mysql-db': database,
          tables,
          'table-size': 2_000,
          threads,
        };
        const args = Object.entries(common).map(([name, value]) => `--${name}=${value}`);
        return run(sysbench ?? '', ['oltp_read_write', ...args, ...more, command], {}, msMax);
      };
      beforeAll(async () => {
        const ran = await bench('prepare');
        expect(ran.stdout + ran.stderr).not.toMatch(/FATAL/);
      }, 60_000);
      const busy = (): Promise<void> =>
        until(() => record().endpoint.sessions.length >= threads, 'eight sessions').then(() =>
          pause(1_000),
        );

      it('is never reconnected across three patches', async () => {
        const running = bench('run', [
          `--time=${flavour === 'mysql' ? 35 : 12}`,
          '--db-ps-mode=disable',
          '--mysql-ignore-errors=1105,1317,1213,1205',
        ]);
        await busy();
        const ids = record().endpoint.sessions.map(({ id }) => id);
        await patches(3);
        expect(record().endpoint.sessions.map(({ id }) => id)).toEqual(ids);
        const { stdout, stderr, status } = await running;
        expect([status, stderr], stdout).toEqual([0, '']);
        expect(stdout).toMatch(/reconnects: +0 /);
        // Transactions that the patches ended, and its own deadlocks.
        expect(Number(/ignored errors: +(\d+)/.exec(stdout)?.[1])).toBeGreaterThan(0);
        expect(sessionsTold(world.told, 'dropped')).toEqual([]);
        expect(sessionsTold(world.told, 'preserved').length).toBe(3 * threads);
      }, 120_000);

      it('with prepared statements keeps its connections, and gets 1243 ever after', async () => {
        const ignored = '--mysql-ignore-errors=1105,1317,1213,1205,1243';
        // It tries again and again, and looks at no clock meanwhile: it has to be ended.
        const running = bench('run', ['--time=0', '--report-interval=1', ignored], 15_000);
        await busy();
        await patches(1);
        const lines = (await running).stdout
          .split('\n')
          .filter((line) => line.includes('reconn/s'));
        expect(lines.filter((line) => !line.endsWith('reconn/s: 0.00'))).toEqual([]);
        const [, tps, errors] = /tps: ([\d.]+) .* err\/s: ([\d.]+)/.exec(lines.at(-1) ?? '') ?? [];
        expect([Number(tps), Number(errors) > 0]).toEqual([0, true]);
        expect(sessionsTold(world.told, 'dropped')).toEqual([]);
      }, 60_000);
    });
  });
