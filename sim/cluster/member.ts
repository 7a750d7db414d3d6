/** The engine's side of a cluster's member: how its server is asked and dialled. */
import type { Clock } from '../clock.js';
import { MysqlProtocol } from '../endpoint/mysql/protocol.js';
import { PostgresProtocol } from '../endpoint/postgres/protocol.js';
import type { Protocol } from '../endpoint/protocol.js';
import type { Flavour } from '../engine/flavours.js';
import { verifierOf as mysqlVerifierOf } from '../engine/mysql/accounts.js';
import { MysqlAdmin } from '../engine/mysql/admin.js';
import * as mysqlRoles from '../engine/mysql/roles.js';
import { switchOnViews } from '../engine/mysql/views.js';
import { Admin } from '../engine/postgres/admin.js';
import * as postgresRoles from '../engine/postgres/roles.js';
import type { Server } from '../server/server.js';
import type { Login } from '../sim.js';

export interface ServerVersion {
  readonly version: string;
  readonly versionText: string;
}

interface MemberSide {
  /** To be called after every start of its server, before the first client comes. */
  started(): Promise<void>;
  /** Makes the roles of the application and of the instruments, and their databases. */
  createLogins(application: Login, instrument: Login): Promise<void>;
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
    started: async () => {},
    instrumentDatabase: 'application',
    createLogins: async (application, instrument) => {
      await postgresRoles.createApplication(admin, application, application.database);
      await postgresRoles.createLogin(admin, instrument);
    },
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
    started: async () => {
      await switchOnViews(admin);
    },
    instrumentDatabase: 'own',
    createLogins: async (application, instrument) => {
      await mysqlRoles.createApplication(admin, application, application.database);
      await mysqlRoles.createInstrument(admin, instrument);
    },
    protocol: (clock) =>
      new MysqlProtocol({
        clock,
        verifier: (user) => mysqlVerifierOf(admin, flavour, user),
        watchTemporaryTables: flavour === 'mariadb',
      }),
    version: () => mysqlRoles.versionOf(admin),
  };
}
