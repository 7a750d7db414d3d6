/** What a Postgres server has besides rows, each thing by its name: its schema and its users. */
import type { Item } from '../../comparable.js';
import type { Admin } from '../admin.js';

/** More things of a kind are not compared. */
const itemsMax = 20_000;
const answerMsMax = 30_000;

/** Schemas that are nobody's own: the servers', AWS's, and that of our instruments. */
export const usersOwn =
  "n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'rds_tools', 'rehearse')";

const notOfExtension = (oid: string, catalog: string): string =>
  'not exists (select from pg_catalog.pg_depend e where e.deptype = ' +
  `'e' and e.objid = ${oid} and e.classid = 'pg_catalog.${catalog}'::regclass)`;
const ofClass = `${usersOwn} and ${notOfExtension('c.oid', 'pg_class')}`;

/** A query of `name`, `said`, and where that is to be treated otherwise, `hidden`, `versioned`. */
interface Kind {
  readonly sql: string;
  readonly isHidden?: true;
  readonly byVersion?: true;
}

const classKind =
  "case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view' " +
  "when 'm' then 'materialized view' when 'f' then 'foreign table' when 'S' then 'sequence' " +
  "else 'index' end";
const classes = 'pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace';

const schema: readonly Kind[] = [
  {
    sql: `select format('schema %I', n.nspname) as name, '' as said
      from pg_catalog.pg_namespace n where ${usersOwn}`,
  },
  {
    sql: `select format('extension %I', e.extname) as name, '' as said
      from pg_catalog.pg_extension e`,
  },
  {
    sql: `select format('%s %I.%I', ${classKind}, n.nspname, c.relname) as name,
        case c.relpersistence when 'u' then 'unlogged' else 'logged' end
          || case when c.relrowsecurity then ', row security' else '' end as said
      from ${classes} where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and ${ofClass}`,
  },
  {
    sql: `select format('column %I.%I.%I', n.nspname, c.relname, a.attname) as name,
        concat_ws(' ', pg_catalog.format_type(a.atttypid, a.atttypmod),
          case when a.attnotnull then 'not null' end,
          case when a.attidentity <> '' then 'identity ' || a.attidentity::text end,
          case when a.attgenerated <> '' then 'generated' end,
          'default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)) as said
      from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and ${ofClass}`,
  },
  {
    sql: `select format('index %I.%I', n.nspname, c.relname) as name,
        pg_catalog.pg_get_indexdef(c.oid)
          || case when i.indisvalid then '' else ', invalid' end as said
      from ${classes} join pg_catalog.pg_index i on i.indexrelid = c.oid
      where c.relkind in ('i', 'I') and ${ofClass}`,
  },
  {
    // Of version 18 on NOT NULL is one, too: it is told with the column.
    sql: `select format('constraint %I on %I.%I', k.conname, n.nspname, c.relname) as name,
        pg_catalog.pg_get_constraintdef(k.oid) as said
      from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where k.contype <> 'n' and ${ofClass}`,
  },
  {
    sql: `select format('definition of view %I.%I', n.nspname, c.relname) as name,
        md5(pg_catalog.pg_get_viewdef(c.oid)) as said
      from ${classes} where c.relkind in ('v', 'm') and ${ofClass}`,
    ...{ isHidden: true, byVersion: true },
  },
  {
    sql: `select format('trigger %I on %I.%I', t.tgname, n.nspname, c.relname) as name,
        pg_catalog.pg_get_triggerdef(t.oid)
          || case t.tgenabled when 'D' then ', disabled' else '' end as said
      from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where not t.tgisinternal and ${ofClass}`,
  },
  {
    sql: `select format('function %I.%I(%s)', n.nspname, p.proname,
          pg_catalog.pg_get_function_identity_arguments(p.oid)) as name,
        md5(concat_ws(' ', p.prosrc, l.lanname, p.provolatile, p.prosecdef,
          pg_catalog.pg_get_function_result(p.oid))) as said
      from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      join pg_catalog.pg_language l on l.oid = p.prolang
      where ${usersOwn} and ${notOfExtension('p.oid', 'pg_proc')}`,
    isHidden: true,
  },
  {
    sql: `select format('type %I.%I', n.nspname, t.typname) as name,
        coalesce((select string_agg(e.enumlabel, ', ' order by e.enumsortorder)
          from pg_catalog.pg_enum e where e.enumtypid = t.oid),
          pg_catalog.format_type(t.typbasetype, t.typtypmod)) as said
      from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
      where t.typtype in ('e', 'd') and ${usersOwn} and ${notOfExtension('t.oid', 'pg_type')}`,
  },
  {
    sql: `select format('policy %I on %I.%I', p.policyname, p.schemaname, p.tablename) as name,
        concat_ws(' ', p.permissive, p.cmd, array_to_string(p.roles, ','), p.qual, p.with_check)
          as said
      from pg_catalog.pg_policies p`,
  },
  {
    sql: `select 'large objects' as name, count(*)::text as said
      from pg_catalog.pg_largeobject_metadata`,
  },
];

/** The privilege of version 17 that owners of before have not been given. */
const aclOf = (acl: string, owner: string): string =>
  `lateral (select g.grantee, string_agg(g.privilege_type
      || case when g.is_grantable then ' (may grant it)' else '' end, ', '
      order by g.privilege_type) as said
    from pg_catalog.aclexplode(${acl}) g
    where g.grantee <> ${owner} and g.privilege_type <> 'MAINTAIN' group by g.grantee) g`;
const grantee = "coalesce(pg_catalog.pg_get_userbyid(nullif(g.grantee, 0)), 'PUBLIC')";

