/** Snapshots of one server in a container: volumes that go with it. */
import type { Clock } from '../../clock.js';
import type { Server, ServerSnapshot } from '../server.js';
import type { Daemon } from './daemon.js';
import { makeVolume, removeVolume } from './volume.js';
import { VolumeCopier, type VolumeCopy } from './volume-copy.js';

export interface SnapshotOrder extends Pick<VolumeCopy, 'image' | 'labels' | 'ownFiles'> {
  /** The name of the server's container and of its volume. */
  readonly id: string;
}

export class Snapshots {
  readonly #daemon: Daemon;
  readonly #clock: Clock;
  readonly #volumes = new Set<string>();
  #copier: VolumeCopier | undefined;
  #taken = 0;
  #closed = false;

  constructor(daemon: Daemon, clock: Clock) {
    this.#daemon = daemon;
    this.#clock = clock;
  }

  /** @throws UserError `SNAPSHOT_FAILED`, `DOCKER_LOST`, `DOCKER_REFUSED` */
  async take(server: Server, order: SnapshotOrder): Promise<ServerSnapshot> {
    const { id, ...copy } = order;
    this.#taken += 1;
    const place = `${id}-snapshot-${this.#taken}`;
    const remove = (): Promise<void> => this.#remove(place);
    const copier = new VolumeCopier(this.#daemon, {
      ...copy,
      name: `${id}-copier-${this.#taken}`,
      from: id,
      to: place,
    });
    this.#copier = copier;
    this.#volumes.add(place);
    try {
      await makeVolume(this.#daemon, place, copy.labels);
      // Made before the server is frozen, which then stands still for less.
      await copier.make();
      if (this.#closed) throw new Error(`server ${server.spec.name} is removed: no snapshot`);
      const frozen = await this.#copy(server, copier);
      const { spec, admin, version } = server;
      return { spec: { ...spec, version }, admin, place, frozen, remove };
    } catch (error) {
      await copier.remove(this.#clock);
      await remove();
      throw error;
    } finally {
      await copier.remove(this.#clock);
      this.#copier = undefined;
    }
  }

  /** Ends a copy under way, and removes every volume that was made here. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#copier?.remove(this.#clock);
    for (const place of [...this.#volumes]) await this.#remove(place);
  }

  async #copy(server: Server, copier: VolumeCopier): Promise<ServerSnapshot['frozen']> {
    const fromNs = this.#clock.nowNs();
    await server.freeze();
    try {
      await copier.run();
    } finally {
      // One that was killed meanwhile has nothing to be thawed.
      if (server.state === 'frozen') await server.thaw();
    }
    return { fromNs, toNs: this.#clock.nowNs() };
  }

  async #remove(place: string): Promise<void> {
    await removeVolume(this.#daemon, place, this.#clock);
    this.#volumes.delete(place);
  }
}
