/**
 * A failover of an Aurora cluster to one of its readers
 * (AuroraUserGuide/Concepts.AuroraHighAvailability.html), and of an RDS Multi-AZ instance to its
 * standby (AmazonRDS UserGuide/Concepts.MultiAZ.Failover.html). The writer is really killed and
 * another server really promoted; how long clients feel it is modelled. Of an Aurora cluster only
 * the old writer and the promoted reader restart, and the old writer comes back as a reader at its
 * old address: who still has that address in a cache gets errors of a read-only server.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Instance } from '../../cluster/instance.js';
import type { FailoverParameters } from '../../sim.js';
import { drawn } from '../../timing.js';
import { messageOf } from '../../user-error.js';
import { Fates } from '../fates.js';
import { OperationFailed } from '../job.js';
import type { Told } from '../told.js';
import { restarted, shutDown } from '../zero-downtime-patch/messages.js';
import { Doors } from './doors.js';
import { type Kind, kindOf, profileOf, roleOfPartner } from './kind.js';
import * as say from './messages.js';
import { type Pair, promoteAgain, promoteTarget, rejoin } from './promotion.js';
import { type FailoverReason, failoverReasons } from './reasons.js';

/** When each cluster's last Multi-AZ failover ended, nanoseconds on its clock. */
const lastOf = new WeakMap<ClusterRecord, number>();

/** One failover under way. */
export class Failover {
  readonly #cluster: ClusterRecord;
  readonly #parameters: FailoverParameters;
  readonly #signal: AbortSignal;
  readonly #kind: Kind;
  readonly #pair: Pair;
  readonly #fates: Fates<FailoverReason>;
  readonly #doors: Doors;
  #t0Ns = 0;
  /** What did not go as it is meant to, although the cluster can be used. */
  #failure: string | undefined;

  constructor(
    cluster: ClusterRecord,
    target: Instance,
    parameters: FailoverParameters,
    signal: AbortSignal,
  ) {
    this.#cluster = cluster;
    this.#parameters = parameters;
    this.#signal = signal;
    this.#kind = kindOf(cluster);
    this.#pair = { cluster, old: cluster.writerInstance, target };
    this.#fates = new Fates(cluster, (reason) => failoverReasons[reason]);
    this.#doors = new Doors(this.#fates, parameters.fencing);
  }

  /** Runs it to its end. Throws OperationFailed where the target is not the writer afterwards. */
  async run(): Promise<void> {
    const cluster = this.#cluster;
    const { instances } = cluster;
    this.#abandonIfTooSoon();
    const isRequested = this.#parameters.cause === 'requested';
    const during = this.#kind === 'multi-az' && isRequested ? 'rebooting' : 'available';
    cluster.setStatus('failing-over', { status: during, instances });
    try {
      await this.#begin();
      await this.#failOver();
      await this.#finish();
    } finally {
      if (cluster.serverRuns) cluster.setStatus('available', { status: 'available', instances });
    }
  }

