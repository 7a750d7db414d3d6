/** The two sides of a switch by hand. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import { clusterOf, type World } from '../operation.js';
import type { ReplicaPair } from '../read-replica/subject.js';

export interface Sides {
  /** Whose names clients dial. */
  readonly record: ClusterRecord;
  /** Whose instances it has afterwards. */
  readonly target: ClusterRecord;
  /** The writer that they lead to, and the one that they shall lead to. */
  readonly old: Instance;
  readonly next: Instance;
}

export function sidesOf(
  world: World,
  { cluster, to }: { readonly cluster: string; readonly to: string },
): Sides {
  const [record, target] = [clusterOf(world, cluster), clusterOf(world, to)];
  return { record, target, old: record.writerInstance, next: target.writerInstance };
}

/** The two as source and follower; null where the next one does not follow. */
export function followingPair({ target, old, next }: Sides): ReplicaPair | null {
  if (target.followers.sourceOf(next) !== old) return null;
  return { replica: target, instance: next, source: old };
}
