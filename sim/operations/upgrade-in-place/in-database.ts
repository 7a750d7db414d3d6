import { Admin } from '../../engine/postgres/admin.js';
import type { AskDatabase } from '../../engine/postgres/upgrade-checks.js';
import type { Server } from '../../server/server.js';

/** A way to ask one database of a Postgres server as its superuser. */
export function inDatabaseOf({ address, admin: login }: Server): AskDatabase {
  return async (database, work) => {
    const admin = new Admin(address, { ...login, database });
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  };
}
