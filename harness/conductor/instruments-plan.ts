/** What the instruments are told: whom to poll and to write to, with this run's logins. */
import type { Anchor } from '../../sim/clock.js';
import type { Cluster, EndpointAddress, Login } from '../../sim/sim.js';
import type { RunPlan } from '../plan.js';
import type { ConnectionTarget } from '../probe/postgres/target.js';
import type { InstrumentsPlan } from '../probe/protocol.js';

/** The time in which all sessions are to be open, before the run is given up. */
const openTimeoutMs = 30_000;
/** How long one write of the ledger may take. */
export const writeTimeoutMs = 30_000;

/** The instruments' plan against a cluster that is up. */
export function instrumentsPlan(plan: RunPlan, cluster: Cluster, anchor: Anchor): InstrumentsPlan {
  const { instrument, application } = cluster;
  const targets: Record<string, ConnectionTarget> = {
    writer: target('writer', cluster.writer, instrument, cluster.caPem),
    reader: target('reader', cluster.reader, instrument, cluster.caPem),
  };
  const writer = target('writer', cluster.writer, instrument, cluster.caPem);
  return {
    anchor,
    lanes: plan.lanes.map(({ spec, phaseMs }) => ({
      spec,
      phaseMs,
      target: spec.kind === 'observer' ? null : (targets[spec.target] ?? null),
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
            target: target('writer', cluster.writer, application, cluster.caPem),
            sessions: plan.sessions,
          },
    openTimeoutMs,
    mustOpen: true,
  };
}

/** The server itself, past the endpoint: for making tables, and for what survived in them. */
export function serverTarget(cluster: Cluster): ConnectionTarget {
  const { serverAddress, serverAdmin } = cluster;
  return {
    name: 'server',
    host: serverAddress.host,
    port: serverAddress.port,
    user: serverAdmin.user,
    password: serverAdmin.password,
    database: cluster.instrument.database,
    tls: { mode: 'disable', caPem: null },
  };
}

function target(
  name: string,
  { host, port }: EndpointAddress,
  { user, password, database }: Login,
  caPem: string,
): ConnectionTarget {
  return { name, host, port, user, password, database, tls: { mode: 'verify-full', caPem } };
}
