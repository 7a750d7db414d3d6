/** Puts a world together: clusters made on request, operations started as jobs. */
import type { ClusterRecord } from './cluster/cluster.js';
import { createCluster, restoreCluster } from './cluster/create.js';
import { createSecondary } from './cluster/global-secondary.js';
import { memberName } from './cluster/making.js';
import { ParameterGroup } from './cluster/parameters/parameter-group.js';
import { tellCall } from './cluster/tell-call.js';
import { comparisons } from './database/compare/comparisons.js';
import { startJob } from './operations/job.js';
import type { Operation, World } from './operations/operation.js';
import { operations } from './operations/registry.js';
import { Betweens } from './pooling/put-through.js';
import type {
  Cluster,
  ClusterOptions,
  ClusterSnapshot,
  Job,
  Sim,
  SimOptions,
  StartedOrRefused,
} from './sim.js';

/** How long `close` waits for a job that was asked to stop. */
const jobEndMsMax = 20_000;

/** Makes an empty world. */
export function createSim(options: SimOptions): Sim {
  const clusters = new Map<string, ClusterRecord>();
  const creating = new Set<Promise<ClusterRecord>>();
  const betweens = new Betweens(options, clusters);
  const jobs: Job[] = [];
  let closing: Promise<void> | undefined;

  const parameterGroups = new Map<string, ParameterGroup>();
  const adopt = async (making: Promise<ClusterRecord>): Promise<ClusterRecord> => {
    creating.add(making);
    const cluster = await making;
    clusters.set(cluster.identifier, cluster);
    return cluster;
  };
  const remove = async (cluster: ClusterRecord): Promise<void> => {
    clusters.delete(cluster.identifier);
    await cluster.close();
  };
  const known = { clusters, parameterGroups, deployments: new Map() };
  const world: World = { ...options, ...known, adopt, remove };

  const start = <P>(name: string, operation: Operation<P>, parameters: P): StartedOrRefused => {
    const fault = operation.refuse(world, parameters);
    const call = operation.call(parameters, world);
    if (call !== null) tellCall(options, call.cluster, { ...call, fault });
    if (fault !== null) return { fault };
    const job = startJob(`job-${jobs.length + 1}`, name, (signal) =>
      operation.run(world, parameters, signal),
    );
    jobs.push(job);
    return { job };
  };

  const create = (wanted: ClusterOptions): Promise<ClusterRecord> => {
    if (wanted.globalPrimary !== undefined) return createSecondary(options, wanted, clusters);
    if (creating.size > 0 && options.doorway !== undefined)
      throw new Error('the doorway leads to the first cluster alone');
    return createCluster(options, wanted);
  };

  return {
    createCluster: async (wanted: ClusterOptions): Promise<Cluster> => {
      const cluster = await adopt(create(wanted));
      if (wanted.parameterGroup !== undefined)
        await takeGroup(world, cluster, wanted.parameterGroup);
      return cluster;
    },
    restoreCluster: async (snapshot, identifier): Promise<Cluster> => {
      if (clusters.has(identifier)) throw new Error(`there is a cluster ${identifier} already`);
      tellRestore(options, snapshot, identifier);
      return await adopt(restoreCluster(options, snapshot, identifier));
    },
    clusters: () => [...clusters.values()],
    createParameterGroup: (name) => {
      if (parameterGroups.has(name)) throw new Error(`there is a parameter group ${name} already`);
      parameterGroups.set(name, new ParameterGroup(name));
    },
    ...comparisons(clusters),
    start: (name, parameters) => start(name, operations[name], parameters),
    putThrough: (identifier, through) => betweens.put(identifier, through),
    close: () => {
      closing ??= closeAll(options, jobs, creating, betweens);
      return closing;
    },
  };
}

async function takeGroup(
  { parameterGroups }: World,
  { instances }: ClusterRecord,
  { name, values }: NonNullable<ClusterOptions['parameterGroup']>,
): Promise<void> {
  const group = new ParameterGroup(name, values);
  parameterGroups.set(name, group);
  for (const one of instances) await one.parameters.begin(group, one);
}

async function closeAll(
  { clock, doorway }: SimOptions,
  jobs: readonly Job[],
  created: ReadonlySet<Promise<ClusterRecord>>,
  betweens: Betweens,
): Promise<void> {
  const stop = new AbortController();
  for (const job of jobs) job.abort('the run is being stopped');
  const ended = Promise.all(jobs.map((job) => job.finished));
  await Promise.race([ended, clock.sleep(jobEndMsMax, stop.signal).catch(() => {})]);
  stop.abort();
  // One that is still being made is waited for: its server must not outlive the world.
  const clusters = await Promise.allSettled(created);
  const ends = await Promise.allSettled([
    betweens.close(),
    ...clusters.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)),
    doorway?.remove(),
  ]);
  // Each is ended before one that could not be is told.
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** The first call makes no instance: RDS API reference, RestoreDBClusterFromSnapshot. */
function tellRestore(options: SimOptions, snapshot: ClusterSnapshot, cluster: string): void {
  const { engine, awsVersion } = snapshot;
  tellCall(options, cluster, {
    action: 'RestoreDBClusterFromSnapshot',
    parameters: {
      DBClusterIdentifier: cluster,
      SnapshotIdentifier: snapshot.identifier,
      Engine: engine,
      EngineVersion: awsVersion,
    },
  });
  tellCall(options, cluster, {
    action: 'CreateDBInstance',
    parameters: {
      DBInstanceIdentifier: memberName(cluster),
      DBClusterIdentifier: cluster,
      Engine: engine,
    },
  });
}
