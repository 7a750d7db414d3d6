/** Makes a cluster: started servers, their roles, and the endpoints in front of them. */
import { randomBytes } from 'node:crypto';
import { requireOffered } from '../database/require-offered.js';
import { type Authority, type Identity, makeIdentity } from '../endpoint/certificate.js';
import type { Emit } from '../events.js';
import type { EngineName, Server } from '../server/server.js';
import type { ClusterOptions, ClusterSnapshot, Doorway, SimOptions } from '../sim.js';
import { type ClusterParts, ClusterRecord } from './cluster.js';
import { understandFaultSql } from './faults/aurora-hook.js';
import type { Instance } from './instance.js';
import { identityOf, Making, memberName, namesFor } from './making.js';
import { type Member, memberOf } from './member.js';
import { applicationLogin, fillingOf } from './own-content.js';
import { replicaSourceParameters } from './replica/parameters.js';
import { Followers } from './replication/followers.js';
import { replicationOf } from './replication/replication.js';
import { installTopology } from './topology/publish.js';

/** Looks like an AWS account's part of an endpoint name; it resolves nowhere. */
const nameSuffix = (region: string): string => `rehearsal0000.${region}.rds.amazonaws.com`;
const defaultRegion = 'eu-central-1';

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
  const isAlone = (options.members ?? []).length === 0 && options.takesReplicas !== true;
  const parameters = {
    ...(isAlone ? {} : replicationOf(options.server).parametersOf(1)),
    ...(options.takesReplicas === true ? replicaSourceParameters(options.server) : {}),
    ...identityOf(options.server, memberName(options.identifier)),
    ...options.parameters,
  };
  const server = await sim.provider.create({
    name: memberName(options.identifier),
    engine: options.server,
    version: options.version,
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
    ...(filling === null ? {} : { content: filling.content }),
  });
  const { doorway } = sim;
  return await openCluster(sim, options, withWriter(sim, options, { server, doorway }, hold));

  async function hold(member: Member): Promise<Holding> {
    const ours = { ...applicationLogin, password: secret() };
    const database = member.instrumentDatabase === 'own' ? 'rehearse' : ours.database;
    const instrument = { user: 'rehearse', password: secret(), database };
    await member.createLogins(ours, instrument, options.userLike);
    const filled = filling === null ? null : await filling.filled(member, ours);
    const application = { ...ours, database: filled?.opens ?? ours.database };
    return { application, instrument, database: filled?.database ?? null };
  }
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
  const hold = async (): Promise<Holding> => ({ application, instrument, database: null });
  return await openCluster(sim, options, withWriter(sim, options, { server }, hold));
}

type Described = Pick<
  ClusterOptions,
  | 'identifier'
  | 'engine'
  | 'awsVersion'
  | 'pendingParameters'
  | 'region'
  | 'members'
  | 'userLike'
  | 'takesReplicas'
>;
type Holding = Pick<ClusterParts, 'application' | 'instrument' | 'database'>;

/** How the instances of a cluster come about. */
export interface Founding {
  readonly followers: Followers;
  readonly doorway?: Doorway | undefined;
  /** The cluster that it is a secondary of. */
  readonly primary?: ClusterRecord;
  /** The cluster whose clients may be led to it: its certificate is good for those names too. */
  readonly standsFor?: ClusterRecord;
  /** Starts what is there already. Meanwhile the certificate is made. */
  start(): Promise<unknown>;
  make(making: Making, identity: Identity): Promise<Holding & { instances: readonly Instance[] }>;
  /** Removes what was there already, where the cluster could not be made. */
  undo(): Promise<void>;
}

