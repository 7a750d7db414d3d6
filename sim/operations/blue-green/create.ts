/** CreateBlueGreenDeployment: what is refused, and the making of green that it starts. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { AwsFault, CreateBlueGreenDeploymentParameters } from '../../sim.js';
import {
  clusterNotFound,
  clusterOf,
  instanceNotAvailable,
  notAvailable,
  type Operation,
} from '../operation.js';
import { stepOf } from '../upgrade-in-place/step.js';
import { GreenCreation } from './green-creation.js';

export const createBlueGreenDeployment: Operation<CreateBlueGreenDeploymentParameters> = {
  call: (parameters) => ({
    cluster: parameters.cluster,
    action: 'CreateBlueGreenDeployment',
    parameters: {
      BlueGreenDeploymentName: `${parameters.cluster}-deployment`,
      Source: parameters.cluster,
      TargetEngineVersion: parameters.awsVersion ?? parameters.engineVersion,
    },
  }),
  // The faults that CreateBlueGreenDeployment documents (API reference, Errors); texts are ours.
  refuse: ({ clusters, deployments }, parameters) => {
    const { cluster: identifier } = parameters;
    const blue = clusters.get(identifier);
    if (blue === undefined) return clusterNotFound(identifier);
    if (deployments.has(identifier))
      return {
        code: 'BlueGreenDeploymentAlreadyExistsFault',
        message: `${identifier} is the source of a blue/green deployment already.`,
      };
    return notReady(blue) ?? unsupported(blue) ?? notUpgradable(blue, parameters);
  },
  run: (world, parameters, signal) =>
    new GreenCreation(world, clusterOf(world, parameters.cluster), parameters, signal).run(),
};

/** A cluster of Aurora, or an instance of RDS. */
function notReady(blue: ClusterRecord): AwsFault | null {
  const busy = notAvailable(blue);
  if (busy === null || blue.engine.startsWith('aurora-')) return busy;
  return instanceNotAvailable(blue.instance, blue.status);
}

/** A secondary of a global database takes no writes to be switched over. */
function unsupported(blue: ClusterRecord): AwsFault | null {
  if (blue.primary === null) return null;
  return {
    code: 'SourceClusterNotSupportedFault',
    message: `DBCluster ${blue.identifier} is a secondary cluster of a global database.`,
  };
}

function notUpgradable(
  blue: ClusterRecord,
  parameters: CreateBlueGreenDeploymentParameters,
): AwsFault | null {
  const { engine, awsVersion, version } = blue;
  const to = parameters.awsVersion ?? parameters.engineVersion;
  // Green may have the version of blue: there are other changes to be made to it.
  if (to === awsVersion || (parameters.awsVersion === undefined && to === version)) return null;
  if (stepOf(blue, parameters) !== null) return null;
  return {
    code: 'InvalidParameterCombination',
    message: `Cannot upgrade ${engine} from ${awsVersion} to ${to}`,
  };
}
