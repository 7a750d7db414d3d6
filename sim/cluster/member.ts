/** The engine's side of a cluster's member: how its server is asked and dialled. */
import type { Clock } from '../clock.js';
import { type DatabaseCensus, mysqlCensus, postgresCensus } from '../database/census.js';
import type { DumpLoader } from '../database/loading.js';
import { MysqlLoader } from '../database/mysql/load.js';
import type { Need } from '../database/needs.js';
import { lackingInMysql, lackingInPostgres } from '../database/offered.js';
import { PostgresLoader } from '../database/postgres/load.js';
import { MysqlProtocol } from '../endpoint/mysql/protocol.js';
import { PostgresProtocol } from '../endpoint/postgres/protocol.js';
import type { Protocol } from '../endpoint/protocol.js';
import type { Flavour } from '../engine/flavours.js';
import { verifierOf as mysqlVerifierOf } from '../engine/mysql/accounts.js';
import { MysqlAdmin } from '../engine/mysql/admin.js';
import * as mysqlParameters from '../engine/mysql/parameters.js';
import { endDumps } from '../engine/mysql/replication.js';
import * as mysqlRoles from '../engine/mysql/roles.js';
import { switchOnViews } from '../engine/mysql/views.js';
import type { ParameterKind } from '../engine/parameter-kind.js';
import { Admin } from '../engine/postgres/admin.js';
import * as postgresParameters from '../engine/postgres/parameters.js';
import * as postgresRoles from '../engine/postgres/roles.js';
import { installTopology, type TopologyFile, writeTopology } from '../engine/postgres/topology.js';
import type { UserLike } from '../engine/user-like.js';
import type { Server } from '../server/server.js';
import type { Login } from '../sim.js';

export interface ServerVersion {
  readonly version: string;
  readonly versionText: string;
}

/** How the parameters of a member's server are changed. */
export interface MemberParameters {
  kind(name: string): Promise<ParameterKind>;
  /** Lets a dynamic one take effect. @throws the server's own error */
  set(name: string, value: string): Promise<void>;
  /** Keeps a value for the next start, where the server does that itself. */
  store(name: string, value: string): Promise<void>;
  /** Whether it does; else they are given to it at its start. */
  readonly isStored: boolean;
  /** What is in force; undefined where there is no such parameter. */
  value(name: string): Promise<string | undefined>;
}

/** How a member's server tells clients of Aurora who is in its cluster. */
export interface MemberTopology {
  /** Makes what clients ask in that database and in those to come. */
  install(database: string): Promise<void>;
  write(topology: TopologyFile): Promise<void>;
}

interface MemberSide {
  readonly topology: MemberTopology;
  readonly parameters: MemberParameters;
  /** To be called after every start of its server, before the first client comes. */
  started(): Promise<void>;
  /** To be called before its server is stopped in order. */
  stopping(): Promise<void>;
  /** To be called after the start of one that follows another: nobody unprivileged writes there. */
  refuseWrites(): Promise<void>;
  /**
   * Makes the roles of the application and of the instruments, and their databases, unless they
   * are there.
   */
  createLogins(application: Login, instrument: Login, like?: UserLike): Promise<void>;
  /** Makes the application's role and database alone. */
  createApplication(application: Login): Promise<void>;
  /** What loads a database of the user's own, for that application. */
  loader(application: Login): DumpLoader;
  /** What is in it, and in which database: a dump of MySQL may make one of its own. */
  census(application: Login): Promise<DatabaseCensus & { readonly database: string }>;
  /** Those of the needs that the running server lacks. */
  lacking(needs: readonly Need[]): Promise<readonly Need[]>;
  /** How an endpoint in front of it speaks. */
  protocol(clock: Clock): Protocol;
  /** Asks the server itself. */
  version(): Promise<ServerVersion>;
  /** The database of the instruments' tables: their own, or the application's. */
  readonly instrumentDatabase: 'own' | 'application';
}

