/** Users and databases as on RDS: applications are unprivileged, only the tool is superuser. */
import { readVersion, type ServerVersion } from '../flavours.js';
import type { UserLike } from '../user-like.js';
import type { MysqlAdmin } from './admin.js';
import { grantedDatabase, identifier, literal } from './quoting.js';

export interface NewUser {
  readonly user: string;
  readonly password: string;
}

/** From any host: as seen by a server in a container, clients come from its gateway. */
const anyHost = literal('%');

/**
 * Makes a database and its user, unless they are there. Nothing is granted outside it, so SUPER,
 * SYSTEM_VARIABLES_ADMIN and their like are not.
 * @throws what `MysqlAdmin.query` throws
 */
export async function createApplication(
  admin: MysqlAdmin,
  user: NewUser,
  database: string,
  like: UserLike = 'application',
): Promise<void> {
  await createUserWithDatabase(admin, user, database);
  if (like === 'rds-master') await grantAsOnRds(admin, user.user);
}

/**
 * Makes the instruments' user, with a database of its own named as the user is. It may read the
 * server's status, and nothing else outside its database.
 */
export function createInstrument(admin: MysqlAdmin, user: NewUser): Promise<void> {
  return createUserWithDatabase(admin, user, user.user);
}

async function createUserWithDatabase(
  admin: MysqlAdmin,
  { user, password }: NewUser,
  database: string,
): Promise<void> {
  const account = `${literal(user)}@${anyHost}`;
  await admin.query(`create database if not exists ${identifier(database)}`);
  await admin.query(`create user if not exists ${account} identified by ${literal(password)}`);
  // A server that was filled beforehand has it, with a password that nobody knows any more.
  await admin.query(`alter user ${account} identified by ${literal(password)}`);
  await admin.query(`grant all privileges on ${grantedDatabase(database)}.* to ${account}`);
}

/** What both flavours of RDS give the master user on every database. */
const commonPrivileges = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'CREATE',
  'DROP',
  'RELOAD',
  'PROCESS',
  'REFERENCES',
  'INDEX',
  'ALTER',
  'SHOW DATABASES',
  'CREATE TEMPORARY TABLES',
  'LOCK TABLES',
  'EXECUTE',
  'REPLICATION SLAVE',
  'REPLICATION CLIENT',
  'CREATE VIEW',
  'SHOW VIEW',
  'CREATE ROUTINE',
  'ALTER ROUTINE',
  'CREATE USER',
  'EVENT',
  'TRIGGER',
];

/**
 * On Aurora MySQL 3 besides, through the role. MySQL 8.2 split SET_USER_ID in two and 8.4 knows
 * only those.
 */
const auroraPrivileges = [
  ['CREATE ROLE'],
  ['DROP ROLE'],
  ['APPLICATION_PASSWORD_ADMIN'],
  ['CONNECTION_ADMIN'],
  ['ROLE_ADMIN'],
  ['SET_USER_ID', 'SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER'],
  ['SHOW_ROUTINE'],
  ['XA_RECOVER_ADMIN'],
];
const auroraRole = 'rds_superuser_role';

/**
 * What AWS documents for the master user: of Aurora MySQL 3, which has it by a role that is
 * active from log-in on (AuroraUserGuide/UsingWithRDS.MasterAccounts.html), and of RDS for
 * MariaDB, which has no such role (UserGuide/UsingWithRDS.MasterAccounts.html).
 */
async function grantAsOnRds(admin: MysqlAdmin, user: string): Promise<void> {
  const account = `${literal(user)}@${anyHost}`;
  const common = commonPrivileges.join(', ');
  if ((await versionOf(admin)).flavour === 'mariadb') {
    await admin.query(`grant ${common} on *.* to ${account} with grant option`);
    return;
  }
  const role = `${literal(auroraRole)}@${anyHost}`;
  await admin.query(`create role if not exists ${role}`);
  await admin.query(`grant ${common} on *.* to ${role} with grant option`);
  for (const names of auroraPrivileges) await grantFirstKnown(admin, names, role);
  await admin.query(`grant ${role} to ${account} with admin option`);
  await admin.query(`set default role ${role} to ${account}`);
}

/** Grants under the first of these names that the server knows. */
async function grantFirstKnown(
  admin: MysqlAdmin,
  names: readonly string[],
  role: string,
): Promise<void> {
  for (const name of names) {
    const granted = await admin
      .query(`grant ${name} on *.* to ${role} with grant option`)
      .then(() => true)
      .catch((error: unknown) => {
        if (name === names.at(-1)) throw error;
        return false;
      });
    if (granted) return;
  }
}

/** Asks the server what it is. */
export async function versionOf(admin: MysqlAdmin): Promise<ServerVersion> {
  const [row] = await admin.ask('select version(), @@version_comment');
  return readVersion(row?.[0] ?? '', row?.[1] ?? '');
}
