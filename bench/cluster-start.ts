/** From nothing to a cluster of a writer and two readers that replicate. */
import { systemClock } from '../sim/clock.js';
import { createSim } from '../sim/create-sim.js';
import { embeddedProvider } from '../sim/server/embedded/provider.js';
import type { Bench } from './figure.js';

export const clusterStart: Bench = {
  name: 'cluster-start',
  what: 'nothing to a writer with two readers on embedded Postgres 17.4',
  run: async ({ quick }) => {
    await timeOne();
    const samples: number[] = [];
    for (let round = 0; round < (quick ? 2 : 9); round++) samples.push(await timeOne());
    return [
      {
        name: 'a writer with two readers ready',
        workload: 'create, copy twice, follow, caught up, endpoints open',
        unit: 'ms',
        samples,
        target: { rule: '<', value: 3_000 },
      },
    ];
  },
};

/** @returns milliseconds until the cluster is available, which its readers have caught up for */
async function timeOne(): Promise<number> {
  const clock = systemClock();
  const beginNs = clock.nowNs();
  const provider = embeddedProvider({ clock, offline: true });
  const sim = createSim({ clock, seed: 'bench', emit: () => undefined, provider });
  try {
    await sim.createCluster({
      identifier: 'bench',
      engine: 'aurora-postgresql',
      server: 'postgres',
      version: '17.4',
      members: ['reader', 'reader'],
    });
    return (clock.nowNs() - beginNs) / 1e6;
  } finally {
    await sim.close();
    await provider.close();
  }
}
