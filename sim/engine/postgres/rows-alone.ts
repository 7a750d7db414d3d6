/** Rows that one Postgres server has and another one has not, found by what is in them. */
import type { Admin } from './admin.js';
import { alike } from './comparable/rows.js';
import { identifier } from './examine.js';

/** Beyond so much a table is not looked at, and that is told. */
const bytesMax = 64 * 1024 * 1024;
const rowsMax = 200_000;
const answerMsMax = 20_000;

/** A table whose rows replication carries over. */
export interface RowsTable {
  readonly name: string;
  /** In a fixed order. */
  readonly columns: readonly string[];
  readonly bytes: number;
}

/** How many rows there are of each content, by a digest of it. */
export type RowDigests = ReadonlyMap<string, number>;

export interface RowsAlone {
  /** By table, those alone that have some. */
  readonly alone: ReadonlyMap<string, number>;
  /** Tables that were too large to be read. */
  readonly large: readonly string[];
}

/**
 * In one database of both: what the first has alone, our ledger included. A row counts as another
 * one where any of its values is another.
 * @throws the driver's error, also where reading a table takes longer than 20 s
 */
export async function rowsAlone(first: Admin, second: Admin): Promise<RowsAlone> {
  const others = new Map((await tablesOf(second)).map((table) => [table.name, table]));
  const alone = new Map<string, number>();
  const large: string[] = [];
  for (const table of await tablesOf(first)) {
    const other = others.get(table.name);
    if (other === undefined) continue;
    const columns = table.columns.filter((one) => other.columns.includes(one));
    const isLarge = Math.max(table.bytes, other.bytes) > bytesMax;
    const had = isLarge ? null : await digestsOf(first, table.name, columns);
    const has = had === null ? null : await digestsOf(second, table.name, columns);
    if (had === null || has === null) large.push(table.name);
    else if (countAlone(had, has) > 0) alone.set(table.name, countAlone(had, has));
  }
  return { alone, large };
}

/** Rows of the first beyond as many like them as the second has. Pure; exported for its test. */
export function countAlone(first: RowDigests, second: RowDigests): number {
  let count = 0;
  for (const [digest, rows] of first) count += Math.max(0, rows - (second.get(digest) ?? 0));
  return count;
}

/** Of our own instruments' tables the ledger alone: the others are written anew all the time. */
async function tablesOf(admin: Admin): Promise<RowsTable[]> {
  return await admin.query<{ name: string; columns: string[]; bytes: number }>(
    `select format('%I.%I', n.nspname, c.relname) as name,
      pg_catalog.pg_table_size(c.oid)::float8 as bytes,
      array(select a.attname::text from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by 1) as columns
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname !~ '^pg_'
      and n.nspname not in ('information_schema', 'rds_tools')
      and (n.nspname <> 'rehearse' or c.relname = 'ledger') order by 1`,
    [],
    answerMsMax,
  );
}

/** Null where there are too many rows. */
async function digestsOf(
  admin: Admin,
  name: string,
  columns: readonly string[],
): Promise<RowDigests | null> {
  await admin.query(`${alike}; set statement_timeout = ${answerMsMax}`);
  const rows = await admin.query<{ digest: string; count: number }>(
    `select md5(row(${columns.map(identifier).join(', ')})::text) as digest, count(*)::int as count
      from only ${name} group by 1 limit ${rowsMax + 1}`,
    [],
    answerMsMax,
  );
  if (rows.length > rowsMax) return null;
  return new Map(rows.map(({ digest, count }) => [digest, count]));
}
