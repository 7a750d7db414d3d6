/** Who of a cluster follows whom, each through a link of its own. */
import type { Clock } from '../../clock.js';
import type { Server } from '../../server/server.js';
import type { Login } from '../../sim.js';
import type { Instance } from '../instance.js';
import { ReplicationLink } from './link.js';
import type { Replication } from './replication.js';

export interface FollowersParts {
  readonly clock: Clock;
  readonly replication: Replication;
  /** Whom followers log in as. */
  readonly login: Login;
  /** Where a server can dial links: loopback, or this machine's address in the run's network. */
  readonly hostFor: (server: Server) => Promise<string>;
}

interface Following {
  readonly source: Instance;
  readonly link: ReplicationLink;
}

export class Followers {
  readonly replication: Replication;
  readonly #parts: FollowersParts;
  readonly #following = new Map<Instance, Following>();

  constructor(parts: FollowersParts) {
    this.#parts = parts;
    this.replication = parts.replication;
  }

  /** Makes the login that followers use, on the first writer before its data are copied. */
  async prepare(source: Instance): Promise<void> {
    await this.replication.prepare(source, this.#parts.login);
  }

  /**
   * Lets a running copy of the source's data, started with `standby`, follow it; or a follower
   * follow another source from now on.
   */
  async follow(replica: Instance, source: Instance): Promise<void> {
    const { clock, login, hostFor } = this.#parts;
    await this.#following.get(replica)?.link.close();
    const link = new ReplicationLink(clock, source.server.address, await hostFor(replica.server));
    await link.open();
    this.#following.set(replica, { source, link });
    await this.replication.follow(replica, link.address, login);
  }

  /** What applies all that it received and takes writes from then on follows nobody any more. */
  async promote(replica: Instance, timeoutMs: number): Promise<void> {
    await this.replication.promote(replica, timeoutMs);
    await this.forget(replica);
  }

  /** Takes its link away. */
  async forget(replica: Instance): Promise<void> {
    const following = this.#following.get(replica);
    this.#following.delete(replica);
    await following?.link.close();
  }

  /** The link that a follower has now. */
  linkOf(replica: Instance): ReplicationLink | undefined {
    return this.#following.get(replica)?.link;
  }

  sourceOf(replica: Instance): Instance | undefined {
    return this.#following.get(replica)?.source;
  }

  /** Those that follow that source now. */
  of(source: Instance): Instance[] {
    return [...this.#following].flatMap(([one, { source: its }]) => (its === source ? [one] : []));
  }
}