const ofDatabase: readonly Kind[] = [
  {
    sql: `select format('owner of %s %I.%I', ${classKind}, n.nspname, c.relname) as name,
        pg_catalog.pg_get_userbyid(c.relowner)::text as said
      from ${classes} where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and ${ofClass}`,
  },
  {
    sql: `select format('privileges of %s on %s %I.%I', ${grantee}, ${classKind}, n.nspname,
        c.relname) as name, g.said
      from ${classes}, ${aclOf('c.relacl', 'c.relowner')} where ${ofClass}`,
  },
  {
    sql: `select format('privileges of %s on column %I.%I.%I', ${grantee}, n.nspname, c.relname,
        a.attname) as name, g.said
      from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace,
        ${aclOf('a.attacl', 'c.relowner')} where not a.attisdropped and ${ofClass}`,
  },
  {
    sql: `select format('privileges of %s on schema %I', ${grantee}, n.nspname) as name, g.said
      from pg_catalog.pg_namespace n, ${aclOf('n.nspacl', 'n.nspowner')} where ${usersOwn}`,
  },
  {
    sql: `select format('privileges of %s on function %I.%I(%s)', ${grantee}, n.nspname, p.proname,
        pg_catalog.pg_get_function_identity_arguments(p.oid)) as name, g.said
      from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace,
        ${aclOf('p.proacl', 'p.proowner')}
      where ${usersOwn} and ${notOfExtension('p.oid', 'pg_proc')}`,
  },
];

/** `$1`: names of roles that are ours. */
const isOurs = (role: string): string =>
  `(${role}.oid = 10 or ${role}.rolname ~ '^pg_' or ${role}.rolname = any ($1::text[]))`;

const ofServer: readonly Kind[] = [
  {
    sql: `select format('role %I', r.rolname) as name,
        concat_ws(', ', case when r.rolcanlogin then 'logs in' end,
          case when r.rolsuper then 'superuser' end,
          case when r.rolcreaterole then 'makes roles' end,
          case when r.rolcreatedb then 'makes databases' end,
          case when r.rolreplication then 'replicates' end,
          case when r.rolbypassrls then 'bypasses row security' end,
          case when not r.rolinherit then 'inherits nothing' end,
          'connections ' || r.rolconnlimit) as said
      from pg_catalog.pg_authid r where not ${isOurs('r')}`,
  },
  {
    sql: `select format('password of role %I', r.rolname) as name, md5(r.rolpassword) as said
      from pg_catalog.pg_authid r where r.rolpassword is not null and not ${isOurs('r')}`,
    isHidden: true,
  },
  {
    sql: `select format('role %I is a member of %I', r.rolname, o.rolname) as name, '' as said
      from pg_catalog.pg_auth_members m join pg_catalog.pg_authid r on r.oid = m.member
      join pg_catalog.pg_authid o on o.oid = m.roleid where not ${isOurs('r')}
      group by r.rolname, o.rolname`,
  },
  {
    sql: `select format('setting %s of %s', split_part(s.setting, '=', 1),
          concat_ws(' in ', 'role ' || r.rolname, 'database ' || d.datname)) as name,
        substr(s.setting, strpos(s.setting, '=') + 1) as said
      from pg_catalog.pg_db_role_setting p left join pg_catalog.pg_authid r on r.oid = p.setrole
      left join pg_catalog.pg_database d on d.oid = p.setdatabase,
        lateral unnest(p.setconfig) as s (setting)
      where p.setrole = 0 or not ${isOurs('r')}`,
  },
  {
    sql: `select format('privileges of %s on database %I', ${grantee}, d.datname) as name, g.said
      from pg_catalog.pg_database d, ${aclOf('d.datacl', 'd.datdba')}
      where d.datname not in ('template0', 'template1', 'postgres')
        and not exists (select from pg_catalog.pg_authid o where o.oid = g.grantee
          and ${isOurs('o')})`,
  },
];

interface Row {
  readonly name: string;
  readonly said: string | null;
}

/**
 * Of the whole server.
 * @param ours roles that are left out
 * @throws the driver's error, or Error where there are too many
 */
export async function serverItems(admin: Admin, ours: readonly string[]): Promise<Item[]> {
  const found: Item[] = [];
  for (const kind of ofServer) found.push(...(await ask(admin, kind, 'users', [ours])));
  return found;
}

/** Of the database that it is connected to. Throws as `serverItems` does. */
export async function databaseItems(admin: Admin, ours: readonly string[]): Promise<Item[]> {
  const found: Item[] = [];
  for (const kind of schema) found.push(...(await ask(admin, kind, 'schema')));
  for (const kind of ofDatabase) found.push(...(await ask(admin, kind, 'users')));
  const ofOurs = (name: string): boolean =>
    ours.some((role) => name.startsWith(`privileges of ${role} on `));
  return found.filter(({ name }) => !ofOurs(name));
}

async function ask(
  admin: Admin,
  { sql, isHidden, byVersion }: Kind,
  aspect: Item['aspect'],
  parameters: readonly unknown[] = [],
): Promise<Item[]> {
  const rows = await admin.query<Row>(
    `select * from (${sql}) as found order by 1 limit ${itemsMax + 1}`,
    parameters,
    answerMsMax,
  );
  if (rows.length > itemsMax)
    throw new Error(`there are more than ${itemsMax} things like ${rows[0]?.name ?? 'these'}`);
  return rows.map(({ name, said }) => ({
    ...{ aspect, name, said: said ?? '' },
    ...(isHidden === undefined ? {} : { isHidden }),
    ...(byVersion === undefined ? {} : { byVersion }),
  }));
}
