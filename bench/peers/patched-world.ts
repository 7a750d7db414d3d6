/**
 * A cluster with its endpoint in a process of its own, as in a run. It patches when told to and
 * says how long it took and how much memory it has. A program of its own.
 */
import { systemClock } from '../../sim/clock.js';
import { createSim } from '../../sim/create-sim.js';
import type { SimEvent } from '../../sim/events.js';
import { rng } from '../../sim/rng.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { Cluster, EndpointAddress, Login } from '../../sim/sim.js';
import { drawDurations } from '../../sim/timing.js';

export type WorldOrder = 'open' | 'measure' | 'patch' | 'close';

export interface OpenedWorld {
  readonly writer: EndpointAddress;
  readonly server: EndpointAddress | { readonly host: string; readonly port: number };
  readonly application: Login;
}

export interface Memory {
  readonly heapBytes: number;
  readonly residentBytes: number;
}

export interface Patched {
  /** From the first session held to the endpoint open again. */
  readonly totalMs: number;
  /** The engine's own stop and start in it. */
  readonly engineMs: number;
  readonly preserved: number;
  readonly dropped: number;
}

const clock = systemClock();
const told: SimEvent[] = [];
const sim = createSim({
  clock,
  seed: 'bench',
  emit: (event) => told.push(event),
  provider: embeddedProvider({
    clock,
    parameters: { max_connections: '2200', shared_buffers: '64MB' },
  }),
});

async function open(): Promise<OpenedWorld> {
  const cluster: Cluster = await sim.createCluster({
    identifier: 'bench',
    engine: 'aurora-postgresql',
    server: 'postgres',
    version: '17.4',
  });
  const { writer, serverAddress, application } = cluster;
  return { writer, server: serverAddress, application };
}

function measure(): Memory {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapBytes: heapUsed + external, residentBytes: rss };
}

async function patch(): Promise<Patched> {
  told.length = 0;
  const durations = ['zdp.success.pg', 'zdp.fallback.pg'] as const;
  let t0Ns = 0;
  const { job, fault } = sim.start('zero-downtime-patch', {
    cluster: 'bench',
    engineVersion: '17.5',
    durations: durations.flatMap((profile) =>
      drawDurations(profile, 'engine', 1000, rng('bench', 'timing')),
    ),
    longRunningMs: 300_000,
    lateSessions: 'restart',
    preparedStatements: 'survive',
    defects: [],
    onT0: (atNs) => {
      t0Ns = atNs;
    },
  });
  if (job === undefined) throw new Error(fault.message);
  const end = await job.finished;
  if (end.status !== 'succeeded') throw new Error(end.reason ?? end.status);
  const at = (name: string, value: string): number =>
    told.find((one) => one.kind === 'gauge' && one.data.name === name && one.data.value === value)
      ?.atNs ?? Number.NaN;
  const server = (value: string): number => at('server.state', value);
  const stopNs = server('stopped') - server('stopping');
  const startNs = server('accepting') - server('starting');
  const count = (stage: string): number =>
    told.filter((one) => one.kind === 'session' && one.data.stage === stage).length;
  return {
    totalMs: (at('endpoint.state', 'open') - t0Ns) / 1e6,
    engineMs: (stopNs + startNs) / 1e6,
    preserved: count('preserved'),
    dropped: count('dropped'),
  };
}

const orders = { open, measure, patch, close: () => sim.close() } as const;

process.on('message', async (order: WorldOrder) => {
  try {
    process.send?.({ answer: (await orders[order]()) ?? null });
  } catch (error) {
    process.send?.({ failed: String(error) });
  }
  if (order === 'close') process.disconnect();
});
process.once('disconnect', () => process.exit(0));
