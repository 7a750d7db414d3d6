/** ModifyGlobalCluster with an engine version: what is refused, and the upgrade it starts. */
import { globalIdentifier, globalOf } from '../../cluster/global.js';
import { isMinorUpgrade } from '../../server/versions.js';
import type { GlobalUpgradeParameters } from '../../sim.js';
import type { Operation } from '../operation.js';
import { cannotUpgrade } from '../zero-downtime-patch/call.js';
import { GlobalUpgrade } from './operation.js';

export const globalUpgrade: Operation<GlobalUpgradeParameters> = {
  call: ({ cluster, engineVersion }) => ({
    cluster,
    action: 'ModifyGlobalCluster',
    parameters: {
      GlobalClusterIdentifier: globalIdentifier(cluster),
      EngineVersion: engineVersion,
    },
  }),
  // The faults that ModifyGlobalCluster documents (API reference, ModifyGlobalCluster, Errors).
  // Aurora PostgreSQL alone, and minor versions alone: AuroraUserGuide,
  // aurora-global-database-upgrade.html.
  refuse: ({ clusters }, parameters) => {
    const { cluster, engineVersion } = parameters;
    const global = globalOf(clusters, cluster);
    if (global === null)
      return {
        code: 'GlobalClusterNotFoundFault',
        message: `Global cluster ${globalIdentifier(cluster)} not found.`,
      };
    const { primary, secondaries } = global;
    const busy = [primary, ...secondaries].find(({ status }) => status !== 'available');
    if (busy !== undefined)
      return {
        code: 'InvalidGlobalClusterStateFault',
        message:
          `Global cluster ${global.identifier} is not in available state: ` +
          `DBCluster ${busy.identifier} is ${busy.status}.`,
      };
    const isMinor =
      primary.engine === 'aurora-postgresql' && isMinorUpgrade(primary.version, engineVersion);
    return isMinor ? null : cannotUpgrade(primary, parameters);
  },
  run: ({ clusters }, parameters, signal) => {
    const global = globalOf(clusters, parameters.cluster);
    if (global === null) throw new Error(`${parameters.cluster} is no primary`);
    return new GlobalUpgrade(global, parameters, signal).run();
  },
};
