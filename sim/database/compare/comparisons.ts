/** What a world's front door offers of comparisons: clusters and surveys by name. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Sim } from '../../sim.js';
import { UserError } from '../../user-error.js';
import { type ClusterSurvey, compareClusters, surveyCluster } from './clusters.js';

export function comparisons(
  clusters: ReadonlyMap<string, ClusterRecord>,
): Pick<Sim, 'compare' | 'survey'> {
  const surveys = new Map<string, ClusterSurvey>();
  const known = (): string => [...clusters.keys(), ...surveys.keys()].join(', ');
  const clusterOf = (name: string): ClusterRecord => {
    const cluster = clusters.get(name);
    if (cluster === undefined) throw unknown(name, known());
    return cluster;
  };
  return {
    compare: async (from, to, options) =>
      await compareClusters(surveys.get(from) ?? clusterOf(from), clusterOf(to), options),
    survey: async (cluster, name) => {
      surveys.set(name, await surveyCluster(clusterOf(cluster)));
    },
  };
}

function unknown(name: string, known: string): UserError {
  return new UserError(
    'COMPARE_UNKNOWN',
    `There is no cluster, and nothing was surveyed, of the name "${name.slice(0, 80)}".`,
    `Name one of those that there are by then: ${known}.`,
  );
}
