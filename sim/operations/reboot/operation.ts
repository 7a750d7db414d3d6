/**
 * A reboot of one instance without failover: its engine restarts, its sessions end, parameters
 * that waited for it are applied (AmazonRDS UserGuide/USER_RebootInstance.html). The restart is
 * real, its length modelled. Other members of the cluster go on: readers stay available while the
 * writer reboots, in Aurora MySQL 2.10 and in Aurora PostgreSQL 15.2, 14.7, 13.10, 12.14 and higher
 * (AuroraUserGuide/aurora-mysql-survivable-replicas.html,
 * AuroraUserGuide/AuroraPostgreSQL.Replication.html).
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import type { RebootParameters } from '../../sim.js';
import { drawn } from '../../timing.js';
import { messageOf } from '../../user-error.js';
import { type EndedOnTheWay, Fates } from '../fates.js';
import { OperationFailed } from '../job.js';
import { restarted, shutDown } from '../zero-downtime-patch/messages.js';

const reasons = {
  rebooted: 'its instance was rebooted (documented: AmazonRDS UserGuide/USER_RebootInstance.html)',
  'server-connection-lost': 'its server connection ended during the reboot (this rehearsal)',
  'broken-by-fault':
    'a fault of this rehearsal broke its connection during the reboot (this rehearsal)',
} as const;

/** One reboot under way. */
export class Reboot {
  readonly #cluster: ClusterRecord;
  readonly #instance: Instance;
  readonly #parameters: RebootParameters;
  readonly #signal: AbortSignal;
  readonly #fates: Fates<Exclude<keyof typeof reasons, EndedOnTheWay>>;

  constructor(
    cluster: ClusterRecord,
    instance: Instance,
    parameters: RebootParameters,
    signal: AbortSignal,
  ) {
    this.#cluster = cluster;
    this.#instance = instance;
    this.#parameters = parameters;
    this.#signal = signal;
    this.#fates = new Fates(cluster, (reason) => reasons[reason]);
  }

  /** Runs it to its end. Throws OperationFailed where the server does not come up again. */
  async run(): Promise<void> {
    const instance = this.#instance;
    const { endpoint } = instance;
    instance.setStatus('rebooting');
    endpoint.admitting = false;
    try {
      await this.#restart();
    } catch (error) {
      throw new OperationFailed(`${instance.identifier} did not come up: ${messageOf(error)}`);
    } finally {
      const isUp = instance.serverRuns;
      endpoint.admitting = isUp;
      await endpoint.setState(isUp ? 'open' : 'refusing');
      this.#fates.settle();
      if (isUp) instance.setStatus('available');
      if (isUp && instance === this.#cluster.mainInstance) this.#cluster.rebooted();
    }
    this.#cluster.tell(restarted, instance);
    if (this.#signal.aborted) throw this.#signal.reason;
  }

  async #restart(): Promise<void> {
    const instance = this.#instance;
    const { clock, endpoint } = instance;
    const t0Ns = clock.nowNs();
    this.#parameters.onT0?.(t0Ns);
    const sessions = endpoint.sessions;
    this.#fates.present(sessions);
    await endpoint.setState('refusing');
    for (const session of sessions) this.#fates.drop(session, 'rebooted');
    this.#cluster.tell(shutDown, instance);
    await instance.stopServer('fast');
    await this.#waitUntil(t0Ns, this.#duration('refusedMs'));
    await endpoint.setState('starting-up');
    const startingNs = clock.nowNs();
    await instance.startServer({ standby: instance.role !== 'writer' });
    if (this.#isReplica && !instance.parameters.group.values.has('read_only'))
      await instance.member.refuseWrites();
    await this.#waitUntil(startingNs, this.#duration('startingUpMs'));
  }

  /** Read-only unless its parameter group says otherwise: RDS's default is {TrueIfReplica}. */
  get #isReplica(): boolean {
    return this.#cluster.followers.sourceOf(this.#instance) !== undefined;
  }

  #duration(name: string): number {
    const full = `rds.reboot.${name}`;
    const valueMs = drawn(this.#parameters.durations, full);
    this.#cluster.tellDuration(full, valueMs);
    return valueMs;
  }

  /** An abort only skips waiting: the instance must be left usable. */
  async #waitUntil(fromNs: number, afterMs: number): Promise<void> {
    const { clock } = this.#instance;
    const leftMs = afterMs - (clock.nowNs() - fromNs) / 1e6;
    await clock.sleep(Math.max(0, leftMs), this.#signal).catch(() => {});
  }
}
