/**
 * FailoverDBCluster and RebootDBInstance with ForceFailover: what is refused, and the failover
 * that they start. One after a loss is called for by nobody.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import type { AwsFault, FailoverParameters } from '../../sim.js';
import {
  clusterNotFound,
  clusterOf,
  instanceNotAvailable,
  notAvailable,
  type Operation,
} from '../operation.js';
import { kindOf, roleOfPartner } from './kind.js';
import { Failover } from './operation.js';

export const failover: Operation<FailoverParameters> = {
  call: (parameters, { clusters }) => {
    if (parameters.cause === 'loss') return null;
    const cluster = clusters.get(parameters.cluster);
    if (cluster !== undefined && kindOf(cluster) === 'multi-az')
      return {
        cluster: parameters.cluster,
        action: 'RebootDBInstance',
        parameters: { DBInstanceIdentifier: cluster.instance, ForceFailover: true },
      };
    const { target } = parameters;
    return {
      cluster: parameters.cluster,
      action: 'FailoverDBCluster',
      parameters: {
        DBClusterIdentifier: parameters.cluster,
        ...(target === undefined ? {} : { TargetDBInstanceIdentifier: target }),
      },
    };
  },
  refuse: ({ clusters }, parameters) => {
    const cluster = clusters.get(parameters.cluster);
    if (cluster === undefined) return clusterNotFound(parameters.cluster);
    return notAvailable(cluster) ?? withoutTarget(cluster, parameters);
  },
  run: async (world, parameters, signal) => {
    const cluster = clusterOf(world, parameters.cluster);
    const target = targetOf(cluster, parameters);
    if (target === undefined) throw new Error(`${cluster.identifier} has nobody to fail over to`);
    await new Failover(cluster, target, parameters, signal).run();
  },
};

/** The one named, else the first that there is. */
function targetOf(cluster: ClusterRecord, { target }: FailoverParameters): Instance | undefined {
  const role = roleOfPartner(kindOf(cluster));
  return cluster.instances.find(
    (one) => one.role === role && (target === undefined || one.identifier === target),
  );
}

/**
 * The faults that FailoverDBCluster and RebootDBInstance document (API reference, Errors); their
 * messages are ours. Aurora recreates a writer that is lost and has no reader, within typically
 * less than ten minutes; asked for, there is nobody to promote.
 */
function withoutTarget(cluster: ClusterRecord, parameters: FailoverParameters): AwsFault | null {
  const { identifier } = cluster;
  const target = targetOf(cluster, parameters);
  const isAurora = kindOf(cluster) === 'aurora';
  if (target === undefined && !isAurora)
    return {
      code: 'InvalidParameterCombination',
      message: `DBInstance ${cluster.instance} is not Multi-AZ: it has no standby to fail over to.`,
    };
  if (target === undefined && parameters.target === undefined)
    return {
      code: 'InvalidDBClusterStateFault',
      message: `DBCluster ${identifier} has no reader to fail over to.`,
    };
  if (target === undefined)
    return {
      code: 'InvalidDBInstanceState',
      message: `DBInstance ${parameters.target} is not a reader of DBCluster ${identifier}.`,
    };
  return target.serverRuns && target.status === 'available'
    ? null
    : instanceNotAvailable(target.identifier, target.status);
}
