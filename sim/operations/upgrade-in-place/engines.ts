/**
 * The engines of an instance, and of its standby, on their way to another version and back. What
 * AWS does to both at once happens one after the other here, while nobody has a database.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import { memberOf } from '../../cluster/member.js';
import { type MovedServer, movedServer } from '../../cluster/moved-server.js';
import { endClients as endMysqlClients } from '../../engine/mysql/end-clients.js';
import { endClients as endPostgresClients } from '../../engine/postgres/end-clients.js';
import type { Server, ServerSnapshot, StartOptions } from '../../server/server.js';
import type { World } from '../operation.js';

const catchUpMsMax = 60_000;
/** How long a server may take to end what it was doing. */
const restMsMax = 10_000;
const lookEveryMs = 10;

export class Engines {
  readonly #world: World;
  readonly #cluster: ClusterRecord;
  readonly #from: string;
  readonly #to: string;
  /** Of the writer when it was shut down; where old binaries would not take the data again. */
  #backup: ServerSnapshot | undefined;
  /** Those whose data are a copy of the writer's since. */
  readonly #copied = new Set<Instance>();
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

  /** Ends what clients that were disconnected still had under way on the server. */
  async endClients(): Promise<void> {
    const { member } = this.#cluster.writerInstance;
    const { clock } = this.#world;
    const untilNs = clock.nowNs() + restMsMax * 1e6;
    const left = (): Promise<number> =>
      member.protocolName === 'postgres'
        ? endPostgresClients(member.admin)
        : endMysqlClients(member.admin);
    while ((await left()) > 0 && clock.nowNs() < untilNs) await clock.sleep(lookEveryMs);
  }

  /**
   * Once nobody is connected.
   * @throws UserError `SNAPSHOT_FAILED`
   */
  async shutDown(): Promise<void> {
    const { writerInstance: writer, server } = this.#cluster;
    if (server !== 'postgres' && this.#from !== this.#to)
      this.#backup = await writer.server.snapshot();
    for (const one of this.#others) await one.stopServer();
    await writer.stopServer();
  }

  /** Takes what the old server holds to one of the new version. */
  async move(): Promise<MovedServer> {
    const { clock, provider } = this.#world;
    const { writerInstance: writer } = this.#cluster;
    this.#tellState(writer, 'starting');
    const moved = await movedServer(clock, provider, writer.server, this.#to);
    this.#tellState(writer, 'stopped');
    this.#before = writer.server;
    await writer.replaceServer(moved.server, memberOf(moved.server));
    return moved;
  }

  /** @throws UserError `ENGINE_START_FAILED` */
  async startNew(): Promise<void> {
    await this.#cluster.writerInstance.startServer({ version: this.#to });
    for (const one of this.#others) {
      if (this.moves) await this.#copyWriterTo(one);
      else await this.#startFollower(one, this.#to);
    }
  }

  /** Rolls back: the old version over what was there at the shutdown. @throws as starting does */
  async startOld(): Promise<void> {
    const { writerInstance: writer } = this.#cluster;
    for (const one of this.#cluster.instances) if (one.serverRuns) await one.stopServer();
    const { provider } = this.#world;
    const [before, backup] = [this.#before, this.#backup];
    this.#before = undefined;
    const old =
      before ??
      (backup === undefined ? undefined : await provider.restore(backup, writer.server.spec.name));
    if (old === undefined) await writer.startServer({ version: this.#from });
    else await this.#replace(writer, old);
    for (const one of this.#others) {
      if (this.#backup === undefined && !this.#copied.has(one))
        await this.#startFollower(one, this.#from);
      else await this.#copyWriterTo(one);
    }
  }

  /** What is not needed any more. */
  async clear(): Promise<void> {
    await this.#backup?.remove();
  }

  get #others(): readonly Instance[] {
    const { instances, writerInstance } = this.#cluster;
    return instances.filter((one) => one !== writerInstance);
  }

  /** Between its stop and its start the engine is at work on its data. */
  #tellState({ subject }: Instance, value: 'starting' | 'stopped'): void {
    this.#world.emit({
      atNs: this.#world.clock.nowNs(),
      clock: 'engine',
      kind: 'gauge',
      subject,
      data: { name: 'server.state', value, unit: null },
    });
  }

  async #startFollower(one: Instance, version: string): Promise<void> {
    const { followers, writerInstance } = this.#cluster;
    await one.startServer({ version, standby: true });
    await followers.follow(one, writerInstance);
    await followers.replication.catchUp(one, writerInstance, catchUpMsMax);
  }

  /** For data that the version does not take. */
  async #copyWriterTo(one: Instance): Promise<void> {
    this.#copied.add(one);
    const { followers, writerInstance, instances } = this.#cluster;
    const ordinal = instances.indexOf(one) + 1;
    const snapshot = await writerInstance.server.snapshot();
    try {
      const parameters = followers.replication.parametersOf(ordinal);
      const { spec } = one.server;
      const copy = await this.#world.provider.restore(snapshot, spec.name, parameters);
      await this.#replace(one, copy, { standby: true });
    } finally {
      await snapshot.remove();
    }
    await followers.follow(one, writerInstance);
    await followers.replication.catchUp(one, writerInstance, catchUpMsMax);
  }

  /** Started first: what its admin's password is, is settled then. */
  async #replace(instance: Instance, server: Server, options: StartOptions = {}): Promise<void> {
    try {
      await server.start(options);
    } catch (error) {
      await server.remove();
      throw error;
    }
    await instance.replaceServer(server, memberOf(server));
  }
}