/** A server becomes the writer, and is copied for the other members. */
function withWriter(
  sim: SimOptions,
  { members = [] }: Described,
  { server, doorway }: { server: Server; doorway?: Doorway | undefined },
  hold: (member: Member) => Promise<Holding>,
): Founding {
  return {
    followers: followersFor(sim, server.spec.engine),
    doorway,
    start: () => server.start(),
    make: async (making, identity) => {
      const member = memberOf(server);
      const held = await hold(member);
      const writer = await making.instance(server, member, 'writer', 1, identity);
      const others = await making.followersOf(writer, members, identity, 2);
      return { ...held, instances: [writer, ...others] };
    },
    undo: () => server.remove(),
  };
}

/**
 * Makes the instances, with endpoints and names in front of them, and opens these.
 * @throws UserError what the provider throws; nothing is left then
 */
export async function openCluster(
  outer: SimOptions,
  options: Described,
  founding: Founding,
): Promise<ClusterRecord> {
  const sim = inRegion(outer, options.region);
  const { identifier, engine, awsVersion, pendingParameters = [], members = [] } = options;
  const { followers, doorway, primary, standsFor } = founding;
  const domain = nameSuffix(options.region ?? defaultRegion);
  const names = {
    writer: `${identifier}.cluster-${domain}`,
    reader: `${identifier}.cluster-ro-${domain}`,
  };
  const making = new Making({
    ...{ sim, followers, domain, cluster: identifier },
    // A run has one list of sessions, whatever cluster they are in.
    sessionPrefix: (primary ?? standsFor) === undefined ? 's' : `${identifier}/s`,
  });
  try {
    const count = 1 + members.length;
    const all = Array.from({ length: count }, (_, index) => memberName(identifier, index + 1));
    const [identity] = await Promise.all([
      makeIdentity(
        [
          ...[...Object.values(names), ...all.map((name) => `${name}.${domain}`)],
          ...[...aliasOf(doorway), ...(standsFor?.identity.names ?? [])],
        ],
        sim.clock.anchor.wallClock,
        authorityOf(primary ?? standsFor),
      ),
      founding.start(),
    ]);
    const made = await founding.make(making, identity);
    const { instances } = made;
    const endpointNames = namesFor(sim, names, instances, doorway);
    const record = new ClusterRecord({
      ...{ identifier, engine, ...(awsVersion === undefined ? {} : { awsVersion }) },
      ...{ clock: sim.clock, emit: sim.emit },
      ...{ ...made, followers, names: endpointNames, pendingParameters },
      ...(primary === undefined ? {} : { primary }),
      takesReplicas: options.takesReplicas ?? false,
      doorway: doorway?.address ?? null,
      identity,
    });
    await installTopology(record);
    understandFaultSql(record, options.userLike);
    for (const { endpoint, role } of instances) {
      await endpoint.open();
      // Nobody reaches a standby before it has taken over.
      if (role === 'standby') await endpoint.setState('refusing');
    }
    for (const name of endpointNames) await name.open();
    record.setStatus('available', { status: 'available', instances });
    return record;
  } catch (error) {
    await Promise.all([founding.undo(), making.undo()]);
    throw error;
  }
}

function followersFor(sim: SimOptions, engine: EngineName): Followers {
  return new Followers({
    clock: sim.clock,
    replication: replicationOf(engine),
    login: { user: 'rehearse_follower', password: secret(), database: '' },
    hostFor: (server) => sim.provider.hostFor(server),
  });
}

/** Clients of a cluster that follows another one trust who signed for that one. */
function authorityOf(source: ClusterRecord | undefined): Authority | undefined {
  return source?.identity.authority;
}

/** What is told of a cluster in a region says so. */
function inRegion(sim: SimOptions, region: string | undefined): SimOptions {
  if (region === undefined) return sim;
  const emit: Emit = (event) => sim.emit({ ...event, subject: { region, ...event.subject } });
  return { ...sim, emit };
}

/** Where there is a doorway, clients verify its name too. */
function aliasOf(doorway: Doorway | undefined): string[] {
  return doorway === undefined ? [] : [doorway.address.host];
}

function secret(): string {
  return randomBytes(18).toString('base64url');
}
