/** The clusters of a run: made in the order of its topology, and told by the targets of lanes. */
import type { Cluster, ClusterOptions, Sim } from '../../sim/sim.js';
import type { RunContext } from '../run.js';
import type { ClusterShape } from '../scenario.js';
import { primaryOf, secondariesOf } from '../topology.js';
import { databaseOptions } from './database.js';
import { connectionParameters } from './session-numbers.js';
import { unlessStopped } from './unless-stopped.js';

export interface RunClusters {
  /** What operations, writes and sessions are for. */
  readonly primary: Cluster;
  readonly secondaries: readonly { readonly target: string; readonly cluster: Cluster }[];
}

/** @throws the stop signal's reason, or a UserError of the provider */
export async function createClusters(context: RunContext, sim: Sim): Promise<RunClusters> {
  const { plan, stop } = context;
  const { topology } = plan;
  const create = (shape: ClusterShape, more: Partial<ClusterOptions>): Promise<Cluster> =>
    unlessStopped(stop, sim.createCluster({ ...commonOptions(context, shape), ...more }));
  const database = databaseOptions(context);
  const primary = await create(primaryOf(topology), {
    pendingParameters: plan.pendingParameters,
    ...database,
    parameters: { ...connectionParameters(plan), ...database.parameters },
  });
  const secondaries: { target: string; cluster: Cluster }[] = [];
  for (const { target, shape } of secondariesOf(topology)) {
    const cluster = await create(shape, { globalPrimary: primary.identifier });
    secondaries.push({ target, cluster });
  }
  return { primary, secondaries };
}

export function allOf({ primary, secondaries }: RunClusters): Cluster[] {
  return [primary, ...secondaries.map(({ cluster }) => cluster)];
}

function commonOptions(
  { plan }: RunContext,
  { identifier, region, members, takesReplicas, parameterGroup }: ClusterShape,
): ClusterOptions {
  return {
    identifier,
    engine: plan.engine,
    server: plan.servers.engine,
    version: plan.servers.from,
    awsVersion: plan.versions.awsFrom,
    ...(region === undefined ? {} : { region }),
    ...(members.length === 0 ? {} : { members }),
    ...(takesReplicas === undefined ? {} : { takesReplicas }),
    ...(parameterGroup === undefined ? {} : { parameterGroup }),
  };
}
