/** A source with read replicas for tests: its clients, and operations that take no time. */
import mysql from 'mysql2/promise';
import pg from 'pg';
import { systemClock } from '../../sim/clock.js';
import type { ClusterRecord } from '../../sim/cluster/cluster.js';
import { createSim } from '../../sim/create-sim.js';
import type { SimEvent } from '../../sim/events.js';
import { embeddedProvider } from '../../sim/server/embedded/provider.js';
import type { EngineName } from '../../sim/server/server.js';
import type {
  ClusterOptions,
  EndpointAddress,
  JobEnd,
  OperationBasics,
  OperationName,
  OperationParameters,
  Sim,
} from '../../sim/sim.js';
import { timingTable } from '../../sim/timing.js';

/** All lengths of the table: none, but for those given by their last name. */
export function noLengths(given: Readonly<Record<string, number>> = {}) {
  return Object.entries(timingTable).flatMap(([profile, rows]) =>
    Object.keys(rows).map((name) => ({ name: `${profile}.${name}`, value: given[name] ?? 0 })),
  );
}

/** The parameter by which that engine takes no writes. */
export const readOnlyName = (engine: EngineName): string =>
  engine === 'postgres' ? 'default_transaction_read_only' : 'read_only';

type Settings<O extends OperationName> = Omit<OperationParameters[O], keyof OperationBasics>;

/** Rejects with the driver's error. */
export type Ask = (sql: string) => Promise<unknown[][]>;

export interface ReplicaWorld {
  readonly sim: Sim;
  readonly source: ClusterRecord;
  readonly told: SimEvent[];
  /** A cluster by its name, as it is now. */
  cluster(identifier: string): ClusterRecord;
  /** The application's user, at that address or at the cluster's writer; ended with the world. */
  client(of: string, at?: EndpointAddress): Promise<Ask>;
  /** Runs it to its end. @throws Error where it is refused, with the fault's code */
  operate<O extends OperationName>(
    operation: O,
    cluster: string,
    settings: Settings<O>,
    lengths?: Readonly<Record<string, number>>,
  ): Promise<JobEnd>;
  /** Its source becomes read-only, or writable again. */
  flip(isOn: boolean, changes?: Partial<Settings<'modify-parameter-group'>>): Promise<JobEnd>;
  close(): Promise<void>;
}

export async function openReplicaWorld(
  engine: EngineName,
  more: Partial<ClusterOptions> = {},
): Promise<ReplicaWorld> {
  const clock = systemClock();
  const provider = embeddedProvider({ clock, offline: true });
  const told: SimEvent[] = [];
  const sim = createSim({ clock, seed: 'test', emit: (one) => told.push(one), provider });
  const offer = (await provider.offers()).find((one) => one.engine === engine);
  const version = engine === 'postgres' ? '17.5' : (offer?.version ?? 'none');
  const parameterGroup = { name: 'source-group', values: { [readOnlyName(engine)]: '0' } };
  const common = { identifier: 'demo', engine, server: engine, version, takesReplicas: true };
  await sim.createCluster({ ...common, parameterGroup, ...more });
  const cluster = (identifier: string): ClusterRecord => {
    const found = sim.clusters().find((one) => one.identifier === identifier);
    if (found === undefined) throw new Error(`there is no ${identifier}`);
    return found as ClusterRecord;
  };
  const operate: ReplicaWorld['operate'] = async (operation, of, settings, lengths) => {
    const basics = { cluster: of, durations: noLengths(lengths) };
    const parameters = {
      ...basics,
      ...settings,
    } as unknown as OperationParameters[typeof operation];
    const { job, fault } = sim.start(operation, parameters);
    if (job === undefined) throw new Error(`${fault.code}: ${fault.message}`);
    return await job.finished;
  };
  const ends: End[] = [];
  return {
    client: async (of, at = cluster(of).writer) => {
      const { ask, end } = await connect(cluster(of), at);
      ends.push(end);
      return ask;
    },
    ...{ sim, told, cluster, operate, source: cluster('demo') },
    flip: (isOn, changes = {}) =>
      operate('modify-parameter-group', 'demo', {
        group: 'source-group',
        parameters: [
          { name: readOnlyName(engine), value: isOn ? '1' : '0', applyMethod: 'immediate' },
        ],
        ...changes,
      }),
    close: async () => {
      for (const end of ends) end();
      await sim.close();
      await provider.close();
    },
  };
}

/** Ends what it stands for. */
type End = () => void;

/** The application's user at an address. */
async function connect(
  { application, server }: ClusterRecord,
  { host, port }: EndpointAddress,
): Promise<{ ask: Ask; end: End }> {
  if (server === 'postgres') {
    const client = new pg.Client({ host, port, ...application });
    client.on('error', () => {});
    await client.connect();
    const ask: Ask = async (text) => (await client.query({ text, rowMode: 'array' })).rows;
    return { ask, end: () => void client.end().catch(() => {}) };
  }
  const client = await mysql.createConnection({ host, port, ...application, rowsAsArray: true });
  client.on('error', () => {});
  const ask: Ask = async (sql) => (await client.query(sql))[0] as unknown[][];
  return { ask, end: () => client.destroy() };
}

/** The code that a statement is refused with, as clients read it. */
export async function codeOf(asked: Promise<unknown>): Promise<string> {
  return await asked.then(
    () => 'ok',
    (error: { errno?: number; code?: string }) => String(error.errno ?? error.code),
  );
}

/** Ids of events, or texts where they have none; with the last part of whose they are. */
export function eventsOf(told: readonly SimEvent[]): string[] {
  return told.flatMap((one) => {
    if (one.kind !== 'event' || one.data.source === 'fault') return [];
    const what = one.data.eventId?.replace('RDS-EVENT-', '') ?? one.data.message;
    return [`${(one.subject.instance ?? '').replace('-instance-1', '')} ${what}`];
  });
}

/** What named checks found: `name: state`. */
export function checksOf(
  told: readonly SimEvent[],
): { name: string; state: string; detail: string }[] {
  return told.flatMap((one) =>
    one.kind === 'note' && one.data.check !== undefined ? [one.data.check] : [],
  );
}
