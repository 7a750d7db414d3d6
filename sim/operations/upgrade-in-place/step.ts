/** What an upgrade is to AWS: by the versions as AWS names them, whatever server stands for it. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import {
  communityEngines,
  readClusterVersion,
  type UpgradeStep,
  upgradeStep,
} from '../../server/versions.js';
import type { UpgradeInPlaceParameters } from '../../sim.js';

/**
 * @returns null where it is none that RDS takes
 * @throws UserError `VERSION_INVALID`
 */
export function stepOf(
  { engine, awsVersion }: ClusterRecord,
  parameters: Pick<UpgradeInPlaceParameters, 'engineVersion' | 'awsVersion'>,
): UpgradeStep | null {
  const named = parameters.awsVersion ?? parameters.engineVersion;
  const [from, to] = [awsVersion, named].map((text) => readClusterVersion(engine, text).community);
  if (from === undefined || to === undefined) return null;
  return upgradeStep(communityEngines[engine], from, to);
}
