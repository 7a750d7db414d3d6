/** A database of the user's own, on real MySQL and MariaDB: loaded once, kept, copied. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { createSim } from '../../sim/create-sim.js';
import { lookThrough } from '../../sim/database/look-through.js';
import type { OwnDatabase } from '../../sim/database/own-database.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { Cluster, ClusterOptions } from '../../sim/sim.js';
import type { UserError } from '../../sim/user-error.js';
import { program } from '../support/programs.js';
import { temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
// The account that servers run as must come through to this test's own cache.
chmodSync(place.folder, 0o755);
const clock = systemClock();
afterAll(() => place.remove());

const file = (name: string, text: string | Buffer): string => {
  writeFileSync(join(place.folder, name), text);
  return name;
};

async function own(schema: string, data: string | null = null): Promise<OwnDatabase> {
  const looked = await lookThrough(schema, place.folder, 'mysql');
  const more = data === null ? null : await lookThrough(data, place.folder, 'mysql');
  return {
    schema: looked.source,
    data: more?.source ?? null,
    needs: [...looked.needs, ...(more?.needs ?? [])],
    refresh: false,
  };
}

interface Opened {
  readonly cluster: Cluster;
  readonly told: readonly string[];
}

/** As mysqldump and mariadb-dump write it, of a server with other accounts and another database. */
const tables = Array.from({ length: 200 }, (_, index) => `table_${index}`);
const bigSchema = `/*M!999999\\- enable the sandbox mode */
-- a dump
/*!40101 SET NAMES utf8mb4 */;
SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;
SET @@SESSION.SQL_LOG_BIN= 0;
SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77';
CREATE DATABASE /*!32312 IF NOT EXISTS*/ \`or_ders\` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE \`or_ders\`;
${tables
  .map(
    (name) => `DROP TABLE IF EXISTS \`${name}\`;
CREATE TABLE \`${name}\` (id bigint NOT NULL PRIMARY KEY, note text, bin blob) ENGINE=InnoDB;`,
  )
  .join('\n')}
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=\`shop_owner\`@\`10.%\`*/ 
/*!50003 TRIGGER stamp BEFORE INSERT ON table_1
FOR EACH ROW BEGIN SET NEW.note = concat('stamped; ', NEW.note); END */;;
DELIMITER ;
/*!50001 CREATE ALGORITHM=UNDEFINED DEFINER=\`shop_owner\`@\`10.%\`
SQL SECURITY DEFINER VIEW seen AS select id from table_0 */;
/*!50001 CREATE DEFINER=\`root\`@\`localhost\` VIEW of_root AS select id from table_0 */;
USE mysql;
INSERT INTO user VALUES ('nonsense');
SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN;
`;
const rows = tables.map(
  (name) => `INSERT INTO or_ders.${name} VALUES (1,'it\\'s; caf\u00e9',NULL),(2,NULL,NULL);`,
);
const bigData = Buffer.concat([
  Buffer.from(`${rows.join('\n')}\nINSERT INTO or_ders.table_2 VALUES (3,'raw',_binary '`),
  Buffer.from([0xff, 0xfe, 0x80, 0x5c, 0x27, 0x5c, 0x30]),
  Buffer.from("');\n"),
]);

