/** A database of the user's own, on real Postgres: loaded once, kept, copied for each server. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { createSim } from '../../sim/create-sim.js';
import { lookThrough } from '../../sim/database/look-through.js';
import { distinctNeeds } from '../../sim/database/needs.js';
import type { DumpSource, OwnDatabase } from '../../sim/database/own-database.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { Cluster, ClusterOptions } from '../../sim/sim.js';
import type { UserError } from '../../sim/user-error.js';
import { temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
// The account that servers run as must come through to this test's own cache.
chmodSync(place.folder, 0o755);
const clock = systemClock();
afterAll(() => place.remove());

function file(name: string, text: string | Buffer): string {
  writeFileSync(join(place.folder, name), text);
  return name;
}

async function own(
  schema: string | null,
  data: string | DumpSource | null = null,
  refresh = false,
): Promise<OwnDatabase> {
  const look = (name: string) => lookThrough(name, place.folder, 'postgres');
  const schemaLook = schema === null ? null : await look(schema);
  const dataLook = typeof data === 'string' ? await look(data) : null;
  return {
    schema: schemaLook?.source ?? null,
    data: typeof data === 'string' ? (dataLook?.source ?? null) : data,
    needs: distinctNeeds([...(schemaLook?.needs ?? []), ...(dataLook?.needs ?? [])]),
    refresh,
  };
}

interface Opened {
  readonly cluster: Cluster;
  readonly told: readonly string[];
}

/** A cluster with that database, for as long as `use` takes. */
async function withCluster<T>(
  database: OwnDatabase,
  use: (opened: Opened) => Promise<T>,
  options: Partial<ClusterOptions> & { stop?: AbortSignal } = {},
): Promise<T> {
  const told: string[] = [];
  const provider = embeddedProvider({
    clock,
    offline: true,
    cacheDir: join(place.folder, 'cache'),
  });
  const sim = createSim({ clock, seed: 'test', emit: () => undefined, provider });
  const { stop, ...rest } = options;
  try {
    const cluster = await sim.createCluster({
      identifier: 'own',
      engine: 'aurora-postgresql',
      server: 'postgres',
      version: '17.4',
      database: {
        own: database,
        tell: (text) => told.push(text),
        ...(stop === undefined ? {} : { stop }),
      },
      ...rest,
    });
    return await use({ cluster, told });
  } finally {
    await sim.close();
    await provider.close();
  }
}

