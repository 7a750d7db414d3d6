/** Many clients of our own that want connections all at once, and keep what they get. */
import type { ClusterFaultKind, FaultPlace } from './fault.js';
import { connectionsMaxOf, stormDial } from './storm-client.js';

/** More would be a trial of this machine, not of the application. */
const clientsMax = 2_000;
/** By so many they are more than the server takes, where no number is given. */
const beyond = 25;
/** One that was not let in comes again after so long. */
const pauseMs = 250;

/** Whoever comes while it lasts meets a server that has no connection left: 53300, or 1040. */
export const storm: ClusterFaultKind = {
  name: 'storm',
  what: 'so many clients dial at once and stay; by default more than max_connections',
  value: { unit: 'count', example: '150', valueMax: clientsMax, usual: 0 },
  meets: 'writer',
  touches: 'clients',
  begin: (place, count) => ({ done: blow(place, count) }),
};

async function blow(place: FaultPlace, wanted: number): Promise<void> {
  const { cluster } = place;
  const asked = wanted === 0 ? (await connectionsMaxOf(cluster.member)) + beyond : wanted;
  const count = Math.min(asked, clientsMax);
  if (count < asked)
    cluster.note('warning', 'storm-bounded', `the storm is of ${count} clients, not ${asked}`);
  await Promise.all(Array.from({ length: count }, () => come(place)));
}

/** Dials until it is in, stays until its connection is lost, and dials again: until the end. */
async function come({ cluster, ended }: FaultPlace): Promise<void> {
  const { clock, application, member, writer } = cluster;
  while (!ended.aborted) {
    try {
      const client = await stormDial(member.protocolName, application, writer);
      await client.lost(ended);
      client.end();
    } catch {
      await clock.sleep(pauseMs, ended).catch(() => {});
    }
  }
}
