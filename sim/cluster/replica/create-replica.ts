/**
 * A replica that is a cluster of its own: a copy of another cluster's data, upgraded where asked,
 * whose writer then follows that cluster's writer; a read replica, or the green side of a
 * blue/green deployment. It follows through the source's followers, so that what is done to
 * replication there meets it.
 */

import type { Server, StartOptions } from '../../server/server.js';
import type { InstanceRole, SimOptions } from '../../sim.js';
import type { ClusterRecord } from '../cluster.js';
import { openCluster } from '../create.js';
import { identityOf, memberName } from '../making.js';
import { memberOf } from '../member.js';
import { type MovedServer, movedServer } from '../moved-server.js';
import { tellFrozen } from '../tell-frozen.js';
import { beginFollowing, type ReplicaFollowing } from './following.js';

/** How long a new replica may take to have all that its source has. */
const catchUpMsMax = 120_000;

export interface ReplicaWanted {
  readonly identifier: string;
  /** Version of the server to upgrade the copy to. Default: the source's. */
  readonly version?: string;
  /** The same as AWS names it. Default: the source's, or what the server's version says. */
  readonly awsVersion?: string;
  /** Its members besides the writer, in order. Default: none. */
  readonly members?: readonly Exclude<InstanceRole, 'writer'>[];
}

export interface CreatedReplica {
  /** Its writer follows the source's, and is read-only to the unprivileged on MySQL. */
  readonly replica: ClusterRecord;
  /** How the data came to another major version of Postgres; null where they did not. */
  readonly way: MovedServer['way'] | null;
}

/**
 * Creates the replica, and waits until it has all that the source had.
 * @throws UserError `REPLICA_SOURCE_UNFIT`, and what the provider throws; nothing is left then
 * @throws Error where it cannot follow
 */
export async function createReplica(
  sim: SimOptions,
  source: ClusterRecord,
  wanted: ReplicaWanted,
): Promise<CreatedReplica> {
  const { identifier, members = [] } = wanted;
  const { followers, application, instrument, database, writerInstance, engine } = source;
  const following = await beginFollowing(writerInstance, identifier, followers.login);
  const copy = new Copy(sim, source, wanted, following);
  const awsVersion = wanted.awsVersion ?? awsVersionOf(source, wanted);
  const options = {
    ...{ identifier, engine, members },
    ...(awsVersion === undefined ? {} : { awsVersion }),
  };
  const replica = await openCluster(sim, options, {
    followers,
    standsFor: source,
    start: () => copy.start(),
    make: async (making, identity) => {
      const { server } = copy;
      const writer = await making.instance(server, memberOf(server), 'writer', 1, identity);
      await followers.follow(writer, writerInstance, following.replication);
      await followers.catchUp(writer, writerInstance, catchUpMsMax);
      const others = await making.followersOf(writer, members, identity, 2);
      return { application, instrument, database, instances: [writer, ...others] };
    },
    undo: () => copy.remove(),
  }).catch(async (error: unknown) => {
    await following.end();
    throw error;
  });
  return { replica, way: copy.way };
}

function awsVersionOf(source: ClusterRecord, { version }: ReplicaWanted): string | undefined {
  return version === undefined || version === source.version ? source.awsVersion : undefined;
}

/** The server of the replica's writer, on its way from the source's data to a version. */
class Copy {
  readonly #sim: SimOptions;
  readonly #source: ClusterRecord;
  readonly #wanted: ReplicaWanted;
  readonly #following: ReplicaFollowing;
  #server: Server | undefined;
  way: MovedServer['way'] | null = null;

  constructor(
    sim: SimOptions,
    source: ClusterRecord,
    wanted: ReplicaWanted,
    following: ReplicaFollowing,
  ) {
    this.#sim = sim;
    this.#source = source;
    this.#wanted = wanted;
    this.#following = following;
  }

  get server(): Server {
    if (this.#server === undefined) throw new Error('the copy was not started');
    return this.#server;
  }

  /** Copies the source's data, and leaves a running server of the wanted version with them. */
  async start(): Promise<void> {
    const { writerInstance } = this.#source;
    const name = memberName(this.#wanted.identifier);
    const { engine } = writerInstance.server.spec;
    const parameters = {
      ...this.#following.replication.parametersOf(1),
      ...identityOf(engine, name),
    };
    const snapshot = await writerInstance.server.snapshot();
    tellFrozen(this.#sim.emit, writerInstance, snapshot.frozen);
    try {
      this.#server = await this.#sim.provider.restore(snapshot, name, parameters);
    } finally {
      await snapshot.remove();
    }
    await this.#server.start({ standby: true });
    await this.#following.detach(this.#server);
    await this.#upgrade(this.#server);
  }

  async remove(): Promise<void> {
    await this.#server?.remove();
  }

  async #upgrade(server: Server): Promise<void> {
    const to = this.#wanted.version ?? server.version;
    if (to === server.version) return;
    await server.stop('fast');
    const options: StartOptions = { version: to };
    if (!this.#changesData(server, to)) {
      await server.start(options);
      return;
    }
    const { clock, provider } = this.#sim;
    const moved = await movedServer(clock, provider, server, to);
    this.#server = moved.server;
    this.way = moved.way;
    await server.remove();
    await moved.server.start();
  }

  /** Another major version of Postgres does not take the data as they are. */
  #changesData({ spec: { engine }, version }: Server, to: string): boolean {
    return engine === 'postgres' && version.split('.')[0] !== to.split('.')[0];
  }
}
