/**
 * A secondary cluster of an Aurora global database: its instances are readers that follow the
 * writer of the primary in another region. On AWS the storage is replicated; here the log is
 * (AuroraUserGuide/aurora-global-database.html).
 */
import type { ClusterOptions, SimOptions } from '../sim.js';
import type { ClusterRecord } from './cluster.js';
import { openCluster } from './create.js';

/**
 * Creates the cluster and waits until its readers have all that the writer has. Its writer name
 * leads to its first reader: the console calls that name inactive, and a published probe of it was
 * answered all the same (11 Apr 2026).
 * @throws UserError what the provider throws
 */
export async function createSecondary(
  sim: SimOptions,
  options: ClusterOptions,
  clusters: ReadonlyMap<string, ClusterRecord>,
): Promise<ClusterRecord> {
  const { globalPrimary = '', members = [] } = options;
  const primary = clusters.get(globalPrimary);
  if (primary === undefined || primary.primary !== null)
    throw new Error(`there is no primary cluster ${globalPrimary}`);
  if (primary.engine !== options.engine)
    throw new Error(`${globalPrimary} and its secondary are of two engines`);
  const { followers, application, instrument, database, writerInstance } = primary;
  return await openCluster(sim, options, {
    followers,
    primary,
    start: async () => {},
    make: async (making, identity) => ({
      ...{ application, instrument, database },
      instances: await making.followersOf(writerInstance, ['reader', ...members], identity, 1),
    }),
    undo: async () => {},
  });
}
