/**
 * The application is told of another address: no call of AWS's, but a change of its configuration.
 * What clients dial leads to the other record's instance from then on; this rehearsal's names stand
 * for the address in that configuration. The two records exchange their instances, so that the
 * record of the run is the one that takes writes.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import { Fates } from '../fates.js';
import { clusterNotFound, clusterOf, notAvailable, type Operation } from '../operation.js';
import type { RepointParameters } from '../read-replica/parameters.js';

const reasons = {
  repointed: 'its application was restarted with the address of another server (this rehearsal)',
  'server-connection-lost': 'its server connection ended meanwhile (this rehearsal)',
  'broken-by-fault': 'a fault of this rehearsal broke its connection meanwhile (this rehearsal)',
} as const;

export const repoint: Operation<RepointParameters> = {
  call: () => null,
  refuse: ({ clusters }, { cluster, to }) => {
    const [from, target] = [clusters.get(cluster), clusters.get(to)];
    if (from === undefined) return clusterNotFound(cluster);
    if (target === undefined) return clusterNotFound(to);
    return notAvailable(target);
  },
  run: async (world, { cluster, to, sessions, onT0 }) => {
    const record = clusterOf(world, cluster);
    const target = clusterOf(world, to);
    const old = record.mainInstance;
    onT0?.(world.clock.nowNs());
    const fates = new Fates<'repointed'>(record, (reason) => reasons[reason]);
    fates.present(old.endpoint.sessions);
    record.exchangeInstances(target);
    await lead(record, target);
    if (sessions === 'reconnect')
      for (const session of old.endpoint.sessions) fates.drop(session, 'repointed');
    fates.settle();
    const { identifier } = record.mainInstance;
    const stay = `${old.endpoint.sessions.length} sessions stay at ${old.identifier}`;
    const what = sessions === 'reconnect' ? 'its sessions reconnect' : stay;
    record.note('info', 'repointed', `the application dials ${identifier} now; ${what}`);
  },
};

/** The names of both lead to what each of them has now. */
async function lead(record: ClusterRecord, target: ClusterRecord): Promise<void> {
  for (const one of [record, target]) {
    const { mainInstance } = one;
    await one.leadWritersTo(mainInstance);
    const reader = one.readers[0] ?? mainInstance;
    await one.name('reader').leadTo(reader.endpoint);
  }
}
