/** Removes the databases of users' own that are kept from earlier runs, loaded. */
import type { Clock } from '../sim/clock.js';
import { removeFilledTemplates } from '../sim/server/embedded/filled-templates.js';
import { UserError } from '../sim/user-error.js';

const dockerTimeoutMs = 3_000;

export interface KeptDatabase {
  readonly kind: 'template';
  /** A folder, or a volume of Docker. */
  readonly name: string;
  readonly killedPid: null;
}

/** Docker that does not answer is left alone: its volumes go when it is asked another time. */
export async function removeKeptDatabases(clock: Clock): Promise<KeptDatabase[]> {
  const folders = await removeFilledTemplates(clock);
  const volumes = await dockerVolumes(clock).catch((error: unknown) => {
    if (error instanceof UserError && error.code === 'DOCKER_UNREACHABLE') return [];
    throw error;
  });
  return [...folders, ...volumes].map((name) => ({ kind: 'template', name, killedPid: null }));
}

async function dockerVolumes(clock: Clock): Promise<string[]> {
  const { openDaemon } = await import('../sim/server/docker/daemon.js');
  const { removeFilledVolumes } = await import('../sim/server/docker/filled-volumes.js');
  return removeFilledVolumes(clock, await openDaemon(clock, { openTimeoutMs: dockerTimeoutMs }));
}
