/**
 * What is asked of and changed on a Postgres server that takes part in a blue/green deployment.
 * Sources: PostgreSQL documentation, "Logical Replication", Restrictions; what AWS makes of them:
 * AuroraUserGuide/blue-green-deployments-considerations.html.
 */
import type { Admin } from './admin.js';
import { identifier } from './examine.js';
import type { AskDatabase } from './upgrade-checks.js';

/** Whether transactions take no writes unless their session says otherwise. */
export const readOnlyParameter = 'default_transaction_read_only';

/** Lets our own admin, and what applies changes in its name, write all the same. */
export async function exemptAdmin(admin: Admin, user: string): Promise<void> {
  await admin.query(`alter role ${identifier(user)} set ${readOnlyParameter} = off`);
  // A session has what it began with.
  await admin.disconnect();
}

/** Databases that clients may open. */
export async function openDatabases(admin: Admin): Promise<string[]> {
  const rows = await admin.query<{ name: string }>(
    'select datname as name from pg_catalog.pg_database where datallowconn ' +
      "and datconnlimit <> -2 and datname not in ('template0', 'template1') order by datname",
  );
  return rows.map(({ name }) => name);
}

const usersOwn = "n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'rds_tools')";

/**
 * What DDL changes and logical replication does not carry over, by name: columns, indexes,
 * constraints, views, functions, sequences, and how many large objects there are.
 */
const described = [
  `select format('column %I.%I.%I', n.nspname, c.relname, a.attname) as name,
     concat_ws(' ', pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull) as said
   from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
   join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'f') and ${usersOwn}`,
  `select format('%s %I.%I', case c.relkind when 'i' then 'index' when 'I' then 'index'
       when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view'
       else 'table' end, n.nspname, c.relname) as name,
     case when c.relkind in ('i', 'I') then pg_catalog.pg_get_indexdef(c.oid)
       when c.relkind in ('v', 'm') then md5(pg_catalog.pg_get_viewdef(c.oid))
       else c.relpersistence::text end as said
   from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'i', 'I', 'S', 'v', 'm') and ${usersOwn}`,
  `select format('constraint %I on %I.%I', k.conname, n.nspname, c.relname) as name,
     pg_catalog.pg_get_constraintdef(k.oid) as said
   from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
   join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${usersOwn}`,
  `select format('function %I.%I(%s)', n.nspname, p.proname,
       pg_catalog.pg_get_function_identity_arguments(p.oid)) as name, md5(p.prosrc) as said
   from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
   where ${usersOwn}`,
  `select 'large objects' as name, count(*)::text as said
   from pg_catalog.pg_largeobject_metadata having count(*) > 0`,
].join('\n union all ');

/** Of all databases, each name with the database's in front. */
export async function schemaOf(
  admin: Admin,
  inDatabase: AskDatabase,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const database of await openDatabases(admin)) {
    const rows = await inDatabase(database, (one) =>
      one.query<{ name: string; said: string }>(described, [], 30_000),
    );
    for (const { name, said } of rows) found.set(`${database}: ${name}`, said);
  }
  return found;
}

/** What makes logical replication fall short, by what it is: as lists of names. */
export interface Uncarried {
  /** Updates and deletes of them fail on blue. */
  readonly withoutKey: readonly string[];
  readonly unlogged: readonly string[];
  readonly largeObjects: boolean;
}

const tables = (condition: string): string =>
  "select format('%I.%I', n.nspname, c.relname) as name from pg_catalog.pg_class c " +
  `join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${usersOwn} ` +
  `and n.nspname <> 'rehearse' and ${condition} order by 1`;

const withoutKey =
  "c.relkind = 'r' and c.relpersistence = 'p' and (c.relreplident = 'n' or (c.relreplident = 'd' " +
  'and not exists (select from pg_catalog.pg_index i where i.indrelid = c.oid ' +
  'and i.indisprimary)))';

export async function uncarriedOf(admin: Admin, inDatabase: AskDatabase): Promise<Uncarried> {
  const found = { withoutKey: [] as string[], unlogged: [] as string[], largeObjects: false };
  for (const database of await openDatabases(admin))
    await inDatabase(database, async (one) => {
      const named = async (condition: string): Promise<string[]> =>
        (await one.query<{ name: string }>(tables(condition))).map(({ name }) => name);
      found.withoutKey.push(...(await named(withoutKey)));
      found.unlogged.push(...(await named("c.relpersistence = 'u'")));
      const large = await one.query('select 1 from pg_catalog.pg_largeobject_metadata limit 1');
      found.largeObjects ||= large.length > 0;
    });
  return found;
}

/** A client's backend that is at work. */
export interface BusyBackend {
  readonly who: string;
  readonly forMs: number;
  readonly statement: string;
}

const backend =
  "select format('%s (process %s)', a.usename, a.pid) as who, left(a.query, 80) as statement, " +
  '(extract(epoch from clock_timestamp() - $SINCE) * 1000)::float8 as ms ' +
  "from pg_catalog.pg_stat_activity a where a.backend_type = 'client backend' " +
  'and a.pid <> pg_backend_pid() and ';

/** Transactions that have written something, for longer than that. */
export function writersSince(admin: Admin, forMs: number): Promise<BusyBackend[]> {
  return busy(admin, 'a.xact_start', 'a.backend_xid is not null', forMs);
}

/** DDL that has been running for longer than that; told by its text, as in `activity.ts`. */
export function definersSince(admin: Admin, forMs: number): Promise<BusyBackend[]> {
  const isDdl =
    "a.state = 'active' and a.query ~* " +
    "'^\\s*(create|alter|drop|truncate|reindex|cluster|refresh)\\M'";
  return busy(admin, 'a.query_start', isDdl, forMs);
}

async function busy(
  admin: Admin,
  since: string,
  condition: string,
  forMs: number,
): Promise<BusyBackend[]> {
  const rows = await admin.query<{ who: string; statement: string; ms: number }>(
    `${backend.replace('$SINCE', since)}${condition} ` +
      `and clock_timestamp() - ${since} >= $1::float8 * interval '1 ms' order by ms desc limit 20`,
    [forMs],
  );
  return rows.map(({ who, statement, ms }) => ({ who, statement: oneLine(statement), forMs: ms }));
}

/** Subscriptions of its own, and logical slots that are not for green. */
export async function otherReplication(
  admin: Admin,
  isOurs: (slot: string) => boolean,
): Promise<string[]> {
  const subscriptions = await admin.query<{ name: string }>(
    'select subname as name from pg_catalog.pg_subscription where subenabled',
  );
  const slots = await admin.query<{ name: string }>(
    "select slot_name as name from pg_catalog.pg_replication_slots where slot_type = 'logical'",
  );
  return [
    ...subscriptions.map(({ name }) => `it subscribes by ${name}`),
    ...slots.filter(({ name }) => !isOurs(name)).map(({ name }) => `slot ${name} reads its log`),
  ];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
