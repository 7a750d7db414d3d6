/** The operations by name. To add one: a folder beside this file, and a line here. */
import type { OperationName, OperationParameters } from '../sim.js';
import { createBlueGreenDeployment } from './blue-green/create.js';
import { deleteBlueGreenDeployment } from './blue-green/delete.js';
import { stopSwitchover } from './blue-green/stop.js';
import { switchOverBlueGreenDeployment } from './blue-green/switch-over.js';
import { failover } from './failover/call.js';
import { globalUpgrade } from './global-upgrade/call.js';
import type { Operation } from './operation.js';
import { associateParameterGroup } from './parameters/associate.js';
import { createParameterGroup } from './parameters/create.js';
import { modifyParameterGroup } from './parameters/modify.js';
import { createReadReplica } from './read-replica/create.js';
import { deleteInstance } from './read-replica/delete.js';
import { promoteReadReplica } from './read-replica/promote.js';
import { waitForReplica } from './read-replica/wait.js';
import { reboot } from './reboot/call.js';
import { repoint } from './repoint/repoint.js';
import { createGreen } from './self-managed-switch/create-green.js';
import { shiftReads } from './self-managed-switch/shift-reads.js';
import { switchByDns } from './self-managed-switch/switch-by-dns.js';
import { upgradeInPlace } from './upgrade-in-place/call.js';
import { zeroDowntimePatch } from './zero-downtime-patch/call.js';

export const operations: { readonly [O in OperationName]: Operation<OperationParameters[O]> } = {
  'modify-parameter-group': modifyParameterGroup,
  'associate-parameter-group': associateParameterGroup,
  'create-parameter-group': createParameterGroup,
  'create-read-replica': createReadReplica,
  'wait-for-replica': waitForReplica,
  'promote-read-replica': promoteReadReplica,
  'delete-instance': deleteInstance,
  repoint,
  'zero-downtime-patch': zeroDowntimePatch,
  failover,
  reboot,
  'global-upgrade': globalUpgrade,
  'upgrade-in-place': upgradeInPlace,
  'create-blue-green-deployment': createBlueGreenDeployment,
  'switch-over-blue-green-deployment': switchOverBlueGreenDeployment,
  'create-green': createGreen,
  'shift-reads': shiftReads,
  'switch-by-dns': switchByDns,
  'delete-blue-green-deployment': deleteBlueGreenDeployment,
  'stop-switchover': stopSwitchover,
};
