/** Faults of an instance's server: restarted, crashed, frozen. No failover follows by itself. */
import type { Instance } from '../instance.js';
import { type BegunFault, type ClusterFaultKind, cannotBegin, type FaultPlace } from './fault.js';
import { whenAborted } from './when-aborted.js';

/** How long a crashed server may take to recover. */
const recoveryMsMax = 120_000;
const askEveryMs = 20;

/** Clients are refused while it is down. */
export const engineRestart: ClusterFaultKind = {
  name: 'engine-restart',
  what: 'the server is stopped fast and started again; clients are refused meanwhile',
  value: null,
  meets: 'writer',
  touches: 'clients',
  begin: (place) => ({ done: onEach(running(place), (instance) => restart(instance, 'fast')) }),
};

/**
 * On Postgres one process of the server is killed, and the server recovers by itself: sessions get
 * 57P02 or a reset, dials 57P03. MySQL and MariaDB are killed whole and started again: refused.
 */
export const crash: ClusterFaultKind = {
  name: 'crash',
  what: 'the server crashes and comes back by itself; no failover follows',
  value: null,
  meets: 'writer',
  touches: 'clients',
  begin: (place) => ({
    done: onEach(running(place), (instance) =>
      place.cluster.server === 'postgres'
        ? crashInPart(instance, place.closing)
        : restart(instance, 'kill'),
    ),
  }),
};

export const freeze: ClusterFaultKind = {
  name: 'freeze',
  what: 'the server stands still: it neither answers nor closes, and goes on when it ends',
  value: null,
  meets: 'writer',
  touches: 'clients',
  begin: (place): BegunFault => {
    const instances = running(place);
    const frozen = Promise.all(instances.map(({ server }) => server.freeze()));
    return {
      done: frozen.then(() => whenAborted(place.ended)),
      end: async () => {
        await frozen.catch(() => {});
        const still = instances.filter(({ server }) => server.state === 'frozen');
        await Promise.all(still.map(({ server }) => server.thaw()));
      },
    };
  },
};

async function onEach(
  instances: readonly Instance[],
  work: (one: Instance) => Promise<void>,
): Promise<void> {
  const ends = await Promise.allSettled(instances.map(work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** @throws UserError `FAULT_CANNOT_BEGIN` where one of them is away already */
function running({ name, instances }: FaultPlace): readonly Instance[] {
  const away = instances.find(({ serverRuns }) => !serverRuns);
  if (instances.length > 0 && away === undefined) return instances;
  const who = away === undefined ? 'it meets nobody' : `the server of ${away.identifier} is away`;
  throw cannotBegin(name, who, 'Choose another time, such as @T0+5s, or another target.');
}

async function restart(instance: Instance, mode: 'fast' | 'kill'): Promise<void> {
  const { endpoint, role, server } = instance;
  const refused = endpoint.injectFault('refuse');
  try {
    await instance.stopServer(mode);
    // Somebody else, an operation, may have started it meanwhile.
    if (server.state === 'stopped') await instance.startServer({ standby: role !== 'writer' });
  } finally {
    endpoint.opens();
    refused.end();
  }
}

async function crashInPart(
  { server, member, clock, identifier, endpoint }: Instance,
  closing: AbortSignal,
): Promise<void> {
  await server.crash();
  await member.admin.disconnect().catch(() => {});
  const deadlineNs = clock.nowNs() + recoveryMsMax * 1e6;
  while (server.state === 'running' && !closing.aborted) {
    const answers = await member.version().then(
      () => true,
      () => false,
    );
    if (answers) break;
    if (clock.nowNs() > deadlineNs)
      throw new Error(`${identifier} did not recover within ${recoveryMsMax / 1_000} s`);
    await clock.sleep(askEveryMs, closing).catch(() => {});
  }
  endpoint.opens();
}
