/** A major upgrade of Postgres: all that the old server holds, in one of the new version. */
import type { Clock } from '../clock.js';
import { moveServer } from '../database/postgres/move/move.js';
import type { Server, ServerProvider } from '../server/server.js';

/** How the data came to the new version. */
export type UpgradeWay = 'pg_upgrade' | 'dump and COPY';

export interface MovedServer {
  /** Stopped, as the old one is. */
  readonly server: Server;
  readonly way: UpgradeWay;
  /** What it took, milliseconds. */
  readonly tookMs: number;
}

/**
 * `pg_upgrade` where the provider has the programs of both versions, else a dump and COPY between
 * two running servers.
 * @param old is stopped; for a dump it runs once more, as it does for pg_upgrade
 * @throws Error with what did not work; the old server can be started again
 */
export async function movedServer(
  clock: Clock,
  provider: ServerProvider,
  old: Server,
  version: string,
): Promise<MovedServer> {
  const beginNs = clock.nowNs();
  const tookMs = (): number => Math.round((clock.nowNs() - beginNs) / 1e6);
  const upgraded = await provider.upgraded?.(old, version);
  if (upgraded !== undefined && upgraded !== null) {
    const took = tookMs();
    await settle(upgraded);
    return { server: upgraded, way: 'pg_upgrade', tookMs: took };
  }
  const { name, engine, parameters } = old.spec;
  const given = parameters === undefined ? {} : { parameters };
  const server = await provider.create({ name, engine, version, ...given });
  try {
    // One that is still starting cannot be stopped: each start comes to its end.
    for (const start of await Promise.allSettled([old.start(), server.start()]))
      if (start.status === 'rejected') throw start.reason;
    await moveServer(clock, old, server);
    await server.stop('fast');
    await old.stop('fast');
    return { server, way: 'dump and COPY', tookMs: tookMs() };
  } catch (error) {
    await Promise.all([server.remove(), old.stop('fast')]);
    throw error;
  }
}

/** From its first start on it has the address and the admin's password that it keeps. */
async function settle(server: Server): Promise<void> {
  try {
    await server.start();
    await server.stop('fast');
  } catch (error) {
    await server.remove();
    throw error;
  }
}
