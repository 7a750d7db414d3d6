/**
 * The zero-downtime patch of an Aurora writer, as AWS documents it
 * (AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.MinorUpgrade.html and
 * AuroraUserGuide/AuroraMySQL.Updates.ZDP.html) and as the one published probe of it shows it: new
 * connections are turned away, then succeed, while preserved sessions only wait. The engine
 * restart inside is real; the length is modelled.
 */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { Session } from '../../endpoint/session.js';
import { sessionKindOf } from '../../endpoint/session-kind.js';
import type { ZeroDowntimePatchParameters } from '../../sim.js';
import { drawn } from '../../timing.js';
import { messageOf } from '../../user-error.js';
import { Fates } from '../fates.js';
import { OperationFailed } from '../job.js';
import { eachOf } from './each-of.js';
import { atOnceMax, type Carried, type Edition, type Loss } from './edition.js';
import { editionOf } from './edition-of.js';
import * as say from './messages.js';
import { seekQuietPoint } from './quiet-point.js';
import { type DropReason, dropDetail } from './reasons.js';

/** No engine could be started over the data. */
class EngineLost extends Error {}

/** One patch under way. */
export class ZeroDowntimePatch {
  readonly #cluster: ClusterRecord;
  readonly #parameters: ZeroDowntimePatchParameters;
  readonly #signal: AbortSignal;
  readonly #fromAws: string;
  readonly #fates: Fates<DropReason>;
  readonly #edition: Edition;
  #t0Ns = 0;
  /** Why the cluster is not patched although it runs. */
  #failure: string | undefined;

  constructor(
    cluster: ClusterRecord,
    parameters: ZeroDowntimePatchParameters,
    signal: AbortSignal,
  ) {
    this.#cluster = cluster;
    this.#parameters = parameters;
    this.#signal = signal;
    this.#fromAws = cluster.awsVersion;
    this.#fates = new Fates(cluster, (reason) => dropDetail(reason, cluster.engine));
    this.#edition = editionOf(cluster, parameters);
  }

  /** Runs it to its end. Throws OperationFailed where the cluster is not patched afterwards. */
  async run(): Promise<void> {
    const cluster = this.#cluster;
    cluster.setStatus('upgrading');
    try {
      await this.#prepare();
      await this.attempt();
      await this.#complete();
    } finally {
      cluster.setStatus(cluster.serverRuns ? 'available' : 'upgrade_failed');
    }
  }

  /**
   * The attempt alone, as a part of a larger upgrade: from "attempting" to the cluster's being
   * online. Throws OperationFailed where the cluster is not patched afterwards.
   */
  async attempt(): Promise<void> {
    const { ending } = this.#edition;
    if (this.#signal.aborted) throw this.#signal.reason;
    for (const told of this.#edition.begun) this.#cluster.tell(told);
    await this.#patch();
    for (const told of ending.online) this.#cluster.tell(told);
    if (this.#failure !== undefined) throw new OperationFailed(this.#failure);
    for (const told of ending.patched) this.#cluster.tell(told);
  }

  /** Everything before the attempt; no session is touched. */
  async #prepare(): Promise<void> {
    const cluster = this.#cluster;
    cluster.tell(say.clusterRemainsOnline);
    const isPending = cluster.pendingParameters.length > 0;
    const looked = this.#edition.runbook?.before() ?? Promise.resolve([]);
    if (!isPending) await cluster.clock.sleep(this.#duration('precheckMs'), this.#signal);
    for (const check of await looked) cluster.tellCheck(check);
    refusePending(cluster);
  }

  async #patch(): Promise<void> {
    const { endpoint } = this.#cluster;
    try {
      await this.#touchSessions();
    } catch (error) {
      await this.#recover(error);
    } finally {
      endpoint.onSessionWhileHolding(undefined);
      endpoint.admitting = true;
      this.#fates.settle();
    }
  }

  async #touchSessions(): Promise<void> {
    const { clock, endpoint } = this.#cluster;
    this.#t0Ns = clock.nowNs();
    this.#parameters.onT0?.(this.#t0Ns);
    const atT0 = endpoint.sessions;
    await endpoint.setState('refusing');
    const found = await seekQuietPoint({
      clock,
      endpoint,
      edition: this.#edition,
      deadlineMs: this.#duration('quietPointMs'),
      drop: this.#fates.drop,
    });
    endpoint.admitting = false;
    this.#fates.present([...atT0, ...endpoint.sessions]);
    const { lateSessions } = this.#parameters;
    if (this.#parameters.defects.includes('zdp-fallback')) await this.#restart('zdp-failed');
    else if (found.busy.length > 0 && lateSessions === 'restart')
      await this.#restart('no-quiet-point');
    else {
      await this.#endLate(found.busy);
      await this.#handOver();
    }
  }

  /** Those still busy at the deadline, where that does not mean an ordinary restart. */
  async #endLate(busy: readonly Session[]): Promise<void> {
    const cancel = busy.length > 0 && this.#parameters.lateSessions === 'cancel';
    if (cancel) await this.#edition.cancel(busy);
    for (const session of busy) {
      if (session.state === 'running') this.#fates.drop(session, cancel ? 'not-cancelled' : 'late');
    }
  }

  /** Something gave way with sessions in our hands: nobody is left hanging, and it is told. */
  async #recover(error: unknown): Promise<never> {
    const cluster = this.#cluster;
    const why = messageOf(error);
    const reason = error instanceof EngineLost ? 'engine-did-not-start' : 'operation-failed';
    for (const session of cluster.endpoint.sessions) this.#fates.drop(session, reason, why);
    if (!cluster.serverRuns) await cluster.writerInstance.startServer().catch(() => {});
    const state = cluster.serverRuns ? 'open' : 'refusing';
    cluster.endpoint.admitting = true;
    await cluster.endpoint.setState(state).catch(() => {});
    throw new OperationFailed(why);
  }