export interface PostgresMember extends MemberSide {
  readonly protocolName: 'postgres';
  readonly admin: Admin;
}

export interface MysqlMember extends MemberSide {
  readonly protocolName: 'mysql';
  readonly flavour: Flavour;
  readonly admin: MysqlAdmin;
}

/** A started server with the tool's own connection to it. */
export type Member = PostgresMember | MysqlMember;

export function memberOf(server: Server): Member {
  const { engine } = server.spec;
  return engine === 'postgres' ? postgresMember(server) : mysqlMember(server, engine);
}

function postgresMember(server: Server): PostgresMember {
  const admin = new Admin(server.address, server.admin);
  return {
    protocolName: 'postgres',
    admin,
    topology: {
      install: async (database) => {
        for (const one of new Set([database, 'postgres', 'template1'])) {
          const inside = new Admin(server.address, { ...server.admin, database: one });
          await installTopology(inside).finally(() => inside.disconnect());
        }
      },
      write: (topology) => writeTopology(admin, topology),
    },
    parameters: {
      isStored: true,
      kind: (name) => postgresParameters.parameterKind(admin, name),
      store: (name, value) => postgresParameters.storeParameter(admin, name, value),
      set: async (name, value) => {
        await postgresParameters.storeParameter(admin, name, value);
        await postgresParameters.reload(admin);
      },
      value: (name) => postgresParameters.parameterValue(admin, name),
    },
    started: async () => {},
    stopping: async () => {},
    // A standby takes no writes from anybody.
    refuseWrites: async () => {},
    instrumentDatabase: 'application',
    createLogins: async (application, instrument, like) => {
      await postgresRoles.createApplication(admin, application, application.database, like);
      await postgresRoles.createLogin(admin, instrument);
    },
    createApplication: (application) =>
      postgresRoles.createApplication(admin, application, application.database),
    loader: (application) =>
      new PostgresLoader({
        address: server.address,
        serverAdmin: server.admin,
        admin,
        application,
      }),
    census: async ({ database }) => ({
      ...(await postgresCensus(server.address, server.admin, database)),
      database,
    }),
    lacking: (needs) => lackingInPostgres(admin, needs),
    protocol: (clock) =>
      new PostgresProtocol({ clock, verifier: (user) => postgresRoles.verifierOf(admin, user) }),
    version: () => postgresRoles.versionOf(admin),
  };
}

function mysqlMember(server: Server, flavour: Flavour): MysqlMember {
  const admin = new MysqlAdmin(server.address, server.admin);
  return {
    protocolName: 'mysql',
    flavour,
    admin,
    // Its names cannot be made with SQL: the endpoint answers them.
    topology: { install: async () => {}, write: async () => {} },
    parameters: {
      isStored: false,
      kind: (name) => mysqlParameters.parameterKind(admin, name),
      store: async () => {},
      set: (name, value) => mysqlParameters.setParameter(admin, name, value),
      value: (name) => mysqlParameters.parameterValue(admin, name),
    },
    started: async () => {
      await switchOnViews(admin);
    },
    stopping: () => endDumps(admin),
    refuseWrites: async () => {
      await admin.query('set global read_only = 1');
    },
    instrumentDatabase: 'own',
    createLogins: async (application, instrument, like) => {
      await mysqlRoles.createApplication(admin, application, application.database, like);
      await mysqlRoles.createInstrument(admin, instrument);
    },
    createApplication: (application) =>
      mysqlRoles.createApplication(admin, application, application.database),
    loader: (application) =>
      new MysqlLoader({ address: server.address, serverAdmin: server.admin, admin, application }),
    census: ({ database }) => mysqlCensus(admin, database),
    lacking: (needs) => lackingInMysql(admin, flavour, needs),
    protocol: (clock) =>
      new MysqlProtocol({
        clock,
        verifier: (user) => mysqlVerifierOf(admin, flavour, user),
      }),
    version: () => mysqlRoles.versionOf(admin),
  };
}
