/**
 * Green by hand: a copy of blue, upgraded, that follows it. No call of AWS's: teams make it of a
 * read replica or of a snapshot with replication of their own. Blue goes on all the time.
 */
import { createReplica } from '../../cluster/replica/create-replica.js';
import { drawn } from '../../timing.js';
import { messageOf } from '../../user-error.js';
import { OperationFailed } from '../job.js';
import { clusterNotFound, clusterOf, notAvailable, type Operation } from '../operation.js';
import { tellUncarried } from '../uncarried.js';
import type { CreateGreenParameters } from './parameters.js';

export const createGreen: Operation<CreateGreenParameters> = {
  call: () => null,
  refuse: ({ clusters }, { cluster, green }) => {
    const blue = clusters.get(cluster);
    if (blue === undefined) return clusterNotFound(cluster);
    if (clusters.has(green))
      return {
        code: 'DBClusterAlreadyExistsFault',
        message: `DBCluster ${green} already exists.`,
      };
    return notAvailable(blue);
  },
  run: async (world, { cluster, green, engineVersion, awsVersion, durations }, signal) => {
    const blue = clusterOf(world, cluster);
    const { clock } = world;
    const beginNs = clock.nowNs();
    await world.provider.prepare(blue.server, engineVersion);
    await tellUncarried(blue, green);
    let way: string | null = null;
    const making = createReplica(world, blue, {
      ...{ identifier: green, version: engineVersion },
      ...(awsVersion === undefined ? {} : { awsVersion }),
    }).then((made) => {
      way = made.way;
      return made.replica;
    });
    const replica = await world.adopt(making).catch((error: unknown) => {
      throw new OperationFailed(`${green} could not be made: ${messageOf(error)}`);
    });
    if (way !== null) replica.note('info', 'upgrade-way', `${green} was upgraded by ${way}`);
    const name = 'self-managed.green.createMs';
    const createMs = drawn(durations, name);
    blue.tellDuration(name, createMs);
    const leftMs = createMs - (clock.nowNs() - beginNs) / 1e6;
    await clock.sleep(Math.max(0, leftMs), signal).catch(() => {});
    if (signal.aborted) throw signal.reason;
  },
};
