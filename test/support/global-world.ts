/** A global database for tests: a primary on embedded Postgres, secondaries in other regions. */
import type { Client } from 'pg';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import { rng } from '../../sim/rng.js';
import type { GlobalUpgradeParameters, StartedOrRefused } from '../../sim/sim.js';
import { type DrawnDuration, drawDurations, type TimingChoice } from '../../sim/timing.js';
import { openWorld, type World } from './world.js';

export interface GlobalWorld extends World {
  readonly cluster: ClusterRecord;
  /** `osaka`, and `ireland` where there are two. */
  readonly secondaries: readonly ClusterRecord[];
  upgrade(to: string, changes?: Partial<GlobalUpgradeParameters>): StartedOrRefused;
  /** A client of a cluster's reader endpoint, connected; ended with the world. */
  reader(cluster: ClusterRecord): Promise<Client>;
}

const regions = { osaka: 'ap-northeast-3', ireland: 'eu-west-1' } as const;

export async function openGlobalWorld(
  options: {
    secondaries?: readonly (keyof typeof regions)[];
    pending?: string[];
    members?: 'reader'[];
  } = {},
): Promise<GlobalWorld> {
  const { secondaries: wanted = ['osaka'], pending, members } = options;
  const world = await openWorld({
    more: { region: 'us-east-1', awsVersion: '17.4.5' },
    ...(pending === undefined ? {} : { pending }),
    ...(members === undefined ? {} : { members }),
  });
  const secondaries: ClusterRecord[] = [];
  try {
    for (const identifier of wanted)
      secondaries.push(
        (await world.sim.createCluster({
          identifier,
          engine: 'aurora-postgresql',
          server: 'postgres',
          version: '17.4',
          awsVersion: '17.4.5',
          region: regions[identifier],
          globalPrimary: 'demo',
        })) as ClusterRecord,
      );
  } catch (error) {
    await world.close();
    throw error;
  }
  return {
    ...world,
    cluster: world.cluster as ClusterRecord,
    secondaries,
    upgrade: (to, changes = {}) =>
      world.sim.start('global-upgrade', {
        cluster: 'demo',
        engineVersion: to,
        awsVersion: '17.5.4',
        durations: globalDurations('engine'),
        longRunningMs: 300_000,
        lateSessions: 'restart',
        preparedStatements: 'survive',
        defects: [],
        ...changes,
      }),
    reader: (cluster) => world.client({ port: cluster.reader.port }),
  };
}

/** As a run would draw them. */
export function globalDurations(timing: TimingChoice): DrawnDuration[] {
  const stream = rng('test', 'timing');
  return (['global.minor.pg', 'zdp.success.pg', 'zdp.fallback.pg'] as const).flatMap((profile) =>
    drawDurations(profile, timing, 1_000, stream),
  );
}
