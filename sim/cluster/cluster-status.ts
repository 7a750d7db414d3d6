/** The statuses of a cluster, and what its instances are meanwhile. */
import type { InstanceStatus } from './instance.js';

/** Statuses of a cluster that this version knows (AuroraUserGuide, "Viewing DB cluster status"). */
export type ClusterStatus =
  | 'creating'
  | 'available'
  | 'backing-up'
  | 'failing-over'
  | 'modifying'
  | 'upgrading'
  | 'upgrade_failed';

/** What an instance is while its cluster is that. */
export function instanceStatusOf(status: ClusterStatus): InstanceStatus {
  return status === 'failing-over' ? 'available' : status;
}
