/**
 * CreateDBInstanceReadReplica: a copy of an instance that follows it (AmazonRDS
 * UserGuide/USER_ReadRepl.html; API reference, CreateDBInstanceReadReplica). In the same region it
 * has the parameter group of its source, and no other can be given: what is changed in that group
 * is changed on both, until the replica is given its own and has rebooted.
 */
import { createReplica } from '../../cluster/replica/create-replica.js';
import { drawn } from '../../timing.js';
import { messageOf } from '../../user-error.js';
import { OperationFailed } from '../job.js';
import { clusterOf, type Operation } from '../operation.js';
import { tellUncarried } from '../uncarried.js';
import * as say from './messages.js';
import type { CreateReadReplicaParameters } from './parameters.js';
import { instanceNameOf, refuseBusy } from './subject.js';

export const createReadReplica: Operation<CreateReadReplicaParameters> = {
  call: ({ cluster, replica }, world) => ({
    cluster: replica,
    action: 'CreateDBInstanceReadReplica',
    parameters: {
      DBInstanceIdentifier: instanceNameOf(world, replica),
      SourceDBInstanceIdentifier: instanceNameOf(world, cluster),
    },
  }),
  refuse: (world, { cluster, replica }) => {
    const busy = refuseBusy(world, cluster);
    if (busy !== null || !world.clusters.has(replica)) return busy;
    return {
      code: 'DBInstanceAlreadyExists',
      message: `DB Instance ${instanceNameOf(world, replica)} already exists.`,
    };
  },
  run: async (world, { cluster, replica: identifier, durations }, signal) => {
    const source = clusterOf(world, cluster);
    const { clock } = world;
    const name = 'replica.create.createMs';
    const createMs = drawn(durations, name);
    source.tellDuration(name, createMs);
    const beginNs = clock.nowNs();
    await tellUncarried(source, identifier);
    const making = createReplica(world, source, { identifier }).then(({ replica }) => replica);
    const replica = await world.adopt(making).catch((error: unknown) => {
      throw new OperationFailed(`${identifier} could not be made: ${messageOf(error)}`);
    });
    const instance = replica.mainInstance;
    instance.setStatus('creating');
    await instance.parameters.begin(source.mainInstance.parameters.group, instance);
    const leftMs = createMs - (clock.nowNs() - beginNs) / 1e6;
    await clock.sleep(Math.max(0, leftMs), signal).catch(() => {});
    instance.setStatus('available');
    replica.tell(say.created, instance);
    if (signal.aborted) throw signal.reason;
  },
};
