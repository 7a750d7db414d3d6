/**
 * ModifyDBInstance with a parameter group: its values, dynamic ones too, take effect at the next
 * reboot only (AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html).
 */
import {
  clusterNotFound,
  clusterOf,
  instanceNotAvailable,
  instanceNotFound,
  type Operation,
} from '../operation.js';
import * as say from './messages.js';
import { groupNotFound } from './modify.js';
import type { AssociateParameterGroupParameters } from './parameters.js';

export const associateParameterGroup: Operation<AssociateParameterGroupParameters> = {
  call: ({ cluster, instance, group }) => ({
    cluster,
    action: 'ModifyDBInstance',
    parameters: {
      DBInstanceIdentifier: instance,
      DBParameterGroupName: group,
      ApplyImmediately: true,
    },
  }),
  refuse: ({ clusters, parameterGroups }, { cluster, instance, group }) => {
    const record = clusters.get(cluster);
    if (record === undefined) return clusterNotFound(cluster);
    const found = record.instances.find(({ identifier }) => identifier === instance);
    if (found === undefined) return instanceNotFound(instance);
    if (!parameterGroups.has(group)) return groupNotFound(group);
    return found.status === 'available' ? null : instanceNotAvailable(instance, found.status);
  },
  run: async (world, { cluster, instance, group, onT0 }) => {
    const record = clusterOf(world, cluster);
    const found = record.instances.find(({ identifier }) => identifier === instance);
    const values = world.parameterGroups.get(group);
    if (found === undefined || values === undefined) throw new Error('refused calls are not run');
    onT0?.(world.clock.nowNs());
    found.setStatus('modifying');
    found.parameters.associate(values);
    record.tell(say.usesGroup(group), found);
    found.setStatus('available');
  },
};
