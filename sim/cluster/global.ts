/**
 * An Aurora global database: a primary cluster, which takes the writes, and secondaries in other
 * regions (AuroraUserGuide/aurora-global-database.html).
 */
import type { ClusterRecord } from './cluster.js';

export interface GlobalCluster {
  readonly identifier: string;
  readonly primary: ClusterRecord;
  /** In the order in which they were made. */
  readonly secondaries: readonly ClusterRecord[];
}

/** The identifier of the global database with that primary. */
export function globalIdentifier(primary: string): string {
  return `${primary}-global`;
}

/** The global database that a cluster is the primary of; null where it is none. */
export function globalOf(
  clusters: ReadonlyMap<string, ClusterRecord>,
  identifier: string,
): GlobalCluster | null {
  const primary = clusters.get(identifier);
  const secondaries = [...clusters.values()].filter((one) => one.primary === primary);
  if (primary === undefined || secondaries.length === 0) return null;
  return { identifier: globalIdentifier(identifier), primary, secondaries };
}