  /** A user's second failover soon after another one does not take place. */
  #abandonIfTooSoon(): void {
    const { clock } = this.#cluster;
    if (this.#kind !== 'multi-az' || this.#parameters.cause !== 'requested') return;
    const againMs = this.#duration('againMs');
    const lastNs = lastOf.get(this.#cluster);
    if (lastNs === undefined || clock.nowNs() - lastNs > againMs * 1e6) return;
    this.#cluster.tell(say.abandoned);
    throw new OperationFailed(`abandoned (RDS-EVENT-0034): ${say.abandoned.message}`);
  }

  /** Everything before a session is touched. */
  async #begin(): Promise<void> {
    const { target } = this.#pair;
    const isAurora = this.#kind === 'aurora';
    if (isAurora) this.#tell(say.started(target.identifier, this.#parameters.zone ?? 'cross'));
    if (this.#parameters.cause === 'requested')
      await this.#cluster.clock.sleep(this.#duration('precheckMs'), this.#signal);
    if (this.#signal.aborted) throw this.#signal.reason;
    if (!isAurora) this.#tell(say.multiAzStarted);
  }

  async #failOver(): Promise<void> {
    try {
      await this.#changePlaces();
    } catch (error) {
      if (!(error instanceof OperationFailed)) await this.#openWhatRuns();
      throw error;
    } finally {
      this.#fates.settle();
    }
  }

  async #changePlaces(): Promise<void> {
    const { old, target } = this.#pair;
    this.#t0Ns = this.#cluster.clock.nowNs();
    this.#parameters.onT0?.(this.#t0Ns);
    const others = this.#cluster.followers.of(old).filter((one) => one !== target);
    try {
      await this.#doors.fence(old);
      await old.stopServer('kill');
      if (this.#kind === 'aurora') await this.#closeTarget();
      if (this.#parameters.targetFails === true) await target.stopServer('kill');
      await promoteTarget(this.#pair);
    } catch (error) {
      await this.#goBack(others, error);
    }
    [old.role, target.role] = [roleOfPartner(this.#kind), 'writer'];
    for (const one of others) await this.#follow(one, target);
    const isBack = this.#rejoined();
    if (this.#kind === 'aurora') await this.#comeUp(isBack);
    else await this.#takeOver(isBack);
  }

  async #closeTarget(): Promise<void> {
    const { target } = this.#pair;
    this.#tell(shutDown, target);
    await this.#doors.close(target);
    await this.#leadReaders();
  }

  /** The two come up in their new roles; the writer name leads to the old one for a while. */
  async #comeUp(isBack: Promise<boolean>): Promise<void> {
    const { old, target } = this.#pair;
    await this.#waitUntil(this.#t0Ns, this.#duration('refusedMs'));
    await this.#startUp([old, target]);
    await this.#doors.open(target);
    this.#tell(restarted, target);
    this.#tell(say.newWriter, old);
    const readyNs = this.#cluster.clock.nowNs();
    const staleMs = this.#duration('staleDnsMs');
    if (staleMs === 0) await this.#cluster.leadWritersTo(target);
    const opened = this.#openOld(isBack);
    await this.#waitUntil(readyNs, staleMs);
    if (staleMs > 0) await this.#cluster.leadWritersTo(target);
    await opened;
  }

  /** The writer before is a reader now. */
  async #openOld(isBack: Promise<boolean>): Promise<void> {
    const { old } = this.#pair;
    if (await isBack) await this.#doors.open(old);
    else await this.#doors.shut(old);
    await this.#leadReaders();
  }

  /** The standby answers where nobody looks for it yet; then the name leads there. */
  async #takeOver(isBack: Promise<boolean>): Promise<void> {
    const { target } = this.#pair;
    await this.#waitUntil(this.#t0Ns, this.#duration('awayMs'));
    await this.#doors.open(target);
    this.#tell(restarted, target);
    await this.#waitUntil(this.#cluster.clock.nowNs(), this.#duration('staleDnsMs'));
    await this.#cluster.leadWritersTo(target);
    await this.#leadReaders();
    await isBack;
    lastOf.set(this.#cluster, this.#cluster.clock.nowNs());
  }

  async #rejoined(): Promise<boolean> {
    try {
      await rejoin(this.#pair);
      return true;
    } catch (error) {
      this.#failure = `${this.#pair.old.identifier} did not come back: ${messageOf(error)}`;
      return false;
    }
  }

  /** @throws OperationFailed always: the target is not the writer */
  async #goBack(others: readonly Instance[], error: unknown): Promise<never> {
    const { old, target } = this.#pair;
    const why = `${target.identifier} did not take over: ${messageOf(error)}`;
    const [first, last] =
      this.#kind === 'aurora'
        ? [[say.failed, say.previousAgain(old.identifier)], []]
        : [[say.activationStarted], [say.activationCompleted]];
    for (const told of first) this.#tell(told, old);
    try {
      await promoteAgain(this.#pair);
    } catch (second) {
      throw new OperationFailed(`${why} Then: ${messageOf(second)}`);
    }
    for (const one of others) await this.#follow(one, old);
    await this.#waitForPrevious(old);
    await this.#doors.open(old);
    this.#tell(restarted, old);
    for (const told of last) this.#tell(told, old);
    await this.#bringBack(target, old);
    throw new OperationFailed(`${why} ${old.identifier} is the writer again.`);
  }

  /** The target that did not take over follows the writer again, where it can. */
  async #bringBack(target: Instance, writer: Instance): Promise<void> {
    try {
      await target.startServer({ standby: true });
      await this.#cluster.followers.follow(target, writer);
    } catch (error) {
      const text = `${target.identifier} is away: ${messageOf(error)}`;
      this.#cluster.note('warning', 'member-away', text);
      return;
    }
    if (this.#kind !== 'aurora') return;
    await this.#doors.open(target);
    await this.#leadReaders();
  }

  async #follow(reader: Instance, writer: Instance): Promise<void> {
    try {
      await this.#cluster.followers.follow(reader, writer);
    } catch (error) {
      const text = `${reader.identifier} does not follow ${writer.identifier}: ${messageOf(error)}`;
      this.#cluster.note('warning', 'not-followed', text);
    }
  }

  /** The readers' name leads to a reader that can be used, else to the writer. */
  async #leadReaders(): Promise<void> {
    const name = this.#cluster.name('reader');
    const usable = this.#cluster.readers.filter(
      (one) => one.serverRuns && one.endpoint.admitting && one.endpoint.state === 'open',
    );
    if (usable.some(({ endpoint }) => endpoint === name.endpoint)) return;
    const writer = this.#cluster.writerInstance;
    const next = usable[0] ?? (writer.endpoint.state === 'open' ? writer : undefined);
    if (next !== undefined && next.endpoint !== name.endpoint) await name.leadTo(next.endpoint);
  }

