/** A small world for upgrades in place: one RDS instance, with what it told. */
import { systemClock } from '../../sim/clock.js';
import { createSim } from '../../sim/create-sim.js';
import type { SimEvent } from '../../sim/events.js';
import { rng } from '../../sim/rng.js';
import type { Server, ServerProvider } from '../../sim/server/server.js';
import type {
  Cluster,
  ClusterOptions,
  Sim,
  StartedOrRefused,
  UpgradeInPlaceParameters,
} from '../../sim/sim.js';
import { type DrawnDuration, drawDurations } from '../../sim/timing.js';

export interface InPlaceWorld {
  readonly sim: Sim;
  readonly cluster: Cluster;
  readonly told: SimEvent[];
  upgrade(
    engineVersion: string,
    changes?: Partial<UpgradeInPlaceParameters>,
    waits?: Waits,
  ): StartedOrRefused;
  /** What RDS told of the instance, in order: the events' ids, or texts where they have none. */
  events(): string[];
  /** The texts of notes with that code. */
  notes(code: string): string[];
  close(): Promise<void>;
}

/** Some milliseconds in place of those of the timing table; the others are none. */
export type Waits = Readonly<Record<string, number>>;

/** An outage of some probe ticks, all parts of it to be seen. */
export const shortOutage: Waits = {
  secondBackupAfterMs: 100,
  downtimeAfterMs: 100,
  upgradeAfterMs: 100,
  restartAfterMs: 900,
  startingUpMs: 500,
};

export async function openInPlaceWorld(
  options: Pick<ClusterOptions, 'engine' | 'server' | 'version'> &
    Partial<ClusterOptions> & { provider: ServerProvider },
): Promise<InPlaceWorld> {
  const { provider, ...wanted } = options;
  const told: SimEvent[] = [];
  const sim = createSim({
    clock: systemClock(),
    seed: 'test',
    emit: (event) => told.push(event),
    provider,
  });
  const cluster = await sim.createCluster({ identifier: 'demo', ...wanted });
  return {
    sim,
    cluster,
    told,
    upgrade: (engineVersion, changes = {}, waits = shortOutage) =>
      sim.start('upgrade-in-place', {
        cluster: 'demo',
        engineVersion,
        allowMajorVersionUpgrade: true,
        durations: inPlaceDurations(waits),
        ...changes,
      }),
    events: () =>
      told.flatMap((one) =>
        one.kind === 'event' && one.data.source === 'instance'
          ? [one.data.eventId?.replace('RDS-EVENT-', '') ?? one.data.message]
          : [],
      ),
    notes: (code) =>
      told.flatMap((one) => (one.kind === 'note' && one.data.code === code ? [one.data.text] : [])),
    close: async () => {
      await sim.close();
      await provider.close();
    },
  };
}

function inPlaceDurations(waits: Waits): DrawnDuration[] {
  const stream = rng('test', 'timing');
  const drawn = [
    ...drawDurations('rds.minor.inplace', 'engine', 1, stream),
    ...drawDurations('rds.major.inplace', 'engine', 1, stream),
  ];
  return drawn.map((one) => ({ ...one, value: waits[one.name.split('.').at(-1) ?? ''] ?? 0 }));
}

/** The same provider, whose servers do not start with that version. */
export function withoutStart(provider: ServerProvider, version: string): ServerProvider {
  const lamed = (server: Server): Server =>
    new Proxy(server, {
      get: (target, name) => {
        if (name === 'start')
          return async (options: { version?: string } = {}) => {
            if ((options.version ?? target.version) === version)
              throw new Error('the engine would not start');
            return await target.start(options);
          };
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  return new Proxy(provider, {
    get: (target, name) => {
      if (name === 'create' || name === 'restore')
        return async (...given: never[]) =>
          lamed(await (target[name] as (...all: never[]) => Promise<Server>).apply(target, given));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The events of the published log, with a last text in place of an id that there is not. */
export const publishedOrder = [
  '0001',
  '0002',
  '0264',
  '0265',
  '0004',
  '0001',
  '0266',
  '0267',
  '0006',
  '0268',
  '0269',
  '0002',
];
