/** ModifyDBCluster with an engine version: what is refused, and the patch that it starts. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import { canUpgradeInPlace, isMinorUpgrade, readClusterVersion } from '../../server/versions.js';
import type { AwsFault, ZeroDowntimePatchParameters } from '../../sim.js';
import { clusterNotFound, clusterOf, notAvailable, type Operation } from '../operation.js';
import { ZeroDowntimePatch } from './operation.js';

export const zeroDowntimePatch: Operation<ZeroDowntimePatchParameters> = {
  call: ({ cluster, engineVersion }) => ({
    cluster,
    action: 'ModifyDBCluster',
    parameters: {
      DBClusterIdentifier: cluster,
      EngineVersion: engineVersion,
      ApplyImmediately: true,
    },
  }),
  // The faults that ModifyDBCluster documents (API reference, ModifyDBCluster, Errors).
  refuse: ({ clusters }, parameters) => {
    const cluster = clusters.get(parameters.cluster);
    if (cluster === undefined) return clusterNotFound(parameters.cluster);
    const busy = notAvailable(cluster);
    if (busy !== null) return busy;
    return isPatch(cluster, parameters) ? null : cannotUpgrade(cluster, parameters);
  },
  run: (world, parameters, signal) =>
    new ZeroDowntimePatch(clusterOf(world, parameters.cluster), parameters, signal).run(),
};

/** A stand-in may be patched to the version that it has: then AWS's names alone tell the step. */
function isPatch(cluster: ClusterRecord, parameters: ZeroDowntimePatchParameters): boolean {
  const { server, version, awsVersion } = cluster;
  const to = parameters.engineVersion;
  if (server === 'postgres' && parameters.awsVersion === undefined)
    return isMinorUpgrade(version, to);
  const named = parameters.awsVersion ?? readClusterVersion(cluster.engine, to).aws;
  return named !== awsVersion && (version === to || canUpgradeInPlace(server, version, to));
}

export function cannotUpgrade(
  { engine, version, awsVersion }: ClusterRecord,
  parameters: ZeroDowntimePatchParameters,
): AwsFault {
  const [from, to] =
    engine === 'aurora-postgresql'
      ? [version, parameters.engineVersion]
      : [awsVersion, parameters.awsVersion ?? parameters.engineVersion];
  const verb = from === to ? 'modify' : 'upgrade';
  return {
    code: 'InvalidParameterCombination',
    message: `Cannot ${verb} ${engine} from ${from} to ${to}`,
  };
}
