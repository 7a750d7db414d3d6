/** A database of the user's own, on real Postgres: loaded once, kept, copied for each server. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { createSim } from '../../sim/create-sim.js';
import { lookThrough } from '../../sim/database/look-through.js';
import { distinctNeeds, needsOfParameters } from '../../sim/database/needs.js';
import type { DumpSource, OwnDatabase } from '../../sim/database/own-database.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { Cluster, ClusterOptions } from '../../sim/sim.js';
import { UserError } from '../../sim/user-error.js';
import { temporaryFolder } from '../support/rehearse.js';

const place = temporaryFolder();
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
