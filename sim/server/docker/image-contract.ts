/**
 * The contract of the official images, which images of one's own keep as well: environment
 * variables, `/docker-entrypoint-initdb.d`, and arguments for the server. Sources: the pages of
 * the images postgres, mysql and mariadb in Docker's library.
 *
 * The admin's password is in no environment variable, where `docker inspect` would show it: it is
 * in files that are copied into each container before its start, and the variables name the file.
 */
import { randomInt } from 'node:crypto';
import { adminUser as mysqlAdmin } from '../embedded/mysql/first-start.js';
import { argumentsFor, mysqlOptions } from '../embedded/mysql/options.js';
import { serverParameters, wantedParameters } from '../embedded/postgres/parameters.js';
import { adminUser as postgresAdmin } from '../embedded/postgres/template.js';
import type { AdminLogin, EngineName } from '../server.js';
import type { ReadyImage } from './images.js';

type Parameters = Readonly<Record<string, string>>;

/** A file of a container. */
export interface ContainerFile {
  readonly target: string;
  readonly content: string;
}

export interface ImageContract {
  readonly port: number;
  readonly admin: Pick<AdminLogin, 'user' | 'database'>;
  readonly signals: { readonly fast: NodeJS.Signals; readonly immediate: NodeJS.Signals };
  /** Paths in the volume of files that must not be the same in two servers. */
  readonly ownFiles: readonly string[];
  /** Path in the volume of the file that lets a server follow another; null: there is none. */
  readonly standbyFile: string | null;
  /** Where the volume with the data belongs. */
  volumePath(image: ReadyImage): string;
  environment(volumePath: string): Record<string, string>;
  /** `secret` is the admin's password: letters, digits, `-` and `_`. */
  files(secret: string): ContainerFile[];
  /**
   * The server's arguments: our parameters for short-lived servers with the wanted ones over them.
   * @throws UserError `PARAMETER_INVALID`
   */
  command(wanted: Parameters): string[];
  /** Arguments behind these for one start. @throws UserError `PARAMETER_INVALID` */
  extraArguments(wanted: Parameters): string[];
}

const secretFile = '/rehearse-secret';

const postgres: ImageContract = {
  port: 5432,
  admin: { user: postgresAdmin, database: 'postgres' },
  signals: { fast: 'SIGINT', immediate: 'SIGQUIT' },
  ownFiles: ['pgdata/postmaster.pid'],
  standbyFile: 'pgdata/standby.signal',
  // From 18 on the image declares the folder above.
  volumePath: ({ volumes }) =>
    volumes.find((path) => path.startsWith('/var/lib/postgresql')) ?? '/var/lib/postgresql/data',
  environment: (volumePath) => ({
    POSTGRES_USER: postgresAdmin,
    POSTGRES_DB: 'postgres',
    POSTGRES_PASSWORD_FILE: secretFile,
    // Takes SCRAM and MD5 verifiers alike: roles of a user's own dump may have either.
    POSTGRES_HOST_AUTH_METHOD: 'md5',
    POSTGRES_INITDB_ARGS: '--auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 -N',
    // The same place in the volume whatever the image's own default is.
    PGDATA: `${volumePath}/pgdata`,
  }),
  files: (secret) => [
    { target: secretFile, content: secret },
    { target: '/docker-entrypoint-initdb.d/rehearse-followers.sh', content: letFollowersIn },
  ],
  command: (wanted) => ['postgres', ...settings(serverParameters(wanted))],
  extraArguments: (wanted) => settings(wantedParameters(wanted)),
};

function settings(parameters: Parameters): string[] {
  return Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** By itself the image lets nobody from outside follow its server. */
const letFollowersIn = 'echo "host replication all all scram-sha-256" >> "$PGDATA/pg_hba.conf"\n';

function mysqlContract(engine: 'mysql' | 'mariadb'): ImageContract {
  return {
    port: 3306,
    admin: { user: mysqlAdmin, database: 'mysql' },
    signals: { fast: 'SIGTERM', immediate: 'SIGKILL' },
    ownFiles: ['auto.cnf'],
    standbyFile: null,
    volumePath: () => '/var/lib/mysql',
    environment: () => ({
      MYSQL_ROOT_PASSWORD_FILE: secretFile,
      // The image needs a root for itself; clients come as others.
      MYSQL_ROOT_HOST: 'localhost',
      // What a server does by itself for MySQL, the image of MariaDB does when told to.
      ...(engine === 'mariadb'
        ? { MARIADB_AUTO_UPGRADE: '1', MARIADB_DISABLE_UPGRADE_BACKUP: '1' }
        : {}),
    }),
    files: (secret) => [
      { target: secretFile, content: secret },
      { target: '/docker-entrypoint-initdb.d/rehearse-admin.sql', content: adminSql(secret) },
    ],
    command: (wanted) => [...mysqlOptions(engine, wanted, randomInt(1, 2 ** 31)).run],
    extraArguments: (wanted) => argumentsFor(wanted),
  };
}

/** Not a line of it gets into the binary log, or replicas would repeat it. */
function adminSql(secret: string): string {
  return [
    'SET SESSION sql_log_bin = 0',
    `CREATE USER IF NOT EXISTS '${mysqlAdmin}'@'%' IDENTIFIED BY '${secret}'`,
    `GRANT ALL PRIVILEGES ON *.* TO '${mysqlAdmin}'@'%' WITH GRANT OPTION`,
  ]
    .map((statement) => `${statement};\n`)
    .join('');
}

export const imageContracts: Readonly<Record<EngineName, ImageContract>> = {
  postgres,
  mysql: mysqlContract('mysql'),
  mariadb: mysqlContract('mariadb'),
};
