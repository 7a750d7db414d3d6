/** Who of a cluster follows whom, each through a link of its own. */
import type { Clock } from '../../clock.js';
import type { Server } from '../../server/server.js';
import type { Login } from '../../sim.js';
import type { Instance } from '../instance.js';
import { ReplicationLink } from './link.js';
import type { FollowerState, Replication } from './replication.js';

export interface FollowersParts {
  readonly clock: Clock;
  readonly replication: Replication;
  /** Whom followers log in as. */
  readonly login: Login;
  /** Where a server can dial links: loopback, or this machine's address in the run's network. */
  readonly hostFor: (server: Server) => Promise<string>;
}

/** What is done to replication for as long as somebody wants it; each counts where it is given. */
export interface LinkCondition {
  /** Whom it is about, also of those that begin to follow later. */
  readonly meets: (replica: Instance) => boolean;
  /** What is shipped comes so much later; those of several conditions are added up. */
  readonly delayMs?: number;
  readonly isPartitioned?: boolean;
  readonly isRefused?: boolean;
  /** What was received is applied so much later: the longest of several conditions. */
  readonly applyDelayMs?: number;
}

interface Following {
  readonly source: Instance;
  readonly link: ReplicationLink;
  readonly replication: Replication;
}

export class Followers {
  /** How the members of the cluster follow its writer. */
  readonly replication: Replication;
  readonly #parts: FollowersParts;
  readonly #following = new Map<Instance, Following>();
  readonly #conditions = new Set<LinkCondition>();
  /** For these no condition counts. */
  readonly #draining = new Set<Instance>();

  constructor(parts: FollowersParts) {
    this.#parts = parts;
    this.replication = parts.replication;
  }

  /** Whom followers log in as. */
  get login(): Login {
    return this.#parts.login;
  }

  /** Makes the login that followers use, on the first writer before its data are copied. */
  async prepare(source: Instance): Promise<void> {
    await this.replication.prepare(source, this.#parts.login);
  }

  /**
   * Lets a running copy of the source's data, started with `standby`, follow it; or a follower
   * follow another source from now on.
   * @param how default: as before, or as the members of the cluster do
   */
  async follow(
    replica: Instance,
    source: Instance,
    how: Replication = this.replicationOf(replica),
  ): Promise<void> {
    const { clock, login, hostFor } = this.#parts;
    await this.#following.get(replica)?.link.close();
    const link = new ReplicationLink(clock, source.server.address, await hostFor(replica.server));
    await link.open();
    this.#following.set(replica, { source, link, replication: how });
    this.#settle(replica, link);
    await how.follow(replica, link.address, login);
    if (this.#applyDelayMs(replica) > 0) await this.#settleApply(replica);
  }

  /**
   * Lets a follower get and apply all that the source has, whatever is on its way otherwise.
   * @throws Error where that takes longer than `timeoutMs`, or following is broken
   */
  async drain(replica: Instance, source: Instance, timeoutMs: number): Promise<void> {
    this.#draining.add(replica);
    try {
      await this.follow(replica, source);
      await this.#settleApply(replica);
      await this.catchUp(replica, source, timeoutMs);
    } finally {
      this.#draining.delete(replica);
    }
  }

  /** From now on replication is so. @throws what the server says to a delay of applying */
  async impose(condition: LinkCondition): Promise<void> {
    this.#conditions.add(condition);
    await this.#settleAll(condition);
  }

  /** Ends that; who gave up following meanwhile follows again. */
  async lift(condition: LinkCondition): Promise<void> {
    if (!this.#conditions.delete(condition)) return;
    await this.#settleAll(condition);
    if (condition.isRefused !== true && condition.isPartitioned !== true) return;
    for (const [replica, { source }] of [...this.#following])
      if (condition.meets(replica) && (await this.#gaveUp(replica)))
        await this.follow(replica, source);
  }

  async #settleAll(changed: LinkCondition): Promise<void> {
    const met = [...this.#following].filter(([replica]) => changed.meets(replica));
    for (const [replica, { link }] of met) this.#settle(replica, link);
    if (changed.applyDelayMs !== undefined)
      await Promise.all(met.map(([replica]) => this.#settleApply(replica)));
  }

  #settle(replica: Instance, link: ReplicationLink): void {
    const conditions = this.#conditionsOf(replica);
    link.delay(conditions.reduce((sumMs, { delayMs = 0 }) => sumMs + delayMs, 0));
    link.partition(conditions.some(({ isPartitioned }) => isPartitioned));
    link.refuse(conditions.some(({ isRefused }) => isRefused));
  }

  async #settleApply(replica: Instance): Promise<void> {
    if (!replica.serverRuns) return;
    await this.replicationOf(replica).delayApply(replica, this.#applyDelayMs(replica));
  }

  #applyDelayMs(replica: Instance): number {
    return Math.max(0, ...this.#conditionsOf(replica).map(({ applyDelayMs = 0 }) => applyDelayMs));
  }

  #conditionsOf(replica: Instance): LinkCondition[] {
    if (this.#draining.has(replica)) return [];
    return [...this.#conditions].filter(({ meets }) => meets(replica));
  }

  async #gaveUp(replica: Instance): Promise<boolean> {
    if (!replica.serverRuns) return false;
    return (await this.state(replica)).state === 'broken';
  }

  /** What applies all that it received and takes writes from then on follows nobody any more. */
  async promote(replica: Instance, timeoutMs: number): Promise<void> {
    await this.replicationOf(replica).promote(replica, timeoutMs);
    await this.forget(replica);
  }

  /**
   * Resolves when the replica has applied all that the source had written when this was called.
   * @throws Error where that takes longer than `timeoutMs`, or following is broken
   */
  catchUp(replica: Instance, source: Instance, timeoutMs: number): Promise<void> {
    return this.replicationOf(replica).catchUp(replica, source, timeoutMs);
  }

  /** What a follower says of itself. */
  state(replica: Instance): Promise<FollowerState> {
    return this.replicationOf(replica).state(replica);
  }

  /** How it follows; where it follows nobody, how the members of the cluster do. */
  replicationOf(replica: Instance): Replication {
    return this.#following.get(replica)?.replication ?? this.replication;
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
