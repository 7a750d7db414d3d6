/** A small world for tests: one cluster on MySQL or MariaDB child processes, with what it told. */
import mysql from 'mysql2/promise';
import { systemClock } from '../../sim/clock.js';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import { createSim } from '../../sim/create-sim.js';
import type { SimEvent } from '../../sim/events.js';
import { rng } from '../../sim/rng.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { ServerProvider } from '../../sim/server/server.js';
import type {
  Cluster,
  ClusterOptions,
  Job,
  Login,
  Sim,
  ZeroDowntimePatchParameters,
} from '../../sim/sim.js';
import { type DrawnDuration, drawDurations, type TimingChoice } from '../../sim/timing.js';

export type Flavour = 'mysql' | 'mariadb';

export interface MysqlWorld {
  readonly sim: Sim;
  readonly cluster: Cluster;
  readonly told: SimEvent[];
  /** A client of the writer endpoint, connected; ended with the world. */
  client(options?: mysql.ConnectionOptions, login?: Login): Promise<mysql.Connection>;
  /** The superuser on the server itself. */
  superuser(): Promise<mysql.Connection>;
  patch(changes?: Partial<ZeroDowntimePatchParameters>, timing?: TimingChoice): Job;
  /** Ends all clients, forgets what was told, and waits until no session is left. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export interface MysqlWorldOptions {
  readonly members?: ClusterOptions['members'];
  readonly userLike?: ClusterOptions['userLike'];
  /** Default: `aurora-mysql`. */
  readonly engine?: ClusterOptions['engine'];
  readonly flavour: Flavour;
  readonly version: string;
  readonly provider?: ServerProvider;
  /** Server parameters. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A world on the version of that flavour which this machine has. */
export async function openOfferedWorld(
  flavour: Flavour,
  options: Partial<MysqlWorldOptions> = {},
): Promise<MysqlWorld> {
  const offers = await embeddedProvider({ clock: systemClock(), offline: true }).offers();
  const offer = offers.find(({ engine }) => engine === flavour);
  if (offer === undefined) throw new Error(`no ${flavour} is offered`);
  return await openMysqlWorld({ flavour, version: offer.version, ...options });
}

export async function openMysqlWorld(options: MysqlWorldOptions): Promise<MysqlWorld> {
  const clock = systemClock();
  const told: SimEvent[] = [];
  const provider = options.provider ?? embeddedProvider({ clock, offline: true });
  const sim = createSim({ clock, seed: 'test', emit: (event) => told.push(event), provider });
  const cluster = await sim.createCluster({
    identifier: 'demo',
    engine: options.engine ?? 'aurora-mysql',
    server: options.flavour,
    version: options.version,
    ...(options.engine === undefined ? { awsVersion: '8.0.mysql_aurora.3.05.2' } : {}),
    ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
    ...(options.members === undefined ? {} : { members: options.members }),
    ...(options.userLike === undefined ? {} : { userLike: options.userLike }),
  });
  const clients: mysql.Connection[] = [];
  let patches = 0;
  const open = async (config: mysql.ConnectionOptions): Promise<mysql.Connection> => {
    const client = await mysql.createConnection({ connectTimeout: 20_000, ...config });
    client.on('error', () => {});
    clients.push(client);
    return client;
  };
  return {
    sim,
    cluster,
    told,
    client: (config = {}, login = cluster.application) =>
      open({ host: cluster.writer.host, port: cluster.writer.port, ...login, ...config }),
    superuser: () => open({ ...cluster.serverAddress, ...cluster.serverAdmin }),
    patch: (changes = {}, timing = 'engine') => {
      const { job, fault } = sim.start('zero-downtime-patch', {
        cluster: 'demo',
        engineVersion: options.version,
        awsVersion: `8.0.mysql_aurora.3.07.${++patches}`,
        durations: mysqlDurations(timing),
        longRunningMs: 300_000,
        lateSessions: 'cancel',
        preparedStatements: 'lost',
        defects: [],
        ...changes,
      });
      if (job === undefined) throw new Error(fault.message);
      return job;
    },
    clear: async () => {
      for (const client of clients.splice(0)) client.destroy();
      const { endpoint } = cluster as ClusterRecord;
      await until(() => endpoint.sessions.length === 0, 'the end of all sessions');
      told.length = 0;
    },
    close: async () => {
      for (const client of clients) client.destroy();
      await sim.close();
      await provider.close();
    },
  };
}

/** Drawn durations as a run would draw them, control-plane waits nearly gone. */
export function mysqlDurations(timing: TimingChoice): DrawnDuration[] {
  const stream = rng('test', 'timing');
  return [
    ...drawDurations('zdp.success.mysql', timing, 1000, stream),
    ...drawDurations('zdp.fallback.mysql', timing, 1000, stream),
  ];
}

/** Resolves with the error that a promise rejects with, as the driver tells it. */
export async function refusal(
  promise: Promise<unknown>,
): Promise<{ errno: number | undefined; code: string | undefined; message: string }> {
  try {
    await promise;
  } catch (error) {
    const { errno, code, message } = error as Error & { errno?: number; code?: string };
    return { errno, code, message };
  }
  throw new Error('nothing was refused');
}

/** The first row of the answer, as a list. */
export async function row(client: mysql.Connection, sql: string): Promise<unknown[]> {
  const [rows] = await client.query({ sql, rowsAsArray: true });
  return (rows as unknown[][])[0] ?? [];
}

/** The name under which a client counts as one of the application's sessions of that kind. */
export const named = (name: string): mysql.ConnectionOptions => ({
  connectAttributes: { program_name: `rehearse/load/${name}` },
});

/** Sessions told at this stage, each with its reason. */
export function sessionsTold(
  told: readonly SimEvent[],
  stage: string,
): [kind: string, reason: string | null][] {
  return told.flatMap((one) =>
    one.kind === 'session' && one.data.stage === stage
      ? [[one.data.sessionKind, one.data.reason] as [string, string | null]]
      : [],
  );
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until it holds; ten seconds at most. */
export async function until(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return;
    await pause(50);
  }
  throw new Error(`${what}: not within ten seconds`);
}
