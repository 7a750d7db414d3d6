/** The edition of the patch that fits a cluster's engine. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { ZeroDowntimePatchParameters } from '../../sim.js';
import type { Edition } from './edition.js';
import { mysqlEdition } from './mysql/edition.js';
import { postgresEdition } from './postgres/edition.js';

export function editionOf(
  cluster: ClusterRecord,
  parameters: ZeroDowntimePatchParameters,
): Edition {
  const { member } = cluster;
  return member.protocolName === 'postgres'
    ? postgresEdition(cluster, member.admin, parameters)
    : mysqlEdition(cluster, member, parameters);
}
