/** Roles and databases as on RDS: applications are unprivileged, only the tool is superuser. */
import type { Admin } from './admin.js';
import { identifier, literal } from './examine.js';

export interface NewRole {
  readonly user: string;
  readonly password: string;
}

/** Makes a role that may log in and nothing else, and a database that it owns. */
export async function createApplication(
  admin: Admin,
  role: NewRole,
  database: string,
): Promise<void> {
  await createLogin(admin, role);
  await admin.query(`create database ${identifier(database)} owner ${identifier(role.user)}`);
}

/** Makes a role that may log in and nothing else. */
export async function createLogin(admin: Admin, role: NewRole): Promise<void> {
  await admin.query(
    `create role ${identifier(role.user)} login nosuperuser nocreaterole nocreatedb ` +
      `noreplication nobypassrls password ${literal(role.password)}`,
  );
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
