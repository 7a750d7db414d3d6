/**
 * Roles as they are: with what they may do, their passwords' verifiers, memberships and settings.
 * A dump of one database has none of them.
 */
import type { Client } from 'pg';
import { identifier, literal } from '../../../engine/postgres/examine.js';

interface RoleRow {
  readonly name: string;
  readonly attributes: string;
  readonly password: string | null;
  readonly until: string | null;
  readonly comment: string | null;
}

interface MembershipRow {
  readonly role: string;
  readonly member: string;
  readonly admin: boolean;
  /** Null before version 16. */
  readonly inherit: boolean | null;
  readonly set: boolean | null;
}

interface SettingRow {
  /** Null: for all roles. */
  readonly role: string | null;
  readonly setting: string;
}

/** Those that the server has by itself are there already: the first superuser, and `pg_...`. */
const made = "oid <> 10 and rolname !~ '^pg_'";

const rolesSql = `
  select rolname as name, rolpassword as password, rolvaliduntil::text as until,
    pg_catalog.shobj_description(oid, 'pg_authid') as comment,
    concat_ws(' ', case when rolsuper then 'superuser' else 'nosuperuser' end,
      case when rolinherit then 'inherit' else 'noinherit' end,
      case when rolcreaterole then 'createrole' else 'nocreaterole' end,
      case when rolcreatedb then 'createdb' else 'nocreatedb' end,
      case when rolcanlogin then 'login' else 'nologin' end,
      case when rolreplication then 'replication' else 'noreplication' end,
      case when rolbypassrls then 'bypassrls' else 'nobypassrls' end,
      'connection limit ' || rolconnlimit) as attributes
  from pg_catalog.pg_authid where ${made} order by rolname`;

const membershipsSql = (options: string): string => `
  select r.rolname as role, m.rolname as member, bool_or(admin_option) as admin, ${options}
  from pg_catalog.pg_auth_members
    join pg_catalog.pg_roles r on r.oid = roleid join pg_catalog.pg_roles m on m.oid = member
  where m.rolname !~ '^pg_' group by r.rolname, m.rolname order by r.rolname, m.rolname`;

const options = {
  before16: 'null::boolean as inherit, null::boolean as set',
  since16: 'bool_or(inherit_option) as inherit, bool_or(set_option) as set',
};

const settingsSql = `
  select r.rolname as role, unnest(setconfig) as setting
  from pg_catalog.pg_db_role_setting left join pg_catalog.pg_roles r on r.oid = setrole
  where setdatabase = 0 and (setrole = 0 or r.rolname is not null)`;

/** Their values are lists of quoted names, which are given as they are stored. */
const lists = ['search_path', 'temp_tablespaces', 'session_preload_libraries'];

/** @param majors of the two servers */
export async function moveRoles(
  from: Client,
  to: Client,
  majors: { readonly from: number; readonly to: number },
): Promise<void> {
  const { rows: roles } = await from.query<RoleRow>(rolesSql);
  for (const role of roles) await to.query(`create role ${identifier(role.name)}`);
  for (const role of roles) for (const sql of roleStatements(role)) await to.query(sql);
  const from16 = majors.from >= 16 ? options.since16 : options.before16;
  const { rows: memberships } = await from.query<MembershipRow>(membershipsSql(from16));
  for (const one of memberships) await to.query(membership(one, majors.to));
  const { rows: settings } = await from.query<SettingRow>(settingsSql);
  for (const one of settings) await to.query(settingStatement(one));
}

function roleStatements({ name, attributes, password, until, comment }: RoleRow): string[] {
  const role = identifier(name);
  const secret = password === null ? '' : ` password ${literal(password)}`;
  const limit = until === null ? '' : ` valid until ${literal(until)}`;
  return [
    `alter role ${role} with ${attributes}${secret}${limit}`,
    ...(comment === null ? [] : [`comment on role ${role} is ${literal(comment)}`]),
  ];
}

function membership({ role, member, admin, inherit, set }: MembershipRow, major: number): string {
  const grant = `grant ${identifier(role)} to ${identifier(member)}`;
  if (major < 16 || inherit === null) return admin ? `${grant} with admin option` : grant;
  return `${grant} with admin ${admin}, inherit ${inherit}, set ${set ?? true}`;
}

function settingStatement({ role, setting }: SettingRow): string {
  const at = setting.indexOf('=');
  const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
  const quoted = lists.includes(name) ? value : literal(value);
  // A custom setting has a dot in its name, which is not quoted as a whole.
  const what = name.split('.').map(identifier).join('.');
  return `alter role ${role === null ? 'all' : identifier(role)} set ${what} to ${quoted}`;
}
