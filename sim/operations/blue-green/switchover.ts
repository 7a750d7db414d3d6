/**
 * A switchover, step by step (AmazonRDS UserGuide/blue-green-deployments-switching.html,
 * AuroraUserGuide/blue-green-deployments-switching.html): guardrails; writes stop on both sides;
 * connections are dropped and refused; green gets what it lacks; names change; connections are
 * allowed, then writes. Whatever stops it before the names change, its own timeout too, rolls
 * everything back. Servers, replication and refusals are real, lengths of time are modelled.
 */
import type { SwitchOverBlueGreenDeploymentParameters } from '../../sim.js';
import { drawn } from '../../timing.js';
import { messageOf } from '../../user-error.js';
import { OperationFailed } from '../job.js';
import type { World } from '../operation.js';
import type { Told } from '../told.js';
import { caughtUpMs, membersCaughtUp } from './catch-up.js';
import type { BlueGreenDeployment } from './deployment.js';
import { Doors } from './doors.js';
import { examine } from './examine.js';
import { guardrails, refusalOf } from './guardrails.js';
import * as say from './messages.js';
import { Names } from './names.js';
import { advanceAll, tellCounters } from './numbers.js';
import { endClients } from './rest.js';
import { Timeout } from './timeout.js';
import { allowWrites, refuseWrites } from './writes.js';

const promoteMsMax = 30_000;

/** Of a generation's own profile. */
type Waits = 'readOnlyMs' | 'refusedMs' | 'readsFirstMs' | 'staleDnsMs';

/** One switchover under way. */
export class Switchover {
  readonly #world: World;
  readonly #deployment: BlueGreenDeployment;
  readonly #parameters: SwitchOverBlueGreenDeploymentParameters;
  readonly #signal: AbortSignal;
  /** Aborts with the job, or where somebody stops the switchover alone. */
  readonly #stop: AbortSignal;
  readonly #doors: Doors;
  /** Whether blue is as it was before. */
  #isBack = true;

  constructor(
    world: World,
    deployment: BlueGreenDeployment,
    parameters: SwitchOverBlueGreenDeploymentParameters,
    signal: AbortSignal,
  ) {
    this.#world = world;
    this.#deployment = deployment;
    this.#parameters = parameters;
    this.#signal = signal;
    deployment.stop = new AbortController();
    this.#stop = AbortSignal.any([signal, deployment.stop.signal]);
    this.#doors = new Doors(deployment);
  }

  /**
   * Runs it to its end. Throws OperationFailed where green is not production then; blue is, as it
   * was before.
   */
  async run(): Promise<void> {
    const deployment = this.#deployment;
    deployment.become('SWITCHOVER_IN_PROGRESS');
    deployment.tell(say.started(deployment.named));
    try {
      void deployment.tellDrivers('SWITCHOVER_INITIATED');
      await this.#guard();
      await this.#untilGreenHasAll();
    } catch (error) {
      await this.#cancel(error);
    } finally {
      deployment.stop = null;
    }
    try {
      await this.#changePlaces();
    } catch (error) {
      await this.#doors.open();
      deployment.become('SWITCHOVER_FAILED');
      throw error;
    } finally {
      this.#setStatus('available');
    }
    await this.#finish();
  }

