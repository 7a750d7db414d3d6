/** Removes what runs that were killed have left: processes and folders here, things of Docker. */
import type { Clock } from '../sim/clock.js';
import { reapDeadServers } from '../sim/server/embedded/reap.js';

/** One thing that a dead run left. */
export interface Leftover {
  readonly kind: string;
  readonly name: string;
}

export interface RemovedLeftovers {
  readonly removed: readonly (Leftover & {
    /** The server's process, where it was still running. */
    readonly killedPid: number | null;
  })[];
  /** What should have gone and is still there. */
  readonly failed: readonly (Leftover & { readonly why: string })[];
  /** Things of other hosts' runs on the same Docker daemon, which are left alone. */
  readonly otherHosts: number;
  /** One sentence where Docker was looked for and did not answer. */
  readonly dockerUnreachable: string | null;
}

/**
 * Removes only what is surely ours and whose owner is dead.
 * @param docker whether to look for containers, networks and volumes as well
 */
export async function removeLeftovers(clock: Clock, docker: boolean): Promise<RemovedLeftovers> {
  const reaped = await reapDeadServers({ clock });
  if (!docker) return { removed: reaped, failed: [], otherHosts: 0, dockerUnreachable: null };
  const { sweepDocker } = await import('../sim/server/docker/sweep.js');
  const { removed, failed, otherHosts, unreachable } = await sweepDocker({ clock });
  return {
    removed: [...reaped, ...removed.map(({ kind, name }) => ({ kind, name, killedPid: null }))],
    failed: failed.map(({ kind, name, why }) => ({ kind, name, why })),
    otherHosts,
    dockerUnreachable: unreachable,
  };
}
