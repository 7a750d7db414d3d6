/**
 * CreateDBParameterGroup, and ModifyDBParameterGroup for its first values: nobody uses it yet
 * (AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html).
 */
import { ParameterGroup } from '../../cluster/parameters/parameter-group.js';
import type { Operation } from '../operation.js';
import type { CreateParameterGroupParameters } from './parameters.js';

export const createParameterGroup: Operation<CreateParameterGroupParameters> = {
  call: ({ cluster, group, values }) => ({
    cluster,
    action: 'CreateDBParameterGroup',
    parameters: { DBParameterGroupName: group, Parameters: { ...values } },
  }),
  refuse: ({ parameterGroups }, { group }) =>
    parameterGroups.has(group)
      ? {
          code: 'DBParameterGroupAlreadyExists',
          message: `Parameter group ${group} already exists`,
        }
      : null,
  run: async ({ parameterGroups }, { group, values }) => {
    parameterGroups.set(group, new ParameterGroup(group, values));
  },
};
