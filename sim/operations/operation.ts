/** What an operation is: a call that may be refused, and the work that it starts. */
import type { ClusterRecord } from '../cluster/cluster.js';
import type { ParameterGroup } from '../cluster/parameters/parameter-group.js';
import type { Call } from '../cluster/tell-call.js';
import type { AwsFault, SimOptions } from '../sim.js';
import type { BlueGreenDeployment } from './blue-green/deployment.js';

/** What operations work on. */
export interface World extends SimOptions {
  readonly clusters: ReadonlyMap<string, ClusterRecord>;
  readonly parameterGroups: Map<string, ParameterGroup>;
  /** By the identifier of the blue cluster. */
  readonly deployments: Map<string, BlueGreenDeployment>;
  /**
   * Takes a cluster that an operation makes: it ends with the world, also while it is being made.
   * @throws what making it throws
   */
  adopt(making: Promise<ClusterRecord>): Promise<ClusterRecord>;
  /** Ends a cluster's names, endpoints and servers, and forgets it. */
  remove(cluster: ClusterRecord): Promise<void>;
}

/** @typeParam P what it is started with */
export interface Operation<P> {
  /**
   * The call of AWS's API that starts it, and the cluster that it is told of; null where nobody
   * calls, because something was lost.
   */
  call(parameters: P, world: World): (Omit<Call, 'fault'> & { readonly cluster: string }) | null;
  /** The fault that AWS would answer; null where the call is taken. */
  refuse(world: World, parameters: P): AwsFault | null;
  /**
   * Runs it to its end, on a world in which it was not refused.
   * @throws OperationFailed with the reason, where it did not do what it was asked for; the
   *   clusters can be used all the same
   */
  run(world: World, parameters: P, signal: AbortSignal): Promise<void>;
}

/** The cluster of a call that was not refused. */
export function clusterOf({ clusters }: World, identifier: string): ClusterRecord {
  const cluster = clusters.get(identifier);
  if (cluster === undefined) throw new Error(`there is no cluster ${identifier}`);
  return cluster;
}

/** As every call about a cluster that is not there is answered. */
export function clusterNotFound(identifier: string): AwsFault {
  return { code: 'DBClusterNotFoundFault', message: `DBCluster ${identifier} not found.` };
}

/**
 * As every change of a cluster that is busy is answered, be it that one of its instances is being
 * rebooted; null where it is available.
 */
export function notAvailable({ identifier, status, instances }: ClusterRecord): AwsFault | null {
  if (status !== 'available')
    return {
      code: 'InvalidDBClusterStateFault',
      message: `DBCluster ${identifier} is not in available state (${status}).`,
    };
  const busy = instances.find((one) => one.status === 'rebooting');
  if (busy === undefined) return null;
  return instanceNotAvailable(busy.identifier, busy.status);
}

/** As every call about an instance that is not there is answered. */
export function instanceNotFound(identifier: string): AwsFault {
  return { code: 'DBInstanceNotFound', message: `DBInstance ${identifier} not found.` };
}

/** As every change of an instance that is busy is answered. */
export function instanceNotAvailable(identifier: string, status: string): AwsFault {
  return {
    code: 'InvalidDBInstanceState',
    message: `DBInstance ${identifier} is not in available state (${status}).`,
  };
}
