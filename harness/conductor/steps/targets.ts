/** Whom a step is about, and with which login it is asked. */
import type { Cluster, ClusterInstance } from '../../../sim/sim.js';
import type { ConnectionTarget } from '../../probe/target.js';
import type { SqlLogin, StepTarget } from '../../step.js';
import { allOf } from '../clusters.js';
import { adminTarget, endpointTarget } from '../instruments-plan.js';
import type { StepWorld } from './step-end.js';

export interface FoundTarget {
  readonly cluster: Cluster;
  /** Null: the cluster as such, which is its writer. */
  readonly instance: ClusterInstance | null;
}

/** What a restored cluster's identifier ends with. */
export const restoredSuffix = '-restored';

/** Looks it up in the world as it is now; a sentence where it is not there. */
export function findTarget({ sim, clusters }: StepWorld, name: StepTarget): FoundTarget | string {
  if (name === 'primary') return { cluster: clusters.primary, instance: null };
  const all = sim.clusters();
  if (name === 'replica') {
    const own = new Set(allOf(clusters).map(({ identifier }) => identifier));
    const found = all.filter(
      ({ identifier }) => !own.has(identifier) && !identifier.endsWith(restoredSuffix),
    );
    const [only] = found;
    if (only !== undefined && found.length === 1) return { cluster: only, instance: null };
    const how = only === undefined ? 'there is none yet' : `there are ${namesOf(found)}`;
    return `"replica" names nobody: ${how}`;
  }
  const cluster = all.find(({ identifier }) => identifier === name);
  if (cluster !== undefined) return { cluster, instance: null };
  for (const one of all) {
    const instance = one.instances.find(({ identifier }) => identifier === name);
    if (instance !== undefined) return { cluster: one, instance };
  }
  const known = namesOf([...all, ...all.flatMap(({ instances }) => instances)]);
  return `there is no cluster or instance "${name}" now, there are ${known}`;
}

/** Where a statement is sent; a sentence where that cannot be. */
export function loginOf(
  world: StepWorld,
  on: StepTarget,
  as: SqlLogin,
): { readonly target: ConnectionTarget; readonly cluster: Cluster } | string {
  const found = findTarget(world, on);
  if (typeof found === 'string') return found;
  const { cluster, instance } = found;
  if (as === 'application') {
    const address = instance?.address ?? cluster.writer;
    return { cluster, target: endpointTarget(on, cluster, address, cluster.application) };
  }
  if (instance !== null && instance.role !== 'writer')
    return `the admin asks writers alone, and ${on} is a ${instance.role}`;
  return { cluster, target: adminTarget(cluster) };
}

function namesOf(all: readonly { readonly identifier: string }[]): string {
  return all.map(({ identifier }) => identifier).join(', ');
}
