/** Everything a Postgres server holds, moved to one of the next major version by dump and COPY. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { moveServer } from '../../sim/database/postgres/move/move.js';
import type { Server } from '../../sim/server/server.js';
import { postgresPair } from '../support/postgres-pair.js';

const pair = await postgresPair(systemClock());

describe.skipIf(pair === undefined)('a server moved to another major version', () => {
  const clock = systemClock();
  let from: Server;
  let to: Server;
  const clients: Client[] = [];

  const open = async (server: Server, database: string): Promise<Client> => {
    const client = new Client({ ...server.address, ...server.admin, database });
    client.on('error', () => {});
    clients.push(client);
    await client.connect();
    return client;
  };

  const one = async (client: Client, sql: string): Promise<unknown> => {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows;
  };

  beforeAll(async () => {
    if (pair === undefined) return;
    const make = (version: string): Promise<Server> =>
      pair.provider.create({ name: 'moved', engine: 'postgres', version });
    [from, to] = await Promise.all([make(pair.from), make(pair.to)]);
    await Promise.all([from.start(), to.start()]);
    const admin = await open(from, 'postgres');
    for (const sql of roles) await admin.query(sql);
    const shop = await open(from, 'shop');
    for (const sql of contents) await shop.query(sql);
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await moveServer(clock, from, to);
  });

  afterAll(async () => {
    await Promise.allSettled(clients.map((client) => client.end()));
    await pair?.provider.close();
  });

  it('keeps every row, null, newline and backslash of it', async () => {
    const [before, after] = [await open(from, 'shop'), await open(to, 'shop')];
    for (const table of ['orders', 'notes', 'parts', 'empty', '"Strange ""Name"""']) {
      const sql = `select count(*), md5(string_agg(t::text, ',' order by t::text)) from ${table} t`;
      expect(await one(after, sql)).toEqual(await one(before, sql));
    }
    expect(await one(after, 'select count(*) from parts_2')).toEqual([['2']]);
    expect(await one(after, 'select total from totals')).toEqual([['20000']]);
  });

  it('goes on where sequences were', async () => {
    const shop = await open(to, 'shop');
    expect(await one(shop, "insert into orders (what) values ('x') returning id, length")).toEqual([
      ['20001', 1],
    ]);
    expect(await one(shop, "select nextval('never_used'), nextval('used')")).toEqual([['5', '8']]);
  });

  it('keeps owners, privileges, memberships, settings and passwords', async () => {
    const admin = await open(to, 'postgres');
    const verifier = "select rolpassword from pg_authid where rolname = 'clerk'";
    expect(await one(admin, verifier)).toEqual(await one(await open(from, 'postgres'), verifier));
    const clerk = new Client({ ...to.address, user: 'clerk', password: "it's", database: 'shop' });
    clients.push(clerk);
    await clerk.connect();
    expect(await one(clerk, 'show search_path')).toEqual([['shop, public']]);
    expect(await one(clerk, 'show app.tenant')).toEqual([['7']]);
    await expect(clerk.query('select * from notes')).rejects.toMatchObject({ code: '42501' });
    expect(await one(clerk, 'select count(*) from orders')).toEqual([['20001']]);
    expect(
      await one(
        admin,
        "select pg_get_userbyid(datdba), datconnlimit from pg_database where datname = 'shop'",
      ),
    ).toEqual([['Owner', 40]]);
    expect(
      await one(
        admin,
        "select pg_has_role('clerk', 'staff', 'usage'), rolconnlimit from pg_roles " +
          "where rolname = 'clerk'",
      ),
    ).toEqual([[true, 3]]);
  });

  it('keeps large objects with their numbers', async () => {
    const shop = await open(to, 'shop');
    const sql = 'select length(lo_get(4242)), md5(lo_get(4242))';
    expect(await one(shop, sql)).toEqual(await one(await open(from, 'shop'), sql));
    expect(
      await one(shop, 'select pg_get_userbyid(lomowner) from pg_largeobject_metadata'),
    ).toEqual([['Owner']]);
  });

  it('keeps extensions, functions, triggers, keys, views and policies', async () => {
    const shop = await open(to, 'shop');
    expect(await one(shop, "select 'a=>1'::hstore -> 'a', twice(4)")).toEqual([['1', '8']]);
    await expect(shop.query('insert into notes values (99999, null)')).rejects.toMatchObject({
      code: '23503',
    });
    expect(await one(shop, 'select tgname from pg_trigger where not tgisinternal')).toEqual([
      ['stamp'],
    ]);
    expect(await one(shop, 'select polname from pg_policy')).toEqual([['own']]);
    expect(await one(shop, 'select count(*) from late')).toEqual([['1']]);
  });
});

const roles = [
  'create role staff',
  `create role "Owner" login`,
  `create role clerk login connection limit 3 password 'it''s'`,
  'grant staff to clerk with admin option',
  'alter role clerk set search_path to shop, public',
  "alter role clerk set app.tenant to '7'",
  'create database shop owner "Owner" connection limit 40',
  'create database "second one"',
];

const contents = [
  'create extension hstore',
  'set role "Owner"',
  'create table orders (id bigint generated always as identity primary key, what text,' +
    ' length int generated always as (length(what)) stored)',
  "insert into orders (what) select 'order ' || g from generate_series(1, 19998) g",
  `insert into orders (what) values (null), (E'tab\\tnewline\\nback\\\\slash \\\\. €')`,
  'create table notes (id bigint references orders, body jsonb)',
  `insert into notes values (1, '{"a": [1, null]}'), (2, null)`,
  'create table parts (id int, at date) partition by range (id)',
  'create table parts_1 partition of parts for values from (0) to (10)',
  'create table parts_2 partition of parts for values from (10) to (20)',
  "insert into parts values (1, '2026-01-31'), (11, null), (12, 'infinity')",
  'create table empty ()',
  'insert into empty default values',
  'create table "Strange ""Name""" ("a b" numeric, c bytea, d float8, e interval)',
  `insert into "Strange ""Name""" values (1.10, '\\x00ff', 0.1, '1 mon -2 days'),
    ('NaN', null, 'Infinity', '3 h')`,
  'create materialized view totals as select count(*) as total from orders',
  'create sequence never_used start 5',
  'create sequence used',
  "select setval('used', 7)",
  'create function twice(n int) returns bigint language sql begin atomic select n::bigint * 2; end',
  `create function stamp() returns trigger language plpgsql as $$ begin
    insert into late values (1); return new; end $$`,
  'create table late (id int)',
  'create trigger stamp after insert on orders for each row execute function stamp()',
  'alter table notes enable row level security',
  'create policy own on notes using (id > 0)',
  'grant select on orders to staff',
  "select lo_from_bytea(4242, convert_to(repeat('large ', 500000), 'UTF8'))",
  'grant select on large object 4242 to staff',
];
