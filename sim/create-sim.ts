/** Puts a world together: clusters made on request, operations started as jobs. */
import type { ClusterRecord } from './cluster/cluster.js';
import { createCluster, memberName, restoreCluster } from './cluster/create.js';
import { tellCall } from './cluster/tell-call.js';
import { startJob } from './operations/job.js';
import { ZeroDowntimePatch } from './operations/zero-downtime-patch/operation.js';
import { canUpgradeInPlace, isMinorUpgrade, readClusterVersion } from './server/versions.js';
import type {
  AwsFault,
  Cluster,
  ClusterOptions,
  ClusterSnapshot,
  Job,
  OperationName,
  OperationParameters,
  Sim,
  SimOptions,
  StartedOrRefused,
  ZeroDowntimePatchParameters,
} from './sim.js';

/** How long `close` waits for a job that was asked to stop. */
const jobEndMsMax = 20_000;

/** Makes an empty world. */
export function createSim(options: SimOptions): Sim {
  const clusters = new Map<string, ClusterRecord>();
  const creating = new Set<Promise<ClusterRecord>>();
  const jobs: Job[] = [];
  let closing: Promise<void> | undefined;

  const starters: {
    [O in OperationName]: (parameters: OperationParameters[O]) => StartedOrRefused;
  } = {
    'zero-downtime-patch': (parameters) => {
      const cluster = clusters.get(parameters.cluster);
      const fault = refusePatch(cluster, parameters);
      tellPatch(options, parameters, fault);
      if (cluster === undefined || fault !== null) return { fault: fault ?? notFound(parameters) };
      const id = `job-${jobs.length + 1}`;
      const job = startJob(id, 'zero-downtime-patch', (signal) =>
        new ZeroDowntimePatch(cluster, parameters, signal).run(),
      );
      jobs.push(job);
      return { job };
    },
  };

  return {
    createCluster: async (wanted: ClusterOptions): Promise<Cluster> => {
      if (creating.size > 0 && options.doorway !== undefined)
        throw new Error('the doorway leads to the first cluster alone');
      const created = createCluster(options, wanted);
      creating.add(created);
      const cluster = await created;
      clusters.set(wanted.identifier, cluster);
      return cluster;
    },
    restoreCluster: async (snapshot, identifier): Promise<Cluster> => {
      if (clusters.has(identifier)) throw new Error(`there is a cluster ${identifier} already`);
      tellRestore(options, snapshot, identifier);
      const restored = restoreCluster(options, snapshot, identifier);
      creating.add(restored);
      const cluster = await restored;
      clusters.set(identifier, cluster);
      return cluster;
    },
    start: (operation, parameters) => starters[operation](parameters),
    close: () => {
      closing ??= closeAll(options, jobs, creating);
      return closing;
    },
  };
}

async function closeAll(
  { clock, doorway }: SimOptions,
  jobs: readonly Job[],
  created: ReadonlySet<Promise<ClusterRecord>>,
): Promise<void> {
  const stop = new AbortController();
  for (const job of jobs) job.abort('the run is being stopped');
  const ended = Promise.all(jobs.map((job) => job.finished));
  await Promise.race([ended, clock.sleep(jobEndMsMax, stop.signal).catch(() => {})]);
  stop.abort();
  // One that is still being made is waited for: its server must not outlive the world.
  const clusters = await Promise.allSettled(created);
  const ends = await Promise.allSettled([
    ...clusters.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)),
    doorway?.remove(),
  ]);
  // Each is ended before one that could not be is told.
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

function notFound(parameters: ZeroDowntimePatchParameters): AwsFault {
  return {
    code: 'DBClusterNotFoundFault',
    message: `DBCluster ${parameters.cluster} not found.`,
  };
}

/** The faults that ModifyDBCluster documents (API reference, ModifyDBCluster, Errors). */
function refusePatch(
  cluster: ClusterRecord | undefined,
  parameters: ZeroDowntimePatchParameters,
): AwsFault | null {
  if (cluster === undefined) return notFound(parameters);
  if (cluster.status !== 'available')
    return {
      code: 'InvalidDBClusterStateFault',
      message: `DBCluster ${cluster.identifier} is not in available state (${cluster.status}).`,
    };
  return isPatch(cluster, parameters) ? null : cannotUpgrade(cluster, parameters);
}

/** A stand-in may be patched to the version that it has: then AWS's names alone tell the step. */
function isPatch(cluster: ClusterRecord, parameters: ZeroDowntimePatchParameters): boolean {
  const { server, version, awsVersion } = cluster;
  const to = parameters.engineVersion;
  if (server === 'postgres' && parameters.awsVersion === undefined)
    return isMinorUpgrade(version, to);
  const named = parameters.awsVersion ?? readClusterVersion(cluster.engine, to).aws;
  return named !== awsVersion && (version === to || canUpgradeInPlace(server, version, to));
}

function cannotUpgrade(
  { engine, version, awsVersion }: ClusterRecord,
  parameters: ZeroDowntimePatchParameters,
): AwsFault {
  const [from, to] =
    engine === 'aurora-postgresql'
      ? [version, parameters.engineVersion]
      : [awsVersion, parameters.awsVersion ?? parameters.engineVersion];
  const verb = from === to ? 'modify' : 'upgrade';
  return {
    code: 'InvalidParameterCombination',
    message: `Cannot ${verb} ${engine} from ${from} to ${to}`,
  };
}

function tellPatch(
  options: SimOptions,
  { cluster, engineVersion }: ZeroDowntimePatchParameters,
  fault: AwsFault | null,
): void {
  tellCall(options, cluster, {
    action: 'ModifyDBCluster',
    parameters: {
      DBClusterIdentifier: cluster,
      EngineVersion: engineVersion,
      ApplyImmediately: true,
    },
    fault,
  });
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
