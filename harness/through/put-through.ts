/** Puts what the plan says between the clients and the writer, and tells where it listens. */
import { join } from 'node:path';
import type { Cluster, Sim, Through, ThroughAddress } from '../../sim/sim.js';
import { endpointTarget } from '../conductor/instruments-plan.js';
import type { ConnectionTarget } from '../probe/target.js';
import type { RunContext } from '../run.js';
import { throughTarget } from './planned-through.js';

/**
 * Resolves when clients can come; null where the plan has none.
 * @throws UserError `THROUGH_FAILED`
 */
export async function putThrough(
  { plan, clock, record, folder }: RunContext,
  sim: Sim,
  cluster: Cluster,
): Promise<ThroughAddress | null> {
  if (plan.through === null) return null;
  const through = withPlaces(plan.through.through, folder);
  const address = await sim.putThrough(cluster.identifier, through);
  const { name, host, port } = address;
  record({
    atNs: clock.nowNs(),
    clock: 'harness',
    kind: 'event',
    subject: { endpoint: name },
    data: {
      source: 'endpoint',
      message: `${plan.through.label}, which leads to the writer, listens on ${host}:${port}`,
      eventId: null,
      categories: [],
      modelled: false,
    },
  });
  return address;
}

/** Its log is kept with the run, and it is run where the user is. */
function withPlaces(through: Through, folder: string | undefined): Through {
  if (through.kind !== 'command') return through;
  const places = folder === undefined ? {} : { logFile: join(folder, 'pooler.log') };
  return { ...through, cwd: process.cwd(), ...places };
}

/** Whom lanes dial that go through it. */
export function throughConnection(cluster: Cluster, address: ThroughAddress): ConnectionTarget {
  const target = endpointTarget(throughTarget, cluster, address, cluster.instrument);
  const { caPem } = address;
  return caPem === null ? { ...target, tls: { mode: 'disable', caPem: null } } : target;
}
