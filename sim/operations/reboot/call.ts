/** RebootDBInstance without failover: what is refused, and the reboot that it starts. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import type { RebootParameters } from '../../sim.js';
import {
  clusterNotFound,
  clusterOf,
  instanceNotAvailable,
  instanceNotFound,
  notAvailable,
  type Operation,
} from '../operation.js';
import { Reboot } from './operation.js';

export const reboot: Operation<RebootParameters> = {
  call: (parameters, { clusters }) => {
    const { cluster, instance = clusters.get(cluster)?.instance ?? cluster } = parameters;
    return {
      cluster,
      action: 'RebootDBInstance',
      parameters: { DBInstanceIdentifier: instance, ForceFailover: false },
    };
  },
  // The faults that RebootDBInstance documents (API reference, RebootDBInstance, Errors).
  refuse: ({ clusters }, parameters) => {
    const cluster = clusters.get(parameters.cluster);
    if (cluster === undefined) return clusterNotFound(parameters.cluster);
    const wanted = parameters.instance ?? cluster.instance;
    const instance = instanceOf(cluster, parameters);
    if (instance === undefined) return instanceNotFound(wanted);
    const busy = notAvailable(cluster);
    if (busy !== null) return busy;
    if (instance.serverRuns && instance.status === 'available') return null;
    return instanceNotAvailable(wanted, instance.status);
  },
  run: async (world, parameters, signal) => {
    const cluster = clusterOf(world, parameters.cluster);
    const instance = instanceOf(cluster, parameters);
    if (instance === undefined) throw new Error(`${cluster.identifier} has no such instance`);
    await new Reboot(cluster, instance, parameters, signal).run();
  },
};

/** A standby is part of its Multi-AZ instance: it has no name to be called by. */
function instanceOf(
  cluster: ClusterRecord,
  { instance = cluster.instance }: RebootParameters,
): Instance | undefined {
  return cluster.instances.find(
    ({ identifier, role }) => identifier === instance && role !== 'standby',
  );
}
