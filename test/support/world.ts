/** A small world for tests: one cluster on embedded Postgres, with what it told kept in a list. */
import { Client, type ClientConfig } from 'pg';
import { systemClock } from '../../sim/clock.js';
import { createSim } from '../../sim/create-sim.js';
import type { SimEvent } from '../../sim/events.js';
import { rng } from '../../sim/rng.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type {
  Cluster,
  ClusterOptions,
  Job,
  Login,
  Sim,
  ZeroDowntimePatchParameters,
} from '../../sim/sim.js';
import { type DrawnDuration, drawDurations, type TimingChoice } from '../../sim/timing.js';

export interface World {
  readonly sim: Sim;
  readonly cluster: Cluster;
  readonly told: SimEvent[];
  /** A client of the writer endpoint, connected; ended with the world. */
  client(config?: ClientConfig, login?: Login): Promise<Client>;
  /** A superuser on the server itself. */
  superuser(): Promise<Client>;
  patch(to: string, changes?: Partial<ZeroDowntimePatchParameters>, timing?: TimingChoice): Job;
  close(): Promise<void>;
}

export async function openWorld(
  options: {
    version?: string;
    parameters?: Record<string, string>;
    pending?: string[];
    members?: ClusterOptions['members'];
    userLike?: ClusterOptions['userLike'];
    more?: Partial<ClusterOptions>;
    engine?: ClusterOptions['engine'];
  } = {},
): Promise<World> {
  const clock = systemClock();
  const told: SimEvent[] = [];
  const sim = createSim({
    clock,
    seed: 'test',
    emit: (event) => told.push(event),
    provider: embeddedProvider({ clock, offline: true }),
  });
  const cluster = await sim.createCluster({
    identifier: 'demo',
    engine: options.engine ?? 'aurora-postgresql',
    server: 'postgres',
    version: options.version ?? '17.4',
    ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
    ...(options.members === undefined ? {} : { members: options.members }),
    ...(options.userLike === undefined ? {} : { userLike: options.userLike }),
    ...options.more,
    ...(options.pending === undefined ? {} : { pendingParameters: options.pending }),
  });
  const clients: Client[] = [];
  const open = async (config: ClientConfig): Promise<Client> => {
    const client = new Client({ connectionTimeoutMillis: 10_000, ...config });
    client.on('error', () => {});
    clients.push(client);
    await client.connect();
    return client;
  };
  return {
    sim,
    cluster,
    told,
    client: (config = {}, login = cluster.application) =>
      open({ host: cluster.writer.host, port: cluster.writer.port, ...login, ...config }),
    superuser: () =>
      open({
        ...cluster.serverAddress,
        ...cluster.serverAdmin,
        database: cluster.application.database,
      }),
    patch: (to, changes = {}, timing = 'engine') => {
      const { job, fault } = sim.start('zero-downtime-patch', {
        cluster: 'demo',
        engineVersion: to,
        durations: durations(timing),
        longRunningMs: 300_000,
        lateSessions: 'restart',
        preparedStatements: 'survive',
        defects: [],
        ...changes,
      });
      if (job === undefined) throw new Error(fault.message);
      return job;
    },
    close: async () => {
      await Promise.allSettled(clients.map((client) => client.end()));
      await sim.close();
    },
  };
}

/** Drawn durations as a run would draw them, control-plane waits nearly gone. */
export function durations(timing: TimingChoice): DrawnDuration[] {
  const stream = rng('test', 'timing');
  return [
    ...drawDurations('zdp.success.pg', timing, 1000, stream),
    ...drawDurations('zdp.fallback.pg', timing, 1000, stream),
  ];
}

/** Resolves with how the client's connection ended. */
export function endOf(client: Client): Promise<{ code: string | undefined }> {
  return new Promise((resolve) => {
    let code: string | undefined;
    client.on('error', (error: Error & { code?: string }) => {
      code ??= error.code;
    });
    client.on('end', () => resolve({ code }));
  });
}
