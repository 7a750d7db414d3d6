/** The operations by name. To add one: a folder beside this file, and a line here. */
import type { OperationName, OperationParameters } from '../sim.js';
import { failover } from './failover/call.js';
import { globalUpgrade } from './global-upgrade/call.js';
import type { Operation } from './operation.js';
import { associateParameterGroup } from './parameters/associate.js';
import { modifyParameterGroup } from './parameters/modify.js';
import { reboot } from './reboot/call.js';
import { upgradeInPlace } from './upgrade-in-place/call.js';
import { zeroDowntimePatch } from './zero-downtime-patch/call.js';

export const operations: { readonly [O in OperationName]: Operation<OperationParameters[O]> } = {
  'modify-parameter-group': modifyParameterGroup,
  'associate-parameter-group': associateParameterGroup,
  'zero-downtime-patch': zeroDowntimePatch,
  failover,
  reboot,
  'global-upgrade': globalUpgrade,
  'upgrade-in-place': upgradeInPlace,
};
