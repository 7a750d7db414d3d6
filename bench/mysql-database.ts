/** A real MySQL or MariaDB for a benchmark, with a user that clients use. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../sim/clock.js';
import type { Flavour } from '../sim/engine/flavours.js';
import { MysqlAdmin } from '../sim/engine/mysql/admin.js';
import { createApplication } from '../sim/engine/mysql/roles.js';
import { embeddedProvider } from '../sim/server/embedded/provider.js';
import { newestOffer } from './newest-offer.js';
import type { Relayed } from './peers/peer.js';

export interface MysqlDatabase extends Relayed {
  close(): Promise<void>;
}

/** The newest server of a flavour that is installed here; undefined where there is none. */
export async function openMysqlDatabase(flavour: Flavour): Promise<MysqlDatabase | undefined> {
  const clock = systemClock();
  const provider = embeddedProvider({ clock, offline: true });
  const version = newestOffer(await provider.offers(), flavour);
  if (version === undefined) return undefined;
  const server = await provider.create({ name: 'bench', engine: flavour, version });
  const login = { user: 'app', password: randomBytes(18).toString('base64url'), database: 'app' };
  const close = (): Promise<void> => provider.close();
  try {
    await server.start();
    const admin = new MysqlAdmin(server.address, server.admin);
    await createApplication(admin, login, login.database);
    await admin.disconnect();
  } catch (error) {
    await close();
    throw error;
  }
  return { clock, server, login, close };
}
