/** What the instruments are told: whom to poll and to write to, with this run's logins. */
import type { Anchor } from '../../sim/clock.js';
import type { Cluster, EndpointAddress, Login } from '../../sim/sim.js';
import type { RunPlan } from '../plan.js';
import type { InstrumentsPlan } from '../probe/protocol.js';
import type { ConnectionTarget, WireEngine } from '../probe/target.js';
import { primaryOf } from '../topology.js';
import type { RunClusters } from './clusters.js';
import { openingMs } from './session-numbers.js';

/** The time in which a few sessions are to be open, before the run is given up. */
const openTimeoutMs = 30_000;
/** How long one write of the ledger may take. */
export const writeTimeoutMs = 30_000;

/**
 * The instruments' plan against clusters that are up. Sessions and writes are for the primary;
 * a lane dials the name, the instance or the secondary that its target says, or goes through what
 * stands before the writer.
 */
export function instrumentsPlan(
  plan: RunPlan,
  clusters: RunClusters,
  anchor: Anchor,
  through: ConnectionTarget | null,
): InstrumentsPlan {
  const cluster = clusters.primary;
  const { instrument, application } = cluster;
  const writesAs = isPrivileged(plan, cluster) ? application : instrument;
  const writer = endpointTarget('writer', cluster, cluster.writer, writesAs);
  const targets = targetsOf(clusters);
  if (through !== null) targets.set(through.name, through);
  return {
    anchor,
    lanes: plan.lanes.map(({ spec, phaseMs }) => ({
      spec,
      phaseMs,
      target: spec.kind === 'observer' ? null : must(targets, spec.target),
    })),
    ledger:
      plan.writesPerSecond === 0
        ? null
        : {
            target: writer,
            sessions: 1,
            ratePerSecond: plan.writesPerSecond,
            timeoutMs: writeTimeoutMs,
          },
    sessions:
      plan.sessions.length === 0
        ? null
        : {
            target: endpointTarget('writer', cluster, cluster.writer, application),
            sessions: plan.sessions,
          },
    openTimeoutMs: openTimeoutMs + openingMs(plan),
    mustOpen: true,
  };
}

/** Whether the ledger writes as an application with privileges. */
export function isPrivileged(
  { topology, database }: Pick<RunPlan, 'topology' | 'database'>,
  cluster: Pick<Cluster, 'server'>,
): boolean {
  const { privilegedWrites = false } = primaryOf(topology);
  return privilegedWrites && database.userLike === 'rds-master' && cluster.server !== 'postgres';
}

function targetsOf({ primary, secondaries }: RunClusters): Map<string, ConnectionTarget> {
  const of = (name: string, cluster: Cluster, address: EndpointAddress) =>
    [name, endpointTarget(name, cluster, address, cluster.instrument)] as const;
  return new Map([
    of('writer', primary, primary.writer),
    of('reader', primary, primary.reader),
    ...primary.instances.map((one) => of(one.identifier, primary, one.address)),
    ...secondaries.map((one) => of(one.target, one.cluster, one.cluster.reader)),
  ]);
}

function must(targets: ReadonlyMap<string, ConnectionTarget>, name: string): ConnectionTarget {
  const found = targets.get(name);
  if (found === undefined) throw new Error(`a lane has the target ${name}, which there is not`);
  return found;
}

/** The server itself, past the endpoint: for making tables, and for what survived in them. */
export function serverTarget(cluster: Cluster): ConnectionTarget {
  const { serverAddress, serverAdmin, instrument } = cluster;
  const engine = wireEngineOf(cluster);
  return {
    name: 'server',
    engine,
    host: serverAddress.host,
    port: serverAddress.port,
    user: serverAdmin.user,
    password: serverAdmin.password,
    // On MySQL the schema is a database of its own, which may still have to be made.
    database: engine === 'mysql' ? serverAdmin.database : instrument.database,
    tls: { mode: 'disable', caPem: null },
  };
}

/** The server itself, past the endpoint, in the application's database. */
export function adminTarget(cluster: Cluster): ConnectionTarget {
  return { ...serverTarget(cluster), database: cluster.application.database };
}

/** The protocol that a cluster's servers speak. */
export function wireEngineOf({ server }: Pick<Cluster, 'server'>): WireEngine {
  return server === 'postgres' ? 'postgres' : 'mysql';
}

/** One of the cluster's addresses, as a client dials it. */
export function endpointTarget(
  name: string,
  cluster: Cluster,
  { host, port }: EndpointAddress,
  { user, password, database }: Login,
): ConnectionTarget {
  return {
    name,
    engine: wireEngineOf(cluster),
    host,
    port,
    user,
    password,
    database,
    tls: { mode: 'verify-full', caPem: cluster.caPem },
  };
}
