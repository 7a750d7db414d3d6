/** A small world for blue/green deployments: one source, its clients, and what it all told. */
import mysql from 'mysql2/promise';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../sim/clock.js';
import { createSim } from '../../sim/create-sim.js';
import type { SimEvent } from '../../sim/events.js';
import { rng } from '../../sim/rng.js';
import type { ServerProvider } from '../../sim/server/server.js';
import type {
  Cluster,
  ClusterOptions,
  EndpointAddress,
  Job,
  JobEnd,
  Sim,
  StartedOrRefused,
  SwitchOverBlueGreenDeploymentParameters,
} from '../../sim/sim.js';
import { type DrawnDuration, drawDurations, timingTable } from '../../sim/timing.js';

export type Ask = (sql: string) => Promise<unknown[][]>;

export interface BlueGreenWorld {
  readonly sim: Sim;
  /** The record whose names clients dial. */
  readonly blue: Cluster;
  readonly told: SimEvent[];
  /** The record that green was made as. */
  green(): Cluster;
  create(engineVersion: string, waits?: Waits): StartedOrRefused;
  switchOver(
    changes?: Partial<SwitchOverBlueGreenDeploymentParameters>,
    waits?: Waits,
  ): StartedOrRefused;
  drop(deleteTarget: boolean): StartedOrRefused;
  /** Of the writer of that cluster. */
  reboot(cluster: Cluster): StartedOrRefused;
  /** What the deployment told, in order: the events' ids. */
  events(): string[];
  /** The values of a gauge, in order. */
  gauge(name: string): string[];
  /** Names of checks and their states. */
  checks(): Map<string, string>;
  notes(code: string): string[];
  client(at?: EndpointAddress): Promise<Ask>;
}

/** Some milliseconds in place of those of the timing table; the others are none. */
export type Waits = Readonly<Record<string, number>>;

export async function openBlueGreenWorld(
  provider: ServerProvider,
  options: Pick<ClusterOptions, 'engine' | 'server' | 'version'> & Partial<ClusterOptions>,
): Promise<BlueGreenWorld> {
  const told: SimEvent[] = [];
  const clock = systemClock();
  const sim = createSim({ clock, seed: 'test', emit: (event) => told.push(event), provider });
  onTestFinished(async () => {
    await sim.close();
    await provider.close();
  });
  const blue = await sim.createCluster({ identifier: 'demo', takesReplicas: true, ...options });
  const basics = (waits: Waits) => ({ cluster: 'demo', durations: durationsOf(waits) });
  return {
    ...{ sim, blue, told },
    green: () => {
      const found = sim.clusters().find((one) => one !== blue);
      if (found === undefined) throw new Error('there is no green');
      return found;
    },
    create: (engineVersion, waits = {}) =>
      sim.start('create-blue-green-deployment', { ...basics(waits), engineVersion }),
    switchOver: (changes = {}, waits = {}) =>
      sim.start('switch-over-blue-green-deployment', {
        ...basics(waits),
        switchoverTimeoutMs: 300_000,
        lagLimitMs: 0,
        longWriteMs: 10_000,
        generation: '2026',
        ...changes,
      }),
    drop: (deleteTarget) =>
      sim.start('delete-blue-green-deployment', { ...basics({}), deleteTarget }),
    reboot: ({ identifier }) => sim.start('reboot', { ...basics({}), cluster: identifier }),
    events: () =>
      told.flatMap((one) =>
        one.kind === 'event' && one.data.source === 'deployment'
          ? [one.data.eventId?.replace('RDS-EVENT-', '') ?? one.data.message]
          : [],
      ),
    gauge: (name) =>
      told.flatMap((one) =>
        one.kind === 'gauge' && one.data.name === name ? [String(one.data.value)] : [],
      ),
    checks: () =>
      new Map(
        told.flatMap((one) =>
          one.kind === 'note' && one.data.check !== undefined
            ? [[one.data.check.name, one.data.check.state] as const]
            : [],
        ),
      ),
    notes: (code) =>
      told.flatMap((one) => (one.kind === 'note' && one.data.code === code ? [one.data.text] : [])),
    client: (at = blue.writer) => clientOf(blue, at),
  };
}

