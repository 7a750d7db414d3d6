/** What the operations on blue/green deployments are started with. `cluster` is always blue. */
import type { OperationBasics } from '../../sim.js';

/** CreateBlueGreenDeployment. */
export interface CreateBlueGreenDeploymentParameters extends OperationBasics {
  /** Version of green's server, such as `17.5`; that of blue: it is not upgraded. */
  readonly engineVersion: string;
  /** The same as AWS names it; default: what the server's own version says. */
  readonly awsVersion?: string;
}

/**
 * Two generations of AWS's behaviour: as announced in January 2026, a few seconds, and as it was
 * reported until then.
 */
export const switchoverGenerations = ['2026', 'classic'] as const;
export type SwitchoverGeneration = (typeof switchoverGenerations)[number];

/** SwitchoverBlueGreenDeployment. */
export interface SwitchOverBlueGreenDeploymentParameters extends OperationBasics {
  /** SwitchoverTimeout, in milliseconds: AWS takes 30 s to 3600 s. */
  readonly switchoverTimeoutMs: number;
  /** Whether less than AWS's 30 s is taken too: for rehearsals of the rollback. Default: false. */
  readonly anyTimeout?: boolean;
  /** Green may lag so much for the switchover to begin; 0: as much as the timeout. */
  readonly lagLimitMs: number;
  /** Writes and DDL on blue that go on for longer keep the switchover from beginning. */
  readonly longWriteMs: number;
  readonly generation: SwitchoverGeneration;
}

/** DeleteBlueGreenDeployment. */
export interface DeleteBlueGreenDeploymentParameters extends OperationBasics {
  /** Whether green ends too. AWS takes it only while green was not switched to. */
  readonly deleteTarget: boolean;
}
