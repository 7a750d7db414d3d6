/** Puts a world together: clusters made on request, operations started as jobs. */
import type { ClusterRecord } from './cluster/cluster.js';
import { createCluster } from './cluster/create.js';
import { startJob } from './operations/job.js';
import { ZeroDowntimePatch } from './operations/zero-downtime-patch/operation.js';
import { compareVersions, isMinorUpgrade } from './server/versions.js';
import type {
  AwsFault,
  Cluster,
  ClusterOptions,
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
      tellCall(options, parameters, fault);
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
      const created = createCluster(options, wanted);
      creating.add(created);
      const cluster = await created;
      clusters.set(wanted.identifier, cluster);
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
  { clock }: SimOptions,
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
  await Promise.all(
    clusters.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)),
  );
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
  const { version } = cluster;
  const { engineVersion } = parameters;
  const verb = compareVersions(version, engineVersion) === 0 ? 'modify' : 'upgrade';
  if (!isMinorUpgrade(version, engineVersion))
    return {
      code: 'InvalidParameterCombination',
      message: `Cannot ${verb} aurora-postgresql from ${version} to ${engineVersion}`,
    };
  return null;
}

function tellCall(
  { emit, clock }: SimOptions,
  parameters: ZeroDowntimePatchParameters,
  fault: AwsFault | null,
): void {
  emit({
    atNs: clock.nowNs(),
    clock: 'control',
    kind: 'call',
    subject: { cluster: parameters.cluster },
    data: {
      action: 'ModifyDBCluster',
      parameters: {
        DBClusterIdentifier: parameters.cluster,
        EngineVersion: parameters.engineVersion,
        ApplyImmediately: true,
      },
      fault: fault === null ? null : { ...fault },
    },
  });
}
