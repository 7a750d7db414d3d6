/** What clients of both sides meet at their doors during a switchover, and what became of them. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import { type EndedOnTheWay, Fates } from '../fates.js';
import type { BlueGreenDeployment } from './deployment.js';

const reasons = {
  'switched-over':
    'a switchover drops the connections of both environments (documented: AmazonRDS ' +
    'UserGuide/blue-green-deployments-switching.html)',
  'server-connection-lost': 'its server connection ended during the switchover (this rehearsal)',
  'broken-by-fault':
    'a fault of this rehearsal broke its connection during the switchover (this rehearsal)',
} as const;

type Reason = Exclude<keyof typeof reasons, EndedOnTheWay>;

interface Side {
  readonly instances: readonly Instance[];
  readonly fates: Fates<Reason>;
}

export class Doors {
  readonly #sides: readonly Side[];

  constructor({ blue, green }: BlueGreenDeployment) {
    this.#sides = [blue, green].map(sideOf);
  }

  /** Sessions end, nobody is let in. */
  async shut(): Promise<void> {
    for (const { instances, fates } of this.#sides) {
      const sessions = instances.flatMap(({ endpoint }) => endpoint.sessions);
      fates.present(sessions);
      for (const { endpoint } of instances) {
        endpoint.admitting = false;
        await endpoint.setState('refusing');
      }
      // Some came while the others' doors were shut.
      const late = instances.flatMap(({ endpoint }) => endpoint.sessions);
      for (const session of new Set([...sessions, ...late])) fates.drop(session, 'switched-over');
    }
  }

  /** Whoever has a server can be reached again. */
  async open(): Promise<void> {
    for (const { instances, fates } of this.#sides) {
      for (const { endpoint, serverRuns } of instances) {
        endpoint.admitting = true;
        await endpoint.setState(serverRuns ? 'open' : 'refusing');
      }
      fates.settle();
    }
  }
}

/** Nobody reaches a standby. */
function sideOf(cluster: ClusterRecord): Side {
  return {
    instances: cluster.instances.filter(({ role }) => role !== 'standby'),
    fates: new Fates<Reason>(cluster, (reason) => reasons[reason]),
  };
}
