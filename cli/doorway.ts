/** What lets containers in to a run's endpoint, and what a user is told about it. */
import type { RecordEntry } from '../harness/history/entry.js';
import { note } from '../harness/history/record.js';
import type { RunPlan } from '../harness/plan.js';
import type { Clock } from '../sim/clock.js';
import type { Cluster, Doorway } from '../sim/sim.js';

/**
 * Makes the doorway that the plan asks for. Its code, and Docker's, is loaded here alone.
 * @throws UserError see `openDoorway`
 */
export async function planDoorway(
  { doorway, servers, offline }: RunPlan,
  clock: Clock,
  record: RecordEntry,
): Promise<Doorway | undefined> {
  if (doorway === null) return undefined;
  const { openDoorway } = await import('../sim/server/docker/doorway/doorway.js');
  return openDoorway({
    clock,
    ...doorway,
    image: servers.images.doorway,
    imagePrefix: servers.imagePrefix ?? undefined,
    offline,
    tell: (level, code, text) => note(record, clock, level, code, text),
  });
}

/** Tells where containers dial, and how one gets there. */
export function tellDoorway(
  { writer, doorway }: Pick<Cluster, 'writer' | 'doorway'>,
  clock: Clock,
  record: RecordEntry,
): void {
  if (doorway === null) return;
  const { host, port, network } = doorway;
  record({
    atNs: clock.nowNs(),
    clock: 'harness',
    kind: 'event',
    subject: { endpoint: writer.name, listener: 'doorway' },
    data: {
      source: 'endpoint',
      message: `the writer endpoint listens as ${host}:${port} on network ${network}`,
      eventId: null,
      categories: [],
      modelled: false,
    },
  });
  const join =
    `an application joins it with "docker run --network ${network} ..." or, in a compose file, ` +
    `"networks: {default: {name: ${network}, external: true}}"; --access writes its DATABASE_URL`;
  note(record, clock, 'info', 'doorway-join', join);
}

/** For the access file: how a client in that network connects, with its password. */
export function doorwayVariables({
  server,
  doorway,
  application,
}: Pick<Cluster, 'server' | 'doorway' | 'application'>): Record<string, string> {
  if (doorway === null) return {};
  const { host, port, network } = doorway;
  const { user, password, database } = application;
  const scheme = server === 'postgres' ? 'postgresql' : 'mysql';
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return {
    REHEARSE_NETWORK: network,
    REHEARSE_NETWORK_HOST: host,
    REHEARSE_NETWORK_PORT: String(port),
    REHEARSE_NETWORK_DATABASE_URL: `${scheme}://${login}@${host}:${port}/${database}`,
  };
}