  /** Everything before anybody feels it. @throws OperationFailed where a guardrail refuses */
  async #guard(): Promise<void> {
    const { switchoverTimeoutMs, lagLimitMs, longWriteMs } = this.#parameters;
    await this.#world.clock.sleep(this.#duration('bg.switchover.initiatedMs'), this.#stop);
    const lagMs = lagLimitMs === 0 ? switchoverTimeoutMs : lagLimitMs;
    const limits = { lagMs, longMs: longWriteMs };
    const examined = await examine(this.#world, this.#deployment, limits, this.#stop);
    const checks = guardrails(examined);
    for (const check of checks) this.#deployment.blue.tellCheck(check);
    const refusal = refusalOf(checks);
    if (refusal !== null) throw new OperationFailed(`a guardrail (${refusal})`);
    if (this.#stop.aborted) throw this.#stop.reason;
  }

  /** T0: from the stop of writes on, whatever goes wrong is rolled back. */
  async #untilGreenHasAll(): Promise<void> {
    const { clock } = this.#world;
    const t0Ns = clock.nowNs();
    const timeout = new Timeout(clock, this.#parameters.switchoverTimeoutMs, this.#stop);
    this.#parameters.onT0?.(t0Ns);
    try {
      this.#setStatus('modifying');
      void this.#deployment.tellDrivers('SWITCHOVER_IN_PROGRESS');
      this.#tellMembers(say.memberStarted);
      const { blue, green } = this.#deployment;
      await timeout.during(refuseWrites(blue.writerInstance));
      await timeout.during(refuseWrites(green.writerInstance));
      await timeout.until(t0Ns, this.#own('readOnlyMs'));
      await this.#refuseAll(timeout);
    } catch (error) {
      await this.#rollBack();
      throw error;
    } finally {
      timeout.end();
    }
  }

  /** Nobody is let in until green has all that blue has, and is a server of its own. */
  async #refuseAll(timeout: Timeout): Promise<void> {
    const { blue, green } = this.#deployment;
    const { signal } = timeout;
    const refusedNs = this.#world.clock.nowNs();
    await this.#doors.shut();
    const instances = [...blue.instances, ...green.instances];
    await timeout.during(endClients(this.#world, instances, signal));
    await caughtUpMs(this.#world, this.#deployment, Number.POSITIVE_INFINITY, signal);
    await membersCaughtUp(green, signal);
    await timeout.during(advanceAll(this.#deployment));
    await timeout.until(refusedNs, this.#own('refusedMs'));
    // What is modelled of the rest counts too, though nothing could be rolled back by then.
    await timeout.requireMs(drawn(this.#parameters.durations, this.#nameOf('readsFirstMs')));
    await blue.followers.promote(green.writerInstance, promoteMsMax);
    // That lets a MySQL take writes.
    await refuseWrites(green.writerInstance);
  }

  /** The point of no return: green has blue's names. An abort only skips waiting from here on. */
  async #changePlaces(): Promise<void> {
    const deployment = this.#deployment;
    const { blue, green } = deployment;
    const { clock } = this.#world;
    const staleDnsMs = this.#own('staleDnsMs');
    deployment.changePlaces(this.#world.clusters);
    green.writerInstance.isRetired = true;
    const names = new Names([blue, green], staleDnsMs);
    await names.change();
    await this.#doors.open();
    void deployment.tellDrivers('SWITCHOVER_IN_POST_PROCESSING');
    const openedNs = clock.nowNs();
    const after = async (waitMs: number): Promise<void> => {
      const leftMs = waitMs - (clock.nowNs() - openedNs) / 1e6;
      await clock.sleep(Math.max(0, leftMs), this.#signal).catch(() => {});
    };
    await Promise.all([
      after(staleDnsMs).then(() => names.settle()),
      after(this.#own('readsFirstMs')).then(() => allowWrites(blue.writerInstance)),
    ]);
  }

  async #finish(): Promise<void> {
    const deployment = this.#deployment;
    const { blue, oldName } = deployment;
    this.#tellMembers((kind, named) =>
      say.memberCompleted(kind, named, named.blue.replace(blue.identifier, oldName)),
    );
    await tellCounters(blue);
    const finishMs = this.#duration('bg.switchover.finishMs');
    await this.#world.clock.sleep(finishMs, this.#signal).catch(() => {});
    await deployment.tellDrivers('SWITCHOVER_COMPLETED');
    deployment.become('SWITCHOVER_COMPLETED');
    deployment.tell(say.completed);
    if (this.#signal.aborted) throw this.#signal.reason;
  }

  /** Blue takes connections and writes as before; green goes on following. */
  async #rollBack(): Promise<void> {
    const { blue } = this.#deployment;
    try {
      await allowWrites(blue.writerInstance);
    } catch (error) {
      this.#isBack = false;
      blue.note('error', 'not-rolled-back', `blue takes no writes: ${messageOf(error)}`);
    }
    await this.#doors.open();
    this.#setStatus('available');
  }

  async #cancel(error: unknown): Promise<never> {
    const deployment = this.#deployment;
    const reason = messageOf(error).replace(/\.$/, '');
    this.#tellMembers((kind, named) => say.memberCanceled(kind, named, reason));
    deployment.tell(say.canceled);
    await deployment.tellDrivers('AVAILABLE');
    deployment.become(this.#isBack ? 'AVAILABLE' : 'SWITCHOVER_FAILED');
    if (this.#signal.aborted) throw this.#signal.reason;
    const now = this.#isBack ? 'blue takes writes' : 'blue takes no writes';
    throw new OperationFailed(`canceled due to ${reason}; ${now}`);
  }

  /** Of Aurora the cluster; of RDS the primary and each read replica. */
  #tellMembers(text: (kind: say.MemberKind, named: say.Named) => Told): void {
    for (const { kind, named } of this.#deployment.members)
      this.#deployment.tell(text(kind, named));
  }

  #setStatus(status: 'modifying' | 'available'): void {
    const { blue, green } = this.#deployment;
    for (const record of [blue, green])
      record.setStatus(status, { status, instances: record.instances });
  }

  #nameOf(name: Waits): string {
    return `bg.switchover.${this.#parameters.generation}.${name}`;
  }

  #own(name: Waits): number {
    return this.#duration(this.#nameOf(name));
  }

  #duration(name: string): number {
    const valueMs = drawn(this.#parameters.durations, name);
    this.#deployment.blue.tellDuration(name, valueMs);
    return valueMs;
  }
}
