/**
 * DeleteDBInstance: an instance is ended with all that it holds
 * (AmazonRDS UserGuide/USER_DeleteInstance.html), without a last snapshot. A replica of it goes on
 * by itself. A source keeps nothing for one that followed it: a publication of logical replication
 * would go on refusing UPDATE and DELETE of tables without a key, and a slot would keep all of the
 * log.
 */
import { LogicalFollowing } from '../../cluster/replication/postgres-logical.js';
import { drawn } from '../../timing.js';
import { clusterOf, type Operation } from '../operation.js';
import * as say from './messages.js';
import type { DeleteInstanceParameters } from './parameters.js';
import { instanceNameOf, refuseBusy } from './subject.js';

export const deleteInstance: Operation<DeleteInstanceParameters> = {
  call: ({ cluster }, world) => ({
    cluster,
    action: 'DeleteDBInstance',
    parameters: {
      DBInstanceIdentifier: instanceNameOf(world, cluster),
      SkipFinalSnapshot: true,
    },
  }),
  refuse: (world, { cluster }) => refuseBusy(world, cluster),
  run: async (world, { cluster, durations }, signal) => {
    const record = clusterOf(world, cluster);
    const { clock } = world;
    const instance = record.mainInstance;
    instance.setStatus('deleting');
    const name = 'replica.create.deleteMs';
    const deleteMs = drawn(durations, name);
    record.tellDuration(name, deleteMs);
    await clock.sleep(deleteMs, signal).catch(() => {});
    const following = record.followers.replicationOf(instance);
    await world.remove(record);
    if (following instanceof LogicalFollowing) await following.end();
    record.tell(say.deleted, instance);
    if (signal.aborted) throw signal.reason;
  },
};
