/** Roles and databases as on RDS: applications are unprivileged, only the tool is superuser. */
import type { UserLike } from '../user-like.js';
import type { Admin } from './admin.js';
import { identifier, literal } from './examine.js';

export interface NewRole {
  readonly user: string;
  readonly password: string;
}

/**
 * Makes a role and a database that it owns, unless they are there; the role may log in and nothing
 * else, or what the first user on RDS may.
 */
export async function createApplication(
  admin: Admin,
  role: NewRole,
  database: string,
  like: UserLike = 'application',
): Promise<void> {
  await createLogin(admin, role);
  const known = await admin.query('select 1 from pg_catalog.pg_database where datname = $1', [
    database,
  ]);
  if (known.length === 0)
    await admin.query(`create database ${identifier(database)} owner ${identifier(role.user)}`);
  if (like === 'rds-master') await grantAsOnRds(admin, role.user);
}

/** Makes a role that may log in and nothing else, or makes it so. */
export async function createLogin(admin: Admin, role: NewRole): Promise<void> {
  const user = identifier(role.user);
  const known = await admin.query('select 1 from pg_catalog.pg_roles where rolname = $1', [
    role.user,
  ]);
  if (known.length === 0) await admin.query(`create role ${user}`);
  await admin.query(
    `alter role ${user} login nosuperuser nocreaterole nocreatedb ` +
      `noreplication nobypassrls password ${literal(role.password)}`,
  );
}

/** The roles that rds_superuser is a member of, where the server has them. */
const superuserMemberships = ['pg_monitor', 'pg_signal_backend', 'pg_checkpoint'];
/** Roles of RDS that no other server has; they stand for rights that have no meaning here. */
const rdsRoles = ['rds_superuser', 'rds_replication', 'rds_password'];

/**
 * What AWS documents for the first user: CREATEDB and CREATEROLE, and rds_superuser, a role that
 * is no superuser (AmazonRDS/latest/UserGuide/
 * Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html; the same for Aurora in its guide).
 * One difference stays: RDS lets rds_superuser add every extension that it offers, a server here
 * only those that are marked as trusted.
 */
async function grantAsOnRds(admin: Admin, user: string): Promise<void> {
  const rows = await admin.query<{ rolname: string }>('select rolname from pg_catalog.pg_roles');
  const known = new Set(rows.map(({ rolname }) => rolname));
  for (const role of rdsRoles)
    if (!known.has(role)) await admin.query(`create role ${role} nologin`);
  const memberships = superuserMemberships.filter((role) => known.has(role));
  await admin.query(
    `grant ${[...memberships, 'rds_replication', 'rds_password'].join(', ')} ` +
      'to rds_superuser with admin option',
  );
  await admin.query(`alter role ${identifier(user)} createdb createrole`);
  await admin.query(`grant rds_superuser to ${identifier(user)} with admin option`);
}

/** What the server stores of a role's password; null where it has none or does not exist. */
export async function verifierOf(admin: Admin, user: string): Promise<string | null> {
  const rows = await admin.query<{ rolpassword: string | null }>(
    'select rolpassword from pg_catalog.pg_authid where rolname = $1 and rolcanlogin',
    [user],
  );
  return rows[0]?.rolpassword ?? null;
}

/** Asks the server what it is. */
export async function versionOf(admin: Admin): Promise<{ version: string; versionText: string }> {
  const rows = await admin.query<{ short: string; long: string }>(
    "select current_setting('server_version') as short, version() as long",
  );
  const row = rows[0];
  return { version: row?.short.split(' ')[0] ?? '', versionText: row?.long ?? '' };
}
