/** What each operation is started with, by its name. */
import type {
  FailoverParameters,
  GlobalUpgradeParameters,
  OperationBasics,
  RebootParameters,
  UpgradeInPlaceParameters,
  ZeroDowntimePatchParameters,
} from '../sim.js';
import type {
  CreateBlueGreenDeploymentParameters,
  DeleteBlueGreenDeploymentParameters,
  SwitchOverBlueGreenDeploymentParameters,
} from './blue-green/parameters.js';
import type {
  AssociateParameterGroupParameters,
  CreateParameterGroupParameters,
  ModifyParameterGroupParameters,
} from './parameters/parameters.js';
import type {
  CreateReadReplicaParameters,
  DeleteInstanceParameters,
  PromoteReadReplicaParameters,
  RepointParameters,
  WaitForReplicaParameters,
} from './read-replica/parameters.js';
import type {
  CreateGreenParameters,
  ShiftReadsParameters,
  SwitchByDnsParameters,
} from './self-managed-switch/parameters.js';

export interface OperationParameters {
  'modify-parameter-group': ModifyParameterGroupParameters;
  'associate-parameter-group': AssociateParameterGroupParameters;
  'create-parameter-group': CreateParameterGroupParameters;
  'create-read-replica': CreateReadReplicaParameters;
  'wait-for-replica': WaitForReplicaParameters;
  'promote-read-replica': PromoteReadReplicaParameters;
  'delete-instance': DeleteInstanceParameters;
  repoint: RepointParameters;
  'zero-downtime-patch': ZeroDowntimePatchParameters;
  failover: FailoverParameters;
  reboot: RebootParameters;
  'global-upgrade': GlobalUpgradeParameters;
  'upgrade-in-place': UpgradeInPlaceParameters;
  'create-blue-green-deployment': CreateBlueGreenDeploymentParameters;
  'switch-over-blue-green-deployment': SwitchOverBlueGreenDeploymentParameters;
  'create-green': CreateGreenParameters;
  'shift-reads': ShiftReadsParameters;
  'switch-by-dns': SwitchByDnsParameters;
  'delete-blue-green-deployment': DeleteBlueGreenDeploymentParameters;
  'stop-switchover': OperationBasics;
}
export type OperationName = keyof OperationParameters;
