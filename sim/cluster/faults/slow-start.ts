/** A server that takes longer to start up than it really does. */
import type { Timer } from '../../clock.js';
import type { Instance } from '../instance.js';
import type { ClusterFaultKind } from './fault.js';

/**
 * Whenever an endpoint opens behind a server that was away, clients go on to find it starting up:
 * 57P03 on Postgres, no greeting on MySQL. Sessions that were kept are not held by it.
 */
export const slowStart: ClusterFaultKind = {
  name: 'slow-start',
  what: 'a server that comes back is starting up for so much longer',
  value: { unit: 'ms', example: '5s', valueMax: 3_600_000 },
  meets: 'all',
  touches: 'clients',
  begin: ({ name, instances }, longerMs) => {
    let met = false;
    const ends = new Set<() => void>();
    const startUp = ({ endpoint, clock }: Instance): void => {
      met = true;
      const starting = endpoint.addFault({ name, startsUp: true });
      let timer: Timer | undefined;
      const end = (): void => {
        timer?.cancel();
        ends.delete(end);
        starting.end();
      };
      timer = clock.timer(longerMs, end);
      ends.add(end);
    };
    const watching = instances.map((instance) =>
      instance.endpoint.addFault({ name, onOpen: () => startUp(instance) }),
    );
    return {
      end: () => {
        for (const one of watching) one.end();
        for (const end of [...ends]) end();
      },
      unmet: () => (met ? null : 'no server came back meanwhile'),
    };
  },
};