  /** The way it is meant to go: sessions parked, engine replaced, sessions re-attached. */
  async #handOver(): Promise<void> {
    const { clock, endpoint } = this.#cluster;
    const parked = endpoint.sessions.filter((session) => session.state === 'parked');
    const carried = await this.#edition.examine(parked, this.#fates.drop);
    for (const { session } of carried) session.detach();
    const startingUpNs = await this.#replaceEngine(this.#edition.success);
    const attached = await this.#attachAll(carried);
    await this.#waitUntil(startingUpNs + this.#duration('startingUpMs') * 1e6);
    const hangs = this.#parameters.defects.includes('zdp-hang');
    for (const session of attached) this.#release(session, hangs);
    endpoint.admitting = true;
    await endpoint.setState('open');
    const startupUs = Math.round((clock.nowNs() - startingUpNs) / 1e3);
    for (const told of this.#edition.started(startupUs)) this.#cluster.tell(told);
    this.#tellFinished();
  }

  /** Re-attaches and restores the sessions; returns those that made it. */
  async #attachAll(carried: readonly Carried[]): Promise<Session[]> {
    const attached: Session[] = [];
    await eachOf(carried, atOnceMax, async (one) => {
      const { session } = one;
      const end = await one.attach().catch((error: unknown) => ({
        failure: messageOf(error),
        lost: [],
      }));
      if (session.state === 'closed') return;
      if (end.failure !== null) this.#fates.drop(session, 'transfer-failed', end.failure);
      else attached.push(session);
      if (end.failure === null) this.#tellLosses(session, end.lost);
    });
    return attached;
  }

  /** The ordinary restart instead: every session is dropped. */
  async #restart(reason: DropReason): Promise<void> {
    const { clock, endpoint } = this.#cluster;
    for (const session of endpoint.sessions) this.#fates.drop(session, reason);
    this.#cluster.tell(say.shutDown);
    const profile = this.#edition.fallback;
    const startingUpNs = await this.#replaceEngine(profile);
    await this.#waitUntil(startingUpNs + this.#duration('startingUpMs', profile) * 1e6);
    endpoint.admitting = true;
    await endpoint.setState('open');
    this.#cluster.tell(say.restarted);
    const tookMs = Math.round((clock.nowNs() - this.#t0Ns) / 1e6);
    const text = `ordinary restart after ${tookMs} ms: ${dropDetail(reason, this.#cluster.engine)}`;
    this.#cluster.note('info', 'zdp-fallback', text);
    this.#tellFinished();
  }

  /**
   * Stops the old engine and starts the new one over the same data, while new connections are
   * refused and then told that the system is starting up.
   * @returns when the starting-up phase began
   */
  async #replaceEngine(profile: Edition['success'] | Edition['fallback']): Promise<number> {
    const { clock, endpoint } = this.#cluster;
    await this.#edition.beforeStop();
    await this.#cluster.writerInstance.stopServer();
    await this.#waitUntil(this.#t0Ns + this.#duration('refusedMs', profile) * 1e6);
    await endpoint.setState('starting-up');
    const startingUpNs = clock.nowNs();
    const from = this.#cluster.version;
    const to = this.#parameters.engineVersion;
    try {
      await this.#cluster.writerInstance.startServer({ version: to });
    } catch (error) {
      await this.#startAgain(from, to, error);
    }
    return startingUpNs;
  }

  /** @throws EngineLost where the old engine does not start either */
  async #startAgain(from: string, to: string, error: unknown): Promise<void> {
    try {
      await this.#cluster.writerInstance.startServer({ version: from });
    } catch (second) {
      throw new EngineLost(
        `neither engine ${to} nor ${from} started: ${messageOf(error)} Then: ${messageOf(second)}`,
      );
    }
    this.#failure = `engine ${to} did not start and ${from} runs again: ${messageOf(error)}`;
  }

  async #complete(): Promise<void> {
    const cluster = this.#cluster;
    for (const check of (await this.#edition.runbook?.after()) ?? []) cluster.tellCheck(check);
    await cluster.clock.sleep(this.#duration('finishMs'), this.#signal).catch(() => {});
    cluster.patchedTo(this.#parameters.awsVersion);
    const { ending } = this.#edition;
    for (const told of ending.complete(this.#fromAws, cluster.awsVersion)) cluster.tell(told);
    if (this.#signal.aborted) throw this.#signal.reason;
  }

  #release(session: Session, hangs: boolean): void {
    if (session.state === 'closed') return;
    if (hangs) session.hangOnce();
    session.release();
    this.#fates.preserve(session);
  }

  /** Our own instruments keep nothing that they would miss. */
  #tellLosses(session: Session, lost: readonly Loss[]): void {
    const { sessionKind, owner } = sessionKindOf(session.owner.applicationName);
    if (owner === 'instrument') return;
    this.#fates.lost(
      session,
      lost.flatMap(({ what, minor }) => (minor === true ? [] : [what])),
    );
    for (const { what, minor } of lost) {
      const text = `${session.id} (${sessionKind}) is preserved but has lost ${what}`;
      this.#cluster.note(minor === true ? 'info' : 'warning', 'state-lost', text);
    }
  }

  #tellFinished(): void {
    const { instance, clock } = this.#cluster;
    this.#fates.settle();
    if (this.#failure !== undefined) {
      this.#cluster.tell(say.rolledBack);
      return;
    }
    const { preserved, dropped } = this.#fates;
    const tookMs = Math.round((clock.nowNs() - this.#t0Ns) / 1e6);
    for (const source of ['cluster', 'instance'] as const)
      this.#cluster.tell(say.finished(source, instance, tookMs, preserved, dropped));
  }

  #duration(
    name: string,
    profile: Edition['success'] | Edition['fallback'] = this.#edition.success,
  ): number {
    const full = `${profile}.${name}`;
    const valueMs = drawn(this.#parameters.durations, full);
    this.#cluster.tellDuration(full, valueMs);
    return valueMs;
  }

  /** Once sessions are touched an abort only skips waiting: the cluster must be left usable. */
  async #waitUntil(atNs: number): Promise<void> {
    const { clock } = this.#cluster;
    await clock.sleep(Math.max(0, (atNs - clock.nowNs()) / 1e6), this.#signal).catch(() => {});
  }
}

/**
 * Changed parameters that wait for a reboot keep a cluster from being upgraded.
 * @throws OperationFailed where there are such, which is told
 */
export function refusePending(cluster: ClusterRecord): void {
  if (cluster.pendingParameters.length === 0) return;
  const names = cluster.pendingParameters.join(', ');
  cluster.tell(say.cannotBeUpgraded(`pending parameter changes: ${names}.`));
  throw new OperationFailed(`the precheck found pending parameter changes: ${names}`);
}
