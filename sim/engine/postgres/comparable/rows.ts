/** The rows of a Postgres server's tables, and the sequences that number them. */
import type { Counter, ReadWay, TableRead, TableShape } from '../../comparable.js';
import type { Admin } from '../admin.js';
import { identifier } from '../examine.js';
import { usersOwn } from './items.js';

const answerMsMax = 30_000;

/** What a session is set to, so that two servers write the same value in the same way. */
export const alike = [
  "set timezone = 'UTC'",
  "set datestyle = 'ISO, MDY'",
  "set intervalstyle = 'postgres'",
  "set bytea_output = 'hex'",
  'set extra_float_digits = 1',
  "set lc_monetary = 'C'",
  "set search_path = ''",
  'set default_transaction_read_only = on',
  'set row_security = off',
].join('; ');

interface ShapeRow {
  readonly name: string;
  readonly columns: string[];
  readonly key: string[];
  readonly rows: number;
  readonly bytes: number;
}

/** Tables of the connection's database that have rows of their own: no parents of partitions. */
export async function tableShapes(admin: Admin): Promise<TableShape[]> {
  const rows = await admin.query<ShapeRow>(
    `select format('%I.%I', n.nspname, c.relname) as name, c.reltuples::float8 as rows,
      pg_catalog.pg_table_size(c.oid)::float8 as bytes,
      array(select a.attname::text from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by 1) as columns,
      array(select a.attname::text from pg_catalog.pg_index i,
          lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, at)
          join pg_catalog.pg_attribute a on a.attnum = k.attnum
        where i.indrelid = c.oid and a.attrelid = c.oid and i.indisprimary order by k.at) as key
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence <> 't' and ${usersOwn} order by 1`,
    [],
    answerMsMax,
  );
  return rows.map(({ rows: estimated, ...shape }) => ({
    ...shape,
    rowsEstimated: estimated < 0 ? null : estimated,
  }));
}

/**
 * Reads a table in one statement. The checksum does not depend on the order of its rows.
 * @throws the driver's error, also where it takes longer
 */
export async function readTable(
  admin: Admin,
  { name, key }: TableShape,
  columns: readonly string[],
  way: ReadWay,
  timeoutMs: number,
): Promise<TableRead> {
  const listed = columns.map(identifier).join(', ');
  // Each time: a connection that was lost is opened again without saying so.
  await admin.query(`${alike}; set statement_timeout = ${Math.ceil(timeoutMs)}`);
  const newest =
    way.way === 'newest'
      ? `order by ${key.map((one) => `${identifier(one)} desc`).join(', ')} limit ${way.rowsMax}`
      : '';
  const [read] = await admin.query<{ rows: string; checksum: string }>(
    'select count(*)::text as rows, coalesce(sum(hashtextextended(' +
      `row(${listed})::text collate "C", 0)::numeric), 0)::text as checksum ` +
      `from (select ${listed === '' ? '1' : listed} from only ${name} ${newest}) as one`,
    [],
    timeoutMs,
  );
  const checksum = read?.checksum ?? '';
  if (way.way === 'whole') return { rows: read?.rows ?? null, checksum };
  const [all] = way.isCounted
    ? await admin.query<{ rows: string }>(
        `select count(*)::text as rows from only ${name}`,
        [],
        timeoutMs,
      )
    : [];
  return { rows: all?.rows ?? null, checksum };
}

interface SequenceRow {
  readonly name: string;
  readonly next: string;
  readonly up: boolean;
  readonly column: string | null;
  readonly table: string | null;
}

/**
 * Every sequence of the connection's database. One that gave no number yet counts as standing at
 * its start. What is used is looked for where an index tells it at once.
 */
export async function sequenceCounters(admin: Admin): Promise<Counter[]> {
  const rows = await admin.query<SequenceRow>(
    `select format('%I.%I', n.nspname, c.relname) as name, s.increment_by > 0 as up,
      coalesce(s.last_value::numeric + s.increment_by, s.start_value)::text as next, o.*
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_sequences s on s.schemaname = n.nspname and s.sequencename = c.relname
    left join lateral (
      select format('%I.%I', tn.nspname, t.relname) as table, quote_ident(a.attname) as column
      from pg_catalog.pg_depend d join pg_catalog.pg_class t on t.oid = d.refobjid
      join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
      join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
        and d.deptype in ('a', 'i') and exists (select from pg_catalog.pg_index i
          where i.indrelid = t.oid and i.indisvalid and i.indkey[0] = a.attnum) limit 1) o on true
    where c.relkind = 'S' and c.relpersistence <> 't' and ${usersOwn} order by 1`,
    [],
    answerMsMax,
  );
  const counters: Counter[] = [];
  for (const { name, next, up, table, column } of rows) {
    const used = table === null || column === null ? null : await highest(admin, table, column);
    counters.push({ what: 'sequence', name, next: BigInt(next), isUp: up, used });
  }
  return counters;
}

async function highest(admin: Admin, table: string, column: string): Promise<bigint | null> {
  const [row] = await admin.query<{ used: string | null }>(
    `select trunc(max(${column})::numeric)::text as used from ${table}`,
    [],
    answerMsMax,
  );
  const used = row?.used ?? null;
  return used === null ? null : BigInt(used);
}
