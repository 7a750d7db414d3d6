/** The clusters of a run, their instances, and what a lane's target calls them. Pure. */
import type { ClusterShape, Topology } from './scenario.js';

/** What a scenario has that says nothing else. */
export const oneCluster: Topology = {
  clusters: [{ identifier: 'rehearsal', role: 'primary', members: [] }],
};

/** The cluster that operations, writes and sessions are for. */
export function primaryOf({ clusters }: Topology): ClusterShape {
  const [primary] = clusters;
  if (primary?.role !== 'primary') throw new Error('a topology begins with its primary');
  return primary;
}

/** A secondary cluster, and what its lanes are called by. */
export interface NamedSecondary {
  /** `secondary`, `secondary-2`: a target of lanes, and what stands before their names. */
  readonly target: string;
  readonly shape: ClusterShape;
}

export function secondariesOf({ clusters }: Topology): NamedSecondary[] {
  return clusters
    .filter(({ role }) => role === 'secondary')
    .map((shape, index) => ({
      target: index === 0 ? 'secondary' : `secondary-${index + 1}`,
      shape,
    }));
}

/** The instances of all clusters, as the world names them: in the order in which it makes them. */
export function instancesOf({ identifier, role, members }: ClusterShape): {
  readonly identifier: string;
  readonly role: 'writer' | 'reader' | 'standby';
}[] {
  const first = role === 'primary' ? ('writer' as const) : ('reader' as const);
  return [first, ...members].map((each, index) => ({
    identifier: `${identifier}-instance-${index + 1}`,
    role: each,
  }));
}

/** How many instances there are in all clusters. */
export function instanceCount({ clusters }: Topology): number {
  return clusters.reduce((sum, { members }) => sum + 1 + members.length, 0);
}

/** With so many readers in the primary; its other members stay. */
export function withReaders({ clusters }: Topology, count: number): Topology {
  const readers = Array.from({ length: count }, () => 'reader' as const);
  return {
    clusters: clusters.map((shape) =>
      shape.role === 'primary'
        ? { ...shape, members: [...readers, ...shape.members.filter((one) => one !== 'reader')] }
        : shape,
    ),
  };
}

/** A line for each cluster: `rehearsal: writer, 2 readers in us-east-1`. */
export function clusterTexts({ clusters }: Topology): string[] {
  return clusters.map((shape) => {
    const place = shape.region === undefined ? '' : ` in ${shape.region}`;
    return `${shape.identifier}: ${rolesText(shape)}${place}`;
  });
}

function rolesText(shape: ClusterShape): string {
  const roles = instancesOf(shape).map(({ role }) => role);
  return [...new Set(roles)]
    .map((role) => {
      const count = roles.filter((one) => one === role).length;
      return count === 1 ? role : `${count} ${role}s`;
    })
    .join(', ');
}
