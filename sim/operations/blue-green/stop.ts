/**
 * Stops a switchover that is under way, as its own timeout would: it is rolled back. No call of
 * AWS's does that; what one that stops for any reason comes to is documented (AmazonRDS
 * UserGuide/blue-green-deployments-switching.html).
 */
import type { OperationBasics } from '../../sim.js';
import { OperationFailed } from '../job.js';
import type { Operation } from '../operation.js';
import { deploymentNotFound, deploymentOf, invalidState } from './deployment.js';

export const stopSwitchover: Operation<OperationBasics> = {
  call: () => null,
  refuse: ({ deployments }, { cluster }) => {
    const deployment = deployments.get(cluster);
    if (deployment === undefined) return deploymentNotFound(cluster);
    return deployment.stop === null ? invalidState(deployment, 'stopped') : null;
  },
  run: async (world, { cluster }) => {
    const { stop } = deploymentOf(world, cluster);
    stop?.abort(new OperationFailed('it being stopped'));
  },
};
