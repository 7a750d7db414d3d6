/** ModifyDBInstance with an engine version: what is refused, and the upgrade that it starts. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import { canUpgradeInPlace } from '../../server/versions.js';
import type { AwsFault, UpgradeInPlaceParameters } from '../../sim.js';
import { clusterOf, instanceNotAvailable, instanceNotFound, type Operation } from '../operation.js';
import { UpgradeInPlace } from './operation.js';
import { stepOf } from './step.js';

export const upgradeInPlace: Operation<UpgradeInPlaceParameters> = {
  call: (parameters, { clusters }) => ({
    cluster: parameters.cluster,
    action: 'ModifyDBInstance',
    parameters: {
      DBInstanceIdentifier: clusters.get(parameters.cluster)?.instance ?? parameters.cluster,
      EngineVersion: parameters.awsVersion ?? parameters.engineVersion,
      ...(parameters.allowMajorVersionUpgrade ? { AllowMajorVersionUpgrade: true } : {}),
      ApplyImmediately: true,
    },
  }),
  // The faults that ModifyDBInstance documents (API reference, ModifyDBInstance, Errors).
  refuse: ({ clusters }, parameters) => {
    const cluster = clusters.get(parameters.cluster);
    if (cluster === undefined) return instanceNotFound(parameters.cluster);
    return notAvailable(cluster) ?? notUpgradable(cluster, parameters);
  },
  run: (world, parameters, signal) =>
    new UpgradeInPlace(world, clusterOf(world, parameters.cluster), parameters, signal).run(),
};

function notAvailable({ instance, status, mainInstance }: ClusterRecord): AwsFault | null {
  const busy = status === 'available' ? mainInstance.status : status;
  return busy === 'available' ? null : instanceNotAvailable(instance, busy);
}

function notUpgradable(
  cluster: ClusterRecord,
  parameters: UpgradeInPlaceParameters,
): AwsFault | null {
  const { engine, awsVersion } = cluster;
  const code = 'InvalidParameterCombination';
  if (engine === 'aurora-mysql' || engine === 'aurora-postgresql')
    return {
      code,
      message:
        `DBInstance ${cluster.instance} is a member of a DB cluster: ` +
        'its version is changed by ModifyDBCluster.',
    };
  const to = parameters.awsVersion ?? parameters.engineVersion;
  const step = stepOf(cluster, parameters);
  if (step === null || !isPossible(cluster, parameters.engineVersion)) {
    const verb = awsVersion === to ? 'modify' : 'upgrade';
    return { code, message: `Cannot ${verb} ${engine} from ${awsVersion} to ${to}` };
  }
  if (step === 'minor' || parameters.allowMajorVersionUpgrade) return null;
  return {
    code,
    message:
      'The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.',
  };
}

/** A stand-in may stay at its version: then AWS's names alone tell the step. */
function isPossible({ server, version }: ClusterRecord, to: string): boolean {
  return version === to || server === 'postgres' || canUpgradeInPlace(server, version, to);
}
