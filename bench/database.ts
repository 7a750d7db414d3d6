/** A real server for a benchmark, with a role that clients use. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../sim/clock.js';
import { Admin } from '../sim/engine/postgres/admin.js';
import { createApplication } from '../sim/engine/postgres/roles.js';
import { embeddedProvider } from '../sim/server/embedded/provider.js';
import type { Relayed } from './peers/peer.js';

export interface Database extends Relayed {
  readonly admin: Admin;
  close(): Promise<void>;
}

export async function openDatabase(parameters: Record<string, string> = {}): Promise<Database> {
  const clock = systemClock();
  const provider = embeddedProvider({ clock, parameters });
  const server = await provider.create({ name: 'bench', engine: 'postgres', version: '17.4' });
  const login = { user: 'app', password: randomBytes(18).toString('base64url'), database: 'app' };
  const admin = new Admin(server.address, server.admin);
  const close = async (): Promise<void> => {
    await admin.disconnect();
    await provider.close();
  };
  try {
    await server.start();
    await createApplication(admin, login, login.database);
  } catch (error) {
    await close();
    throw error;
  }
  return { clock, server, admin, login, close };
}
