/** The engine's side of a cluster's member: how its server is asked and dialled. */
import type { Clock } from '../clock.js';
import { PostgresProtocol } from '../endpoint/postgres/protocol.js';
import type { Protocol } from '../endpoint/protocol.js';
import { Admin } from '../engine/postgres/admin.js';
import { createApplication, createLogin, verifierOf, versionOf } from '../engine/postgres/roles.js';
import type { Server } from '../server/server.js';
import type { Login } from '../sim.js';

export interface ServerVersion {
  readonly version: string;
  readonly versionText: string;
}

/** A started server with the tool's own connection to it. */
export interface Member {
  readonly engine: 'postgres';
  readonly admin: Admin;
  /** Makes the roles of the application and of the instruments, and the application's database. */
  createLogins(application: Login, instrument: Login): Promise<void>;
  /** How an endpoint in front of it speaks. */
  protocol(clock: Clock): Protocol;
  /** Asks the server itself. */
  version(): Promise<ServerVersion>;
}

export function memberOf(server: Server): Member {
  const admin = new Admin(server.address, server.admin);
  return {
    engine: 'postgres',
    admin,
    createLogins: async (application, instrument) => {
      await createApplication(admin, application, application.database);
      await createLogin(admin, instrument);
    },
    protocol: (clock) =>
      new PostgresProtocol({ clock, verifier: (user) => verifierOf(admin, user) }),
    version: () => versionOf(admin),
  };
}
