/** The rows of every table, by COPY from one server straight into the other. */
import type { Client, Connection } from 'pg';
import { RawStatement } from '../raw-statement.js';

interface TableRow {
  readonly name: string;
  /** All that are stored by themselves, quoted; null: it has none. */
  readonly columns: string | null;
  /** Of an extension's own table: which of its rows are the user's. */
  readonly condition: string | null;
}

/** Ordinary tables, partitions among them, and what extensions let users fill. */
const tablesSql = `
  select format('%I.%I', n.nspname, c.relname) as name,
    (select string_agg(quote_ident(attname), ', ' order by attnum)
      from pg_catalog.pg_attribute
      where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns,
    (select e.extcondition[array_position(e.extconfig, c.oid)]
      from pg_catalog.pg_extension e where c.oid = any (e.extconfig)) as condition
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence <> 't'
    and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and (exists (select from pg_catalog.pg_extension e where c.oid = any (e.extconfig))
      or not exists (select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
          and d.deptype = 'e'))
  order by 1`;

/** As pg_dump sets it, so that values are read as they were written. */
const settings = [
  "set datestyle to 'ISO'",
  "set intervalstyle to 'postgres'",
  'set extra_float_digits to 3',
  'set row_security to off',
  "set search_path to ''",
];

/** @returns how many tables there were */
export async function moveRows(from: Client, to: Client): Promise<number> {
  const { rows } = await from.query<{ encoding: string }>(
    "select current_setting('server_encoding') as encoding",
  );
  const encoding = `set client_encoding to '${rows[0]?.encoding ?? 'UTF8'}'`;
  for (const sql of [...settings, encoding]) {
    await from.query(sql);
    await to.query(sql);
  }
  const { rows: tables } = await from.query<TableRow>(tablesSql);
  for (const table of tables) await moveTable(from, to, table);
  return tables.length;
}

async function moveTable(from: Client, to: Client, table: TableRow): Promise<void> {
  const { name, columns, condition } = table;
  const list = columns === null ? '' : ` (${columns})`;
  const what =
    condition === null || condition === ''
      ? `${name}${list}`
      : `(select ${columns ?? ''} from only ${name} ${condition})`;
  const into = RawStatement.send(to, Buffer.from(`copy ${name}${list} from stdin`));
  if (await into.wantsRows) {
    await CopyOut.run(from, `copy ${what} to stdout`, (bytes) => into.rows(bytes));
    into.endOfRows();
  }
  const refused = await into.ended;
  if (refused !== null) throw new Error(`the rows of ${name} were refused: ${refused.message}`);
}

/** Rows are handed on in pieces of about this size. */
const pieceBytes = 64 * 1024;
const waitingBytesMax = 4 * 1024 * 1024;

/** One `COPY ... TO stdout`; the driver calls these methods by their names. */
class CopyOut {
  readonly #sql: string;
  readonly #take: (bytes: Buffer) => Promise<void>;
  readonly #end: { resolve: () => void; reject: (error: Error) => void };
  #connection: Connection | undefined;
  #piece: Buffer[] = [];
  #pieceBytes = 0;
  #waitingBytes = 0;
  #taken: Promise<void> = Promise.resolve();

  private constructor(
    sql: string,
    take: (bytes: Buffer) => Promise<void>,
    end: { resolve: () => void; reject: (error: Error) => void },
  ) {
    this.#sql = sql;
    this.#take = take;
    this.#end = end;
  }

  /** Resolves when the last piece was taken. */
  static run(client: Client, sql: string, take: (bytes: Buffer) => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      client.query(new CopyOut(sql, take, { resolve, reject }));
    });
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    connection.query(this.#sql);
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    // The driver reads the next bytes into the same memory.
    this.#piece.push(Buffer.from(chunk));
    this.#pieceBytes += chunk.length;
    if (this.#pieceBytes >= pieceBytes) this.#handOn();
  }

  handleError(error: Error): void {
    this.#end.reject(error);
  }

  handleReadyForQuery(): void {
    this.#handOn();
    this.#taken.then(this.#end.resolve, this.#end.reject);
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}

  #handOn(): void {
    const bytes = Buffer.concat(this.#piece);
    this.#piece = [];
    this.#pieceBytes = 0;
    if (bytes.length === 0) return;
    const stream = this.#connection?.stream;
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > waitingBytesMax) stream?.pause();
    this.#taken = this.#taken.then(async () => {
      await this.#take(bytes);
      this.#waitingBytes -= bytes.length;
      if (this.#waitingBytes < waitingBytesMax / 2) stream?.resume();
    });
    this.#taken.catch(() => stream?.resume());
  }
}
