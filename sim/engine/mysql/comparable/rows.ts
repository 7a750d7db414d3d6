/** The rows of a MySQL or MariaDB server's tables, and the counters that number them. */
import type { Counter, ReadWay, TableRead, TableShape } from '../../comparable.js';
import type { MysqlAdmin } from '../admin.js';
import { identifier } from '../quoting.js';
import { type Asked, usersOwn } from './items.js';

const answerMsMax = 30_000;
/** How long a table may be kept by somebody who changes its shape. */
const lockSecondsMax = 10;

/** Names as they are shown, and those parts that statements are made of. */
interface Named {
  readonly schema: string;
  readonly table: string;
}

export interface MysqlTable extends TableShape, Named {}

export async function tableShapes(admin: MysqlAdmin, asked: Asked): Promise<MysqlTable[]> {
  const own = usersOwn('t.table_schema', asked);
  const tables = await admin.ask(
    'select t.table_schema, t.table_name, t.table_rows, ' +
      'coalesce(t.data_length, 0) from information_schema.tables t ' +
      `where t.table_type = 'BASE TABLE' and ${own} order by 1, 2`,
    answerMsMax,
  );
  const columns = await listsOf(
    admin,
    'select t.table_schema, t.table_name, t.column_name from information_schema.columns t ' +
      `where ${own} order by 1, 2, 3`,
  );
  const keys = await listsOf(
    admin,
    'select t.table_schema, t.table_name, t.column_name from information_schema.statistics t ' +
      `where t.index_name = 'PRIMARY' and ${own} order by 1, 2, t.seq_in_index`,
  );
  return tables.map(([schema, table, rows, bytes]) => {
    const name = `${schema}.${table}`;
    return {
      ...{ name, schema: String(schema), table: String(table) },
      columns: columns.get(name) ?? [],
      key: keys.get(name) ?? [],
      rowsEstimated: rows === null || rows === undefined ? null : Number(rows),
      bytes: Number(bytes),
    };
  });
}

async function listsOf(admin: MysqlAdmin, sql: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const [schema, table, column] of await admin.ask(sql, answerMsMax)) {
    const name = `${schema}.${table}`;
    const list = found.get(name) ?? [];
    list.push(String(column));
    found.set(name, list);
  }
  return found;
}

/**
 * Reads a table in one statement. The checksum does not depend on the order of its rows; what is
 * written in a column counts as the bytes that it is stored as, texts in UTF-8's two widths alike.
 * @throws EngineError, or the driver's error, also where it takes longer
 */
export async function readTable(
  admin: MysqlAdmin,
  asked: Asked,
  { schema, table, key }: MysqlTable,
  columns: readonly string[],
  way: ReadWay,
  timeoutMs: number,
): Promise<TableRead> {
  const name = `${identifier(schema)}.${identifier(table)}`;
  await alike(admin, asked, timeoutMs);
  const listed = columns.map(identifier);
  const newest =
    way.way === 'newest'
      ? `order by ${key.map((one) => `${identifier(one)} desc`).join(', ')} limit ${way.rowsMax}`
      : '';
  const values = listed.map((one) => `cast(${one} as binary)`);
  // A value that is null is left out by concat_ws: which ones are, is told behind them.
  const nulls = `concat(${listed.map((one) => `isnull(${one})`).join(', ') || "''"})`;
  const [read] = await admin.ask(
    `select count(*), coalesce(sum(crc32(concat_ws('#', ${[...values, nulls].join(', ')}))), 0) ` +
      `from (select ${listed.join(', ') || '1'} from ${name} ${newest}) as one`,
    timeoutMs,
  );
  const checksum = read?.[1] ?? '';
  if (way.way === 'whole') return { rows: read?.[0] ?? null, checksum };
  const [all] = way.isCounted ? await admin.ask(`select count(*) from ${name}`, timeoutMs) : [];
  return { rows: all?.[0] ?? null, checksum };
}

/** Each time: a connection that was lost is opened again without saying so. */
async function alike(
  admin: MysqlAdmin,
  { flavour }: Pick<Asked, 'flavour'>,
  timeoutMs: number,
): Promise<void> {
  const limit =
    flavour === 'mysql'
      ? `max_execution_time = ${Math.ceil(timeoutMs)}`
      : `max_statement_time = ${(timeoutMs / 1_000).toFixed(3)}`;
  const settings = [limit, `lock_wait_timeout = ${lockSecondsMax}`, "time_zone = '+00:00'"];
  await admin.ask(`set session ${settings.join(', session ')}`);
}

/** Every table that numbers its rows by itself. */
export async function autoIncrements(admin: MysqlAdmin, asked: Asked): Promise<Counter[]> {
  const columns = await admin.ask(
    'select c.table_schema, c.table_name, c.column_name from information_schema.columns c ' +
      'join information_schema.tables t on t.table_schema = c.table_schema ' +
      "and t.table_name = c.table_name and t.table_type = 'BASE TABLE' " +
      `where c.extra like '%auto_increment%' and ${usersOwn('c.table_schema', asked)} ` +
      'order by 1, 2',
    answerMsMax,
  );
  const counters: Counter[] = [];
  for (const [schema, table, column] of columns) {
    const name = `${identifier(String(schema))}.${identifier(String(table))}`;
    // The view of MySQL 8 shows what was so up to a day ago.
    const [shown] = await admin.ask(`show create table ${name}`, answerMsMax);
    const next = /\bAUTO_INCREMENT=(\d+)/.exec(shown?.[1] ?? '')?.[1] ?? '1';
    const [row] = await admin.ask(`select max(${identifier(String(column))}) from ${name}`);
    counters.push({
      ...{ what: 'AUTO_INCREMENT', name: `${schema}.${table}`, next: BigInt(next), isUp: true },
      used: wholeOf(row?.[0] ?? null),
    });
  }
  return counters;
}

/** It may be a column of floating point. */
function wholeOf(value: string | null): bigint | null {
  const whole = /^-?\d+/.exec(value ?? '')?.[0];
  return whole === undefined || /e/i.test(value ?? '') ? null : BigInt(whole);
}
