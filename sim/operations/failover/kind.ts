/** Which of the two failovers a cluster record has: that of its engine. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { InstanceRole } from '../../sim.js';
import type { TimingProfile } from '../../timing.js';

/** To a reader of an Aurora cluster, or to the standby of an RDS Multi-AZ instance. */
export type Kind = 'aurora' | 'multi-az';

export function kindOf({ engine }: Pick<ClusterRecord, 'engine'>): Kind {
  return engine.startsWith('aurora-') ? 'aurora' : 'multi-az';
}

/** What the one that is promoted was, and the writer before is afterwards. */
export function roleOfPartner(kind: Kind): Exclude<InstanceRole, 'writer'> {
  return kind === 'aurora' ? 'reader' : 'standby';
}

export function profileOf(cluster: ClusterRecord): TimingProfile {
  if (kindOf(cluster) === 'multi-az') return 'rds.multiaz.failover';
  return cluster.server === 'postgres'
    ? 'aurora.failover.direct.pg'
    : 'aurora.failover.direct.mysql';
}
