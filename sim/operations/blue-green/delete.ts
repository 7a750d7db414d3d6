/**
 * DeleteBlueGreenDeployment: the deployment ends, and green with it where that is asked for
 * (AmazonRDS UserGuide/blue-green-deployments-deleting.html). After a switchover both sides stay;
 * old blue of Aurora then takes writes again, that of RDS needs its parameter and a reboot.
 */
import type { DeleteBlueGreenDeploymentParameters } from '../../sim.js';
import type { Operation } from '../operation.js';
import { deploymentNotFound, deploymentOf, invalidState } from './deployment.js';
import { endFollowing, endGreen } from './end-green.js';
import * as say from './messages.js';
import { isDeletable } from './statuses.js';
import { allowWrites } from './writes.js';

export const deleteBlueGreenDeployment: Operation<DeleteBlueGreenDeploymentParameters> = {
  call: ({ cluster, deleteTarget }, { deployments }) => ({
    cluster,
    action: 'DeleteBlueGreenDeployment',
    parameters: {
      BlueGreenDeploymentIdentifier: deployments.get(cluster)?.identifier ?? 'bgd-none',
      ...(deleteTarget ? { DeleteTarget: true } : {}),
    },
  }),
  // API reference, DeleteBlueGreenDeployment, Errors; and of DeleteTarget: "you can't specify this
  // option if the deployment status is SWITCHOVER_COMPLETED", in our words.
  refuse: ({ deployments }, { cluster, deleteTarget }) => {
    const deployment = deployments.get(cluster);
    if (deployment === undefined) return deploymentNotFound(cluster);
    if (!isDeletable(deployment.status)) return invalidState(deployment, 'deleted');
    if (!deployment.isSwitched || !deleteTarget) return null;
    return {
      code: 'InvalidParameterCombination',
      message: 'DeleteTarget cannot be given for a deployment that is SWITCHOVER_COMPLETED.',
    };
  },
  run: async (world, { cluster, deleteTarget }) => {
    const deployment = deploymentOf(world, cluster);
    const { isSwitched } = deployment;
    deployment.become('DELETING');
    if (isSwitched) {
      await deployment.forgetMetadata();
      // The record that green was made as has blue's instances now.
      const old = deployment.green.writerInstance;
      if (deployment.isAurora) {
        old.isRetired = false;
        await allowWrites(old);
      }
    } else if (deleteTarget) await endGreen(world, deployment);
    else if (deployment.hasGreen) await endFollowing(deployment);
    world.deployments.delete(cluster);
    deployment.tell(say.deleted);
  },
};