export function jobOf(started: StartedOrRefused): Job {
  if (started.job === undefined) throw new Error(started.fault.message);
  return started.job;
}

/** @throws Error with the reason of one that did not succeed */
export async function succeeded(started: StartedOrRefused): Promise<void> {
  const { status, reason } = await jobOf(started).finished;
  if (status !== 'succeeded') throw new Error(`${status}: ${reason}`);
}

export async function endOf(started: StartedOrRefused): Promise<JobEnd> {
  return await jobOf(started).finished;
}

/** Writes until it is told to stop, and again after each failure. */
export interface Writing {
  /** Of each kind once in a row, in order: error codes, and `ok`. */
  readonly met: string[];
  /** The numbers whose INSERT was acknowledged. */
  readonly acknowledged: number[];
  stop(): Promise<void>;
}

/** One client that writes ever larger numbers into the table `t`, on a session while that lives. */
export function keepWriting(world: BlueGreenWorld): Writing {
  const met: string[] = [];
  const acknowledged: number[] = [];
  let isWriting = true;
  let number = 0;
  let refusals = 0;
  let ask: Ask | undefined;
  const writing = (async () => {
    while (isWriting) {
      number++;
      const answer = await (async () => {
        ask ??= await world.client();
        await ask(`INSERT INTO t (n) VALUES (${number})`);
        acknowledged.push(number);
        return 'ok';
      })().catch((error: { code?: string; errno?: number }) => {
        const code = codeOf(error);
        refusals = refusedWrites.includes(code) ? refusals + 1 : 0;
        // Whoever came to old blue by a stale name would stay there.
        if (refusals === 0 || refusals % refusalsMax === 0) ask = undefined;
        return code;
      });
      if (met.at(-1) !== answer) met.push(answer);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  return {
    met,
    acknowledged,
    stop: async () => {
      isWriting = false;
      await writing;
    },
  };
}

const refusedWrites = ['25006', '1290'];
const refusalsMax = 200;

/** The code with which a statement is refused; null where it is not. */
export async function codeIn(ask: Ask, sql: string): Promise<string | null> {
  return await ask(sql).then(() => null, codeOf);
}

/**
 * The server's number or SQLSTATE, or the system's code. `ended`: the connection did, with a word
 * of the server's or without, as it happens to be read.
 */
function codeOf({ code, errno }: { code?: string; errno?: number }): string {
  if (code === 'ECONNREFUSED') return code;
  if (typeof errno === 'number' && errno > 1_000) return errno === 1053 ? 'ended' : String(errno);
  const isSaid = code !== undefined && /^[0-9A-Z]{5}$/.test(code) && code !== '57P01';
  return isSaid ? code : 'ended';
}

export function numbersOf(rows: unknown[][]): number[] {
  return rows.map(([n]) => Number(n));
}

async function clientOf({ application, server }: Cluster, at: EndpointAddress): Promise<Ask> {
  const { host, port } = at;
  if (server === 'postgres') {
    const client = new pg.Client({ host, port, ...application, connectionTimeoutMillis: 5_000 });
    client.on('error', () => {});
    await client.connect();
    onTestFinished(() => client.end().catch(() => {}));
    return async (text) => (await client.query({ text, rowMode: 'array' })).rows;
  }
  const client = await mysql.createConnection({ host, port, ...application, rowsAsArray: true });
  client.on('error', () => {});
  onTestFinished(() => client.end().catch(() => {}));
  return async (sql) => (await client.query(sql))[0] as unknown[][];
}

function durationsOf(waits: Waits): DrawnDuration[] {
  const stream = rng('test', 'timing');
  const profiles = (Object.keys(timingTable) as (keyof typeof timingTable)[]).filter(
    (name) => name.startsWith('bg.') || name === 'rds.reboot',
  );
  return profiles
    .flatMap((profile) => drawDurations(profile, 'engine', 1, stream))
    .map((one) => ({ ...one, value: waits[one.name.split('.').at(-1) ?? ''] ?? 0 }));
}
