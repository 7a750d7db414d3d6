/** SwitchoverBlueGreenDeployment: what is refused, and the switchover that it starts. */
import type { SwitchOverBlueGreenDeploymentParameters } from '../../sim.js';
import { notAvailable, type Operation } from '../operation.js';
import { deploymentNotFound, deploymentOf, invalidState } from './deployment.js';
import { Switchover } from './switchover.js';

/** API reference, SwitchoverBlueGreenDeployment: SwitchoverTimeout, in seconds. */
const timeoutSeconds = { min: 30, max: 3_600 } as const;

export const switchOverBlueGreenDeployment: Operation<SwitchOverBlueGreenDeploymentParameters> = {
  call: ({ cluster, switchoverTimeoutMs }, { deployments }) => ({
    cluster,
    action: 'SwitchoverBlueGreenDeployment',
    parameters: {
      BlueGreenDeploymentIdentifier: deployments.get(cluster)?.identifier ?? 'bgd-none',
      SwitchoverTimeout: switchoverTimeoutMs / 1_000,
    },
  }),
  // The faults that SwitchoverBlueGreenDeployment documents (API reference, Errors).
  refuse: ({ deployments }, parameters) => {
    const deployment = deployments.get(parameters.cluster);
    if (deployment === undefined) return deploymentNotFound(parameters.cluster);
    if (deployment.status !== 'AVAILABLE') return invalidState(deployment, 'switched over');
    const { switchoverTimeoutMs: timeoutMs, anyTimeout = false } = parameters;
    const { min, max } = timeoutSeconds;
    if ((!anyTimeout && timeoutMs < min * 1_000) || timeoutMs > max * 1_000)
      return {
        code: 'InvalidParameterValue',
        message: `SwitchoverTimeout must be between ${min} and ${max} seconds.`,
      };
    return notAvailable(deployment.blue) ?? notAvailable(deployment.green);
  },
  run: (world, parameters, signal) =>
    new Switchover(world, deploymentOf(world, parameters.cluster), parameters, signal).run(),
};
