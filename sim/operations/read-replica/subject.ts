/** Whom calls about instances and replicas are about, and who is refused what. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import { memberName } from '../../cluster/making.js';
import type { AwsFault } from '../../sim.js';
import { clusterOf, instanceNotAvailable, instanceNotFound, type World } from '../operation.js';

/** A replica with the source that it follows. */
export interface ReplicaPair {
  readonly replica: ClusterRecord;
  /** Its only instance. */
  readonly instance: Instance;
  /** The instance that it follows. */
  readonly source: Instance;
}

/** The two of a call that was not refused. */
export function pairOf(world: World, cluster: string): ReplicaPair {
  const replica = clusterOf(world, cluster);
  const instance = replica.mainInstance;
  const source = replica.followers.sourceOf(instance);
  if (source === undefined) throw new Error(`${cluster} follows nobody`);
  return { replica, instance, source };
}

/** The instance's name in calls, also where there is none. */
export function instanceNameOf({ clusters }: World, cluster: string): string {
  return clusters.get(cluster)?.instance ?? memberName(cluster);
}

/** As a call about an instance that is not there or is busy is answered; null where it is taken. */
export function refuseBusy(world: World, cluster: string): AwsFault | null {
  const record = world.clusters.get(cluster);
  const name = instanceNameOf(world, cluster);
  if (record === undefined) return instanceNotFound(name);
  const { status } = record.mainInstance;
  return status === 'available' ? null : instanceNotAvailable(name, status);
}

/** The same for a call about an instance that must follow another one. */
export function refuseNoReplica(world: World, { cluster }: { cluster: string }): AwsFault | null {
  const busy = refuseBusy(world, cluster);
  if (busy !== null) return busy;
  const { followers, mainInstance } = clusterOf(world, cluster);
  if (followers.sourceOf(mainInstance) !== undefined) return null;
  return {
    code: 'InvalidDBInstanceState',
    message: `DBInstance ${mainInstance.identifier} is not a read replica.`,
  };
}
