/** Makes a cluster: a started server, its roles, and the endpoint in front of it. */
import { randomBytes } from 'node:crypto';
import { requireOffered } from '../database/require-offered.js';
import { makeIdentity } from '../endpoint/certificate.js';
import { Endpoint, type ListenerSpec } from '../endpoint/endpoint.js';
import { rng } from '../rng.js';
import type { Server } from '../server/server.js';
import type { ClusterOptions, ClusterSnapshot, Doorway, SimOptions } from '../sim.js';
import { type ClusterParts, ClusterRecord } from './cluster.js';
import { memberOf } from './member.js';
import { applicationLogin, fillingOf } from './own-content.js';

/** Looks like an AWS account's part of an endpoint name; it resolves nowhere. */
const nameSuffix = 'rehearsal0000.eu-central-1.rds.amazonaws.com';

/**
 * Creates the cluster and waits until it is available.
 * @throws UserError what the provider throws
 */
export async function createCluster(
  sim: SimOptions,
  options: ClusterOptions,
): Promise<ClusterRecord> {
  const filling = options.database === undefined ? null : fillingOf(sim, options.database);
  if (options.database !== undefined)
    await requireOffered(sim.provider, options.server, options.version, options.database.own.needs);
  const server = await sim.provider.create({
    name: memberName(options.identifier),
    engine: options.server,
    version: options.version,
    ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
    ...(filling === null ? {} : { content: filling.content }),
  });
  return await opened(sim, options, { server, doorway: sim.doorway }, async (member) => {
    const ours = { ...applicationLogin, password: secret() };
    const database = member.instrumentDatabase === 'own' ? 'rehearse' : ours.database;
    const instrument = { user: 'rehearse', password: secret(), database };
    await member.createLogins(ours, instrument, options.userLike);
    const filled = filling === null ? null : await filling.filled(member, ours);
    const application = { ...ours, database: filled?.opens ?? ours.database };
    return { application, instrument, database: filled?.database ?? null };
  });
}

/**
 * Creates a cluster with the data of a snapshot and waits until it is available.
 * @throws UserError what the provider throws
 */
export async function restoreCluster(
  sim: SimOptions,
  snapshot: ClusterSnapshot,
  identifier: string,
): Promise<ClusterRecord> {
  const { engine, awsVersion, application, instrument, stored } = snapshot;
  const server = await sim.provider.restore(stored, memberName(identifier));
  const options = { identifier, engine, awsVersion };
  return await opened(sim, options, { server, doorway: undefined }, async () => ({
    application,
    instrument,
    database: null,
  }));
}

type Described = Pick<ClusterOptions, 'identifier' | 'engine' | 'awsVersion' | 'pendingParameters'>;
type Holding = Pick<ClusterParts, 'application' | 'instrument' | 'database'>;

/** Starts the server and opens an endpoint in front of it; removes it where that fails. */
async function opened(
  sim: SimOptions,
  options: Described,
  { server, doorway }: { server: Server; doorway: Doorway | undefined },
  holding: (member: ReturnType<typeof memberOf>) => Promise<Holding>,
): Promise<ClusterRecord> {
  const names = {
    writer: `${options.identifier}.cluster-${nameSuffix}`,
    reader: `${options.identifier}.cluster-ro-${nameSuffix}`,
  };
  let record: ClusterRecord | undefined;
  try {
    const [identity] = await Promise.all([
      makeIdentity(namesOf(names, doorway), sim.clock.anchor.wallClock),
      server.start(),
    ]);
    const member = memberOf(server);
    const held = await holding(member);
    await member.started();
    const endpoint = new Endpoint({
      name: names.writer,
      clock: sim.clock,
      emit: sim.emit,
      stream: rng(sim.seed, 'endpoint'),
      identity,
      listeners: listenersFor(doorway),
      target: server.address,
      protocol: member.protocol(sim.clock),
      onSession: (session) => record?.sessionBegan(session),
    });
    await endpoint.open();
    const { identifier, engine, awsVersion, pendingParameters = [] } = options;
    record = new ClusterRecord({
      ...{ identifier, engine, ...(awsVersion === undefined ? {} : { awsVersion }) },
      ...{ clock: sim.clock, emit: sim.emit },
      ...{ server, member, endpoint, names, ...held, pendingParameters },
      doorway: doorway?.address ?? null,
      caPem: identity.caPem,
    });
    record.setStatus('available');
    return record;
  } catch (error) {
    await server.remove();
    throw error;
  }
}

/** As the console names a first instance. */
export function memberName(identifier: string): string {
  return `${identifier}-instance-1`;
}

/** What clients verify: where there is a doorway, its name too. */
function namesOf(names: ClusterParts['names'], doorway: Doorway | undefined): string[] {
  return [names.writer, names.reader, ...(doorway === undefined ? [] : [doorway.address.host])];
}

function listenersFor(doorway: Doorway | undefined): ListenerSpec[] {
  const gated = doorway === undefined ? [] : [{ label: 'doorway', gate: doorway }];
  return [{ label: 'writer' }, { label: 'reader' }, ...gated];
}

function secret(): string {
  return randomBytes(18).toString('base64url');
}