/** Asks as the application does: through the endpoint. */
async function ask({ cluster }: Opened, sql: string): Promise<unknown[][]> {
  const { host, port } = cluster.writer;
  const client = new Client({ host, port, ...cluster.application });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

const tables = Array.from({ length: 200 }, (_, index) => `table_${index}`);

/** As pg_dump 17 writes it. */
function bigSchema(): string {
  const each = tables.map(
    (name) => `CREATE TABLE public.${name} (id bigint NOT NULL, note text);
ALTER TABLE public.${name} OWNER TO orders_owner;
ALTER TABLE ONLY public.${name} ADD CONSTRAINT ${name}_pkey PRIMARY KEY (id);`,
  );
  return `\\restrict abc
SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;
COMMENT ON EXTENSION pgcrypto IS 'cryptographic functions';
${each.join('\n')}
CREATE FUNCTION public.two() RETURNS int LANGUAGE sql AS $$ SELECT 2; $$;
ALTER FUNCTION public.two() OWNER TO orders_owner;
GRANT SELECT ON TABLE public.table_0 TO reporting;
\\unrestrict abc
`;
}

function bigData(): string {
  const each = tables.map(
    (name) => `COPY public.${name} (id, note) FROM stdin;\n1\tfirst of ${name}\n2\t\\N\n\\.\n`,
  );
  return `${each.join('\n')}`;
}

describe('a dump with 200 tables and a data file', () => {
  beforeAll(() => {
    file('schema.sql', bigSchema());
    file('data.sql.gz', gzipSync(bigData()));
  });

  test('is loaded once, belongs to the application, and is reused', async () => {
    const database = await own('schema.sql', 'data.sql.gz');
    const first = await withCluster(database, async (opened) => {
      expect(opened.cluster.database).toMatchObject({ reused: false, tables: 200, rows: 400 });
      const owners = `select count(*)::int, min(tableowner), max(tableowner)
        from pg_tables where schemaname = 'public'`;
      expect(await ask(opened, owners)).toEqual([[200, 'app', 'app']]);
      expect(await ask(opened, 'select id::int, note from table_7 order by id')).toEqual([
        [1, 'first of table_7'],
        [2, null],
      ]);
      await ask(opened, 'alter table table_3 add column mine int');
      await ask(opened, 'drop function two()');
      const role =
        'select rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user';
      expect(await ask(opened, role)).toEqual([[false, false, false]]);
      const loader = "select count(*)::int from pg_roles where rolname = 'rehearse_loader'";
      expect(await ask(opened, loader)).toEqual([[0]]);
      const extension =
        "select pg_get_userbyid(extowner) from pg_extension where extname = 'pgcrypto'";
      expect(await ask(opened, extension)).toEqual([['rdsadmin']]);
      return opened.told;
    });
    expect(first).toContainEqual(expect.stringContaining('loading schema.sql and data.sql.gz'));
    expect(first).toContainEqual(
      'left out 201: changes of owner: the application owns what was loaded',
    );
    expect(first).toContainEqual(expect.stringContaining('roles reporting'));
    await withCluster(database, async (opened) => {
      expect(opened.cluster.database).toEqual({
        reused: true,
        tables: 200,
        rows: 400,
        loadedMs: null,
      });
      expect(opened.told).toEqual([]);
      // What the first application did to its copy is not in the next.
      expect(await ask(opened, 'select two()')).toEqual([[2]]);
      expect(await ask(opened, 'select * from table_3 limit 0')).toEqual([]);
    });
  });

  test('another byte of it is another content', async () => {
    file('data-2.sql', `${bigData()}INSERT INTO table_0 VALUES (3, 'more');\n`);
    await withCluster(await own('schema.sql', 'data-2.sql'), async ({ cluster }) => {
      expect(cluster.database).toMatchObject({ reused: false, rows: 401 });
    });
  });
});

describe('what a dump takes for granted', () => {
  test('databases, roles, subscriptions and newer settings of its own server', async () => {
    file(
      'all.sql',
      `CREATE ROLE orders_owner;
ALTER ROLE orders_owner WITH SUPERUSER LOGIN PASSWORD 'md5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
ALTER ROLE rdsadmin WITH NOLOGIN;
CREATE DATABASE orders WITH TEMPLATE = template0;
ALTER DATABASE orders OWNER TO orders_owner;
ALTER DATABASE orders SET work_mem TO '7MB';
\\connect template1
SET some_setting_of_version_99 = 0;
\\connect orders
CREATE SCHEMA public;
SET SESSION AUTHORIZATION seller;
CREATE TABLE public.of_seller (id int);
RESET SESSION AUTHORIZATION;
CREATE SCHEMA shop AUTHORIZATION seller;
CREATE TABLE public.guarded (who text);
CREATE POLICY mine ON public.guarded TO auditor USING (who = current_user);
CREATE SUBSCRIPTION s CONNECTION 'host=db.example.com' PUBLICATION p;
CREATE PUBLICATION everything FOR ALL TABLES;
GRANT CONNECT ON DATABASE orders TO auditor;
`.replaceAll('\\\\', '\\'),
    );
    await withCluster(await own('all.sql'), async (opened) => {
      const schemas = "select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'shop'";
      expect(await ask(opened, schemas)).toEqual([['app']]);
      expect(await ask(opened, 'show work_mem')).toEqual([['7MB']]);
      const owners =
        "select tablename, tableowner from pg_tables where schemaname = 'public' order by 1";
      expect(await ask(opened, owners)).toEqual([
        ['guarded', 'app'],
        ['of_seller', 'app'],
      ]);
      expect(await ask(opened, 'select count(*)::int from pg_stat_subscription')).toEqual([[0]]);
      expect(opened.told).toContainEqual(expect.stringContaining('left out 1: subscriptions'));
      expect(opened.told).toContainEqual(expect.stringContaining('roles seller, auditor'));
    });
  });

  test('another character set than UTF-8, and a folder in the order of names', async () => {
    mkdirSync(join(place.folder, 'parts', 'later'), { recursive: true });
    const latin = Buffer.from(
      "SET client_encoding = 'LATIN1';\nINSERT INTO public.t VALUES ('caf\u00e9');\n",
      'latin1',
    );
    file('parts/2.sql', latin);
    file(
      'parts/1.sql',
      "SELECT set_config('search_path', '', false);\nCREATE TABLE public.t (a text);",
    );
    file('parts/later/3.sql.gz', gzipSync("INSERT INTO t VALUES ('later');"));
    file('parts/notes.txt', 'no SQL');
    await withCluster(await own('parts'), async (opened) => {
      expect(await ask(opened, 'select a from t order by a')).toEqual([['caf\u00e9'], ['later']]);
    });
  });
});

describe('what does not load says where, and leaves nothing', () => {
  test.each([
    [
      'a statement',
      'CREATE TABLE t (a int);\n\nCREATE TABEL u (b int);\n',
      /bad\.sql, line 3: "CREATE TABEL u \(b int\)" failed: syntax error/,
    ],
    [
      'a row',
      'CREATE TABLE t (a int);\nCOPY t FROM stdin;\n1\nx\n\\.\n',
      /bad\.sql, line 2: .*invalid input syntax.*COPY t, line 2, column a/,
    ],
    [
      'a command of psql',
      '\\i other.sql\n',
      /bad\.sql, line 1: .*a command of psql, which is not used here/,
    ],
    [
      'a second database',
      '\\connect a\nSELECT 1;\n\\connect b\n',
      /line 3: .*second database, b, after a/,
    ],
    ['an open transaction', 'BEGIN;\nCREATE TABLE t (a int);\n', /leaves a transaction open/],
  ])('%s', async (_, sql, said) => {
    file('bad.sql', sql);
    const error = await withCluster(await own('bad.sql'), async () => 'loaded').catch((one) => one);
    expect(error).toMatchObject({ code: 'SCHEMA_FAILED', exit: 'environment' });
    expect((error as UserError).what).toMatch(said);
  });

  test('an extension that no server here has, before anything starts', async () => {
    file('geo.sql', 'CREATE TABLE t (a int);\nCREATE EXTENSION "postgis";\n');
    const error = await withCluster(await own('geo.sql'), async () => 'loaded').catch((one) => one);
    expect(error).toMatchObject({ code: 'EXTENSION_MISSING' });
    expect((error as UserError).what).toBe(
      'PostgreSQL 17.4 does not have the extension postgis (geo.sql, line 2).',
    );
  });

  test('a file that changed since the run was planned', async () => {
    file('moving.sql', 'CREATE TABLE t (a int);');
    const planned = await own('moving.sql');
    file('moving.sql', 'CREATE TABLE t (b int);');
    const error = await withCluster(planned, async () => 'loaded').catch((one) => one);
    expect(error).toMatchObject({ code: 'DUMP_CHANGED' });
  });

  test('a load that is given up ends at once', async () => {
    file('slow.sql', 'SELECT pg_sleep(600);');
    const stop = new AbortController();
    const planned = await own('slow.sql');
    const running = withCluster(planned, async () => 'loaded', { stop: stop.signal }).catch(
      (one) => one,
    );
    await clock.sleep(3_000);
    stop.abort(new Error('enough'));
    expect(await running).toMatchObject({ message: 'enough' });
  });
});

describe('the output of a command', () => {
  const command = (text: string): DumpSource => ({
    kind: 'command',
    command: text,
    folder: place.folder,
  });

  test('is loaded once, and again when that is asked for', async () => {
    file('counter', '');
    file('t.sql', 'CREATE TABLE t (a text);');
    const counting = [
      ...['echo x >>counter', 'echo "INSERT INTO t VALUES (\'$(wc -l <counter)\');"'],
      'echo "to $REHEARSE_DATABASE_URL" >&2',
    ].join('; ');
    const seen = async (refresh: boolean): Promise<unknown[]> =>
      withCluster(await own('t.sql', command(counting), refresh), async (opened) => {
        const [row] = await ask(opened, 'select trim(a)::int from t');
        return [row?.[0], opened.cluster.database?.reused, opened.told];
      });
    expect(await seen(false)).toEqual([
      1,
      false,
      [expect.any(String), 'the data command says: to $REHEARSE_DATABASE_URL'],
    ]);
    expect(await seen(false)).toEqual([1, true, []]);
    expect((await seen(true)).slice(0, 2)).toEqual([2, false]);
    expect((await seen(false)).slice(0, 2)).toEqual([2, true]);
  });

  test('that fails, says why; nothing is kept', async () => {
    const failing = command("echo 'SELECT 1;'; echo 'no such host' >&2; exit 3");
    const error = await withCluster(await own(null, failing), async () => 'loaded').catch(
      (one) => one,
    );
    expect(error).toMatchObject({ code: 'DATA_COMMAND_FAILED' });
    expect((error as UserError).what).toBe(
      'The command of --data ended with 3. It said: no such host',
    );
  });
});

describe('the application like the first user on RDS', () => {
  test('makes databases and roles, and is no superuser', async () => {
    file('plain.sql', 'CREATE TABLE t (a int);');
    const database = await own('plain.sql');
    await withCluster(
      database,
      async (opened) => {
        const may = `select rolsuper, rolcreatedb, rolcreaterole,
        pg_has_role(current_user, 'rds_superuser', 'member'),
        pg_has_role(current_user, 'pg_monitor', 'usage')
        from pg_roles where rolname = current_user`;
        expect(await ask(opened, may)).toEqual([[false, true, true, true, true]]);
        await ask(opened, 'create role somebody');
        await ask(opened, 'grant rds_superuser to somebody');
        await expect(ask(opened, 'create role other superuser')).rejects.toThrow(
          /permission denied/,
        );
      },
      { userLike: 'rds-master' },
    );
    await withCluster(database, async (opened) => {
      expect(opened.cluster.database?.reused).toBe(true);
      await expect(ask(opened, 'create role somebody')).rejects.toThrow(/permission denied/);
    });
  });
});