for (const flavour of ['mysql', 'mariadb'] as const) {
  describe.skipIf(program(flavour) === undefined)(`on ${flavour}`, () => {
    async function withCluster<T>(
      database: OwnDatabase,
      use: (opened: Opened) => Promise<T>,
      options: Partial<ClusterOptions> = {},
    ): Promise<T> {
      const told: string[] = [];
      const cacheDir = join(place.folder, 'cache');
      const provider = embeddedProvider({ clock, offline: true, cacheDir });
      const offers = await provider.offers();
      const version = offers.find(({ engine }) => engine === flavour)?.version ?? '';
      const sim = createSim({ clock, seed: 'test', emit: () => undefined, provider });
      try {
        const cluster = await sim.createCluster({
          identifier: 'own',
          engine: 'aurora-mysql',
          server: flavour,
          version,
          database: { own: database, tell: (text) => told.push(text) },
          ...options,
        });
        return await use({ cluster, told });
      } finally {
        await sim.close();
        await provider.close();
      }
    }

    /** Asks as the application does: through the endpoint. */
    async function ask({ cluster }: Opened, sql: string): Promise<unknown> {
      const { host, port } = cluster.writer;
      const connection = await createConnection({ host, port, ...cluster.application });
      try {
        return (await connection.query({ sql, rowsAsArray: true }))[0];
      } finally {
        await connection.end();
      }
    }

    test('200 tables are loaded once, with their rows, and reused', async () => {
      file('schema.sql', bigSchema);
      file('data.sql', bigData);
      const database = await own('schema.sql', 'data.sql');
      await withCluster(database, async (opened) => {
        expect(opened.cluster.database).toMatchObject({ reused: false, tables: 200, rows: 401 });
        // It is the dump's own database that the application opens.
        expect(await ask(opened, 'select database()')).toEqual([['or_ders']]);
        expect(await ask(opened, 'select note from table_7 where id = 1')).toEqual([
          ["it's; caf\u00e9"],
        ]);
        expect(await ask(opened, 'select hex(bin) from table_2 where id = 3')).toEqual([
          ['FFFE802700'],
        ]);
        expect(await ask(opened, 'select note from table_1 where id = 1')).toEqual([
          ["stamped; it's; caf\u00e9"],
        ]);
        expect(await ask(opened, 'select count(*) from seen')).toEqual([[2]]);
        await ask(opened, 'drop table table_5');
        await expect(ask(opened, 'select * from mysql.user')).rejects.toThrow(/denied/);
        await expect(ask(opened, 'create database another')).rejects.toThrow(/denied/);
        expect(opened.told).toContainEqual(expect.stringContaining('left out 1: GTIDs'));
        expect(opened.told).toContainEqual(expect.stringContaining('own databases'));
        expect(opened.told).toContainEqual(expect.stringContaining("'shop_owner'@'10.%'"));
      });
      await withCluster(database, async (opened) => {
        expect(opened.told).toEqual([]);
        expect(opened.cluster.database).toMatchObject({ reused: true, tables: 200, rows: 401 });
        expect(await ask(opened, 'select count(*) from table_5')).toEqual([[2]]);
        expect(await ask(opened, 'select count(*) from of_root')).toEqual([[2]]);
      });
    });

    test('what fails says where', async () => {
      file('bad.sql', 'CREATE TABLE t (a int);\n\nCREATE TABEL u (b int);\n');
      const error = await withCluster(await own('bad.sql'), async () => 'loaded').catch(
        (one) => one,
      );
      expect(error).toMatchObject({ code: 'SCHEMA_FAILED', exit: 'environment' });
      expect((error as UserError).what).toMatch(
        /^bad\.sql, line 3: "CREATE TABEL u \(b int\)" failed: .*\(1064\)/,
      );
    });

    test('a dump that leaves no table, or ends the server, is an error that says so', async () => {
      file('empty.sql', '-- nothing\n');
      file('ends.sql', 'CREATE TABLE t (a int);\nSHUTDOWN;\nCREATE TABLE u (b int);\n');
      for (const [name, code] of [
        ['empty.sql', 'DATABASE_EMPTY'],
        ['ends.sql', 'SCHEMA_FAILED'],
      ] as const) {
        const error = await withCluster(await own(name), async () => 'loaded').catch((one) => one);
        expect(error).toMatchObject({ code, what: expect.stringContaining(name) });
      }
    });

    test('a plugin and a storage engine that are not there are named', async () => {
      file('plugin.sql', "INSTALL PLUGIN x SONAME 'no_such_thing.so';");
      file('engine.sql', 'CREATE TABLE t (a int) ENGINE=NoSuchEngine;');
      for (const [name, what] of [
        ['plugin.sql', /the plugin library no_such_thing \(plugin\.sql, line 1\)/],
        ['engine.sql', /the storage engine NoSuchEngine \(engine\.sql, line 1\)/],
      ] as const) {
        const error = await withCluster(await own(name), async () => 'loaded').catch((one) => one);
        expect(error).toMatchObject({ code: 'PLUGIN_MISSING', what: expect.stringMatching(what) });
      }
    });

    test('an application like the first user on RDS', async () => {
      file('plain.sql', 'CREATE TABLE t (a int);');
      const database = await own('plain.sql');
      await withCluster(
        database,
        async (opened) => {
          expect(await ask(opened, 'select database()')).toEqual([['app']]);
          await ask(opened, 'create database another');
        },
        { userLike: 'rds-master' },
      );
    });
  });
}
