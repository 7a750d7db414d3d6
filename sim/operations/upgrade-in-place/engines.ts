/**
 * The engines of an instance, and of its standby, on their way to another version and back. What
 * AWS does to both at once happens one after the other here, while nobody has a database.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import { memberOf } from '../../cluster/member.js';
import type { Server, ServerSnapshot } from '../../server/server.js';
import type { World } from '../operation.js';
import { type MovedServer, movedServer } from './moved-server.js';

const catchUpMsMax = 60_000;

export class Engines {
  readonly #world: World;
  readonly #cluster: ClusterRecord;
  readonly #from: string;
  readonly #to: string;
  /** Of the writer when it was shut down; where old binaries would not take the data again. */
  #backup: ServerSnapshot | undefined;
  /** The writer's server before, where another one stands for it now. */
  #before: Server | undefined;

  constructor(world: World, cluster: ClusterRecord, to: string) {
    this.#world = world;
    this.#cluster = cluster;
    this.#from = cluster.version;
    this.#to = to;
  }

  /** Whether the new version does not take the old one's data directory. */
  get moves(): boolean {
    const [from, to] = [this.#from, this.#to].map((text) => text.split('.')[0]);
    return this.#cluster.server === 'postgres' && from !== to;
  }

  /**
   * Once nobody is connected. A server that is to be moved runs on.
   * @throws UserError `SNAPSHOT_FAILED`
   */
  async shutDown(): Promise<void> {
    const { writerInstance: writer, server } = this.#cluster;
    if (server !== 'postgres' && this.#from !== this.#to)
      this.#backup = await writer.server.snapshot();
    for (const one of this.#others) await one.stopServer();
    if (!this.moves) await writer.stopServer();
  }

  /** Takes what the old server holds to one of the new version. */
  async move(): Promise<MovedServer> {
    const { clock, provider } = this.#world;
    const { writerInstance: writer } = this.#cluster;
    const moved = await movedServer(clock, provider, writer.server, this.#to);
    this.#before = writer.server;
    // Told as any stop is: the server itself is stopped already.
    await writer.stopServer();
    await writer.replaceServer(moved.server, memberOf(moved.server));
    return moved;
  }

  /** @throws UserError `ENGINE_START_FAILED` */
  async startNew(): Promise<void> {
    await this.#cluster.writerInstance.startServer({ version: this.#to });
    await this.#startOthers(this.#to);
  }

  /** Rolls back: the old version over what was there at the shutdown. @throws what starting throws */
  async startOld(): Promise<void> {
    const { writerInstance: writer } = this.#cluster;
    for (const one of this.#cluster.instances) if (one.serverRuns) await one.stopServer();
    if (this.#before !== undefined) await this.#replaceWriter(this.#before);
    else if (this.#backup !== undefined)
      await this.#replaceWriter(
        await this.#world.provider.restore(this.#backup, writer.server.spec.name),
      );
    this.#before = undefined;
    await writer.startServer({ version: this.#from });
    if (this.#backup === undefined) await this.#startOthers(this.#from);
    else for (const one of this.#others) await this.#copyWriterTo(one);
  }

  /** What is not needed any more. */
  async clear(): Promise<void> {
    await this.#before?.remove();
    await this.#backup?.remove();
  }

  get #others(): readonly Instance[] {
    const { instances, writerInstance } = this.#cluster;
    return instances.filter((one) => one !== writerInstance);
  }

  /** Those whose data the version does not take get a copy of the writer's. */
  async #startOthers(version: string): Promise<void> {
    for (const one of this.#others) {
      if (this.moves && version === this.#to) await this.#copyWriterTo(one);
      else await this.#startFollower(one, version);
    }
  }

  async #startFollower(one: Instance, version: string): Promise<void> {
    const { followers, writerInstance } = this.#cluster;
    await one.startServer({ version, standby: true });
    await followers.follow(one, writerInstance);
    await followers.replication.catchUp(one, writerInstance, catchUpMsMax);
  }

  async #copyWriterTo(one: Instance): Promise<void> {
    const { followers, writerInstance, instances } = this.#cluster;
    const ordinal = instances.indexOf(one) + 1;
    const snapshot = await writerInstance.server.snapshot();
    try {
      const parameters = followers.replication.parametersOf(ordinal);
      const { spec } = one.server;
      const copy = await this.#world.provider.restore(snapshot, spec.name, parameters);
      await this.#replace(one, copy);
    } finally {
      await snapshot.remove();
    }
    await one.startServer({ standby: true });
    await followers.follow(one, writerInstance);
    await followers.replication.catchUp(one, writerInstance, catchUpMsMax);
  }

  async #replaceWriter(server: Server): Promise<void> {
    await this.#replace(this.#cluster.writerInstance, server);
  }

  async #replace(instance: Instance, server: Server): Promise<void> {
    const before = instance.server;
    await instance.replaceServer(server, memberOf(server));
    // A snapshot goes with its server: what was restored from it must have been.
    if (before !== server) await before.remove();
  }
}