  async #finish(): Promise<void> {
    const { old, target } = this.#pair;
    const { clock } = this.#cluster;
    await clock.sleep(this.#duration('finishMs'), this.#signal).catch(() => {});
    if (this.#kind === 'aurora') {
      this.#tell(say.completed(target.identifier));
      if (old.serverRuns) this.#tell(restarted, old);
    } else {
      await this.#doors.shut(old);
      this.#tell(say.multiAzCompleted, target);
      this.#tell(this.#whyMultiAz(), target);
    }
    if (this.#failure !== undefined) throw new OperationFailed(this.#failure);
    if (this.#signal.aborted) throw this.#signal.reason;
  }

  #whyMultiAz(): Told {
    const { requested, unhealthy, unreachable } = say.multiAzReasons;
    if (this.#parameters.cause === 'requested') return requested;
    return this.#parameters.fencing === 'black-hole' ? unreachable : unhealthy;
  }

  #tell(told: Told, instance?: Instance): void {
    this.#cluster.tell(told, instance);
  }

  /** It comes up as it would have in its new role. */
  async #waitForPrevious(old: Instance): Promise<void> {
    if (this.#kind === 'multi-az') return this.#waitUntil(this.#t0Ns, this.#duration('awayMs'));
    await this.#waitUntil(this.#t0Ns, this.#duration('refusedMs'));
    await this.#startUp([old]);
  }

  /** As long as it is drawn, however long the servers took until then. */
  async #startUp(instances: readonly Instance[]): Promise<void> {
    const beginNs = this.#cluster.clock.nowNs();
    for (const one of instances) await this.#doors.startUp(one);
    await this.#waitUntil(beginNs, this.#duration('startingUpMs'));
  }

  /** Something of ours gave way: whoever has a server can be reached all the same. */
  async #openWhatRuns(): Promise<void> {
    const { writerInstance, instances } = this.#cluster;
    for (const one of instances)
      if (one.serverRuns && one.role !== 'standby') await this.#doors.open(one).catch(() => {});
    await this.#cluster.leadWritersTo(writerInstance).catch(() => {});
  }

  #duration(name: string): number {
    const full = `${profileOf(this.#cluster)}.${name}`;
    const valueMs = drawn(this.#parameters.durations, full);
    this.#cluster.tellDuration(full, valueMs);
    return valueMs;
  }

  /** From T0 on an abort only skips waiting: the cluster must be left usable. */
  async #waitUntil(fromNs: number, afterMs: number): Promise<void> {
    const { clock } = this.#cluster;
    const leftMs = afterMs - (clock.nowNs() - fromNs) / 1e6;
    await clock.sleep(Math.max(0, leftMs), this.#signal).catch(() => {});
  }
}
