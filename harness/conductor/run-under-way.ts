/** One run under way: the cluster, its operation and its phases, step by step. */
import type { Cluster, Job, Sim } from '../../sim/sim.js';
import { messageOf } from '../../sim/user-error.js';
import { formatDuration } from '../duration.js';
import { note } from '../history/record.js';
import type { RunContext, RunEnd } from '../run.js';
import type { StartStep, Step } from '../scenario.js';
import { instanceCount } from '../topology.js';
import { allOf, createClusters, type RunClusters } from './clusters.js';
import { noteDatabase } from './database.js';
import { type FaultTimeline, faultTimeline } from './fault-timeline.js';
import { instrumentsPlan, serverTarget, writeTimeoutMs } from './instruments-plan.js';
import { operationParameters } from './operation-parameters.js';
import { type Phases, phases } from './phases.js';
import { Rollback } from './rollback.js';
import { examiningMs } from './session-numbers.js';
import { unlessStopped } from './unless-stopped.js';

/** How much longer than its drawn durations an operation may take before it is given up. */
const operationGraceMs = 180_000;
const finishGraceMs = 30_000;

export class RunUnderWay {
  readonly #context: RunContext;
  readonly #phases: Phases;
  readonly #rollback: Rollback;
  #sim: Promise<Sim> | undefined;
  /** The latest of each operation. */
  readonly #jobs = new Map<string, Job>();
  #takeBack: () => void = () => undefined;
  #reachedT0 = false;
  /** Why the operation did not take place, or did not succeed. */
  #trouble: string | null = null;

  constructor(context: RunContext) {
    this.#context = context;
    this.#phases = phases(context.record);
    this.#rollback = new Rollback(context);
  }

  /** @throws the stop signal's reason, a UserError, or a defect */
  async run(): Promise<RunEnd> {
    const { plan, clock, stop, instruments, instrumentsHistory } = this.#context;
    this.#phases.enter('start', clock.nowNs());
    this.#sim = this.#context.makeSim();
    const sim = await unlessStopped(stop, this.#sim);
    const clusters = await createClusters(this.#context, sim);
    const cluster = clusters.primary;
    noteDatabase(this.#context, cluster);
    await this.#recordServers(clusters, 'before');
    const { prepareSchema } = this.#context;
    await unlessStopped(stop, prepareSchema(serverTarget(cluster), cluster.instrument.user));
    const wanted = instrumentsPlan(plan, clusters, clock.anchor);
    await unlessStopped(stop, instruments.start(wanted, instrumentsHistory));
    this.#takeBack = this.#context.onCluster(cluster);
    const faults = this.#faults(cluster);
    try {
      await this.#goThrough(sim, clusters, faults);
    } finally {
      void faults.end();
      for (const job of this.#jobs.values()) job.abort('the run has ended');
      this.#phases.leave(clock.nowNs());
    }
    return { completed: this.#trouble === null, reason: this.#trouble };
  }

  /** Ends the world. Never rejects for what kept it from being made. */
  async close(): Promise<void> {
    this.#takeBack();
    const sim = await this.#sim?.catch(() => undefined);
    await sim?.close();
  }

  async #goThrough(sim: Sim, clusters: RunClusters, faults: FaultTimeline): Promise<void> {
    const { plan, clock } = this.#context;
    faults.begin(plan.expectedT0Ms);
    for (const phase of plan.phases) {
      // The phase at T0 is entered by the operation itself, at its own instant, or never.
      if (phase.t0 !== true) this.#phases.enter(phase.name, clock.nowNs());
      else if (!this.#reachedT0) continue;
      for (const step of phase.steps) await this.#do(step, sim, clusters, faults);
    }
  }

  async #do(step: Step, sim: Sim, clusters: RunClusters, faults: FaultTimeline): Promise<void> {
    const { clock, stop } = this.#context;
    const cluster = clusters.primary;
    switch (step.step) {
      case 'wait':
        return clock.sleep(step.durationMs, stop);
      case 'fault': {
        const fault = cluster.injectFault(step.fault);
        await clock.sleep(step.durationMs, stop).finally(() => void fault.end());
        return unlessStopped(stop, fault.end());
      }
      case 'start':
        return this.#start(step, sim, cluster, faults);
      case 'finish':
        return this.#finish(step.operation);
      case 'snapshot':
        return this.#rollback.snapshot(cluster);
      case 'restore':
        return this.#rollback.restore(sim);
      case 'verify':
        await unlessStopped(stop, faults.end());
        this.#tellNotBegun(faults);
        return this.#verify(clusters);
    }
  }

  /** Asks for the operation and waits for T0, or for its end where it never gets there. */
  async #start(step: StartStep, sim: Sim, cluster: Cluster, faults: FaultTimeline): Promise<void> {
    const { plan, stop } = this.#context;
    const { operation } = step;
    const t0Phase = plan.phases.find((phase) => phase.t0 === true)?.name ?? operation;
    let atT0: () => void = () => undefined;
    const t0 = new Promise<void>((resolve) => {
      atT0 = resolve;
    });
    let touched = false;
    const parameters = operationParameters(plan, step, cluster.identifier, (atNs) => {
      touched = true;
      // One operation after the other may be started: a run has one T0 all the same.
      if (!this.#reachedT0) {
        this.#reachedT0 = true;
        this.#phases.enter(t0Phase, atNs, true);
        faults.t0();
      }
      atT0();
    });
    const answer = sim.start(operation, parameters);
    if (answer.fault !== undefined) {
      const { code, message } = answer.fault;
      this.#trouble = `${operation} was refused, so it was not measured: ${code}: ${message}`;
      return;
    }
    this.#jobs.set(operation, answer.job);
    await unlessStopped(stop, Promise.race([t0, this.#ended(answer.job)]));
    if (!touched) this.#takeEnd(operation, await answer.job.finished);
  }

  async #finish(operation: string): Promise<void> {
    const job = this.#jobs.get(operation);
    if (job === undefined) return;
    await unlessStopped(this.#context.stop, this.#ended(job));
    this.#takeEnd(job.operation, await job.finished);
  }

  /** Waits for the job's end; one that takes far too long is asked to stop. */
  async #ended(job: Job): Promise<void> {
    const { plan, clock, record } = this.#context;
    const drawnMs = plan.durations.reduce((sum, { value }) => sum + value, 0);
    // At worst it goes through all of them with one instance after the other.
    const limitMs = drawnMs * instanceCount(plan.topology) + operationGraceMs;
    const timer = clock.timer(limitMs, () => {
      const text = `${job.operation} did not end within ${formatDuration(limitMs)}`;
      note(record, clock, 'error', 'operation-late', text);
      job.abort(text);
    });
    await job.finished;
    timer.cancel();
  }

  #takeEnd(operation: string, end: { status: string; reason: string | null }): void {
    if (end.status !== 'succeeded')
      this.#trouble = `${operation} ${end.status}${end.reason === null ? '' : `: ${end.reason}`}`;
  }

  async #verify(clusters: RunClusters): Promise<void> {
    const { plan, instruments } = this.#context;
    // An attempt may hang until its own time-out, and so may the last check after it.
    const attemptMsMax = Math.max(...plan.lanes.map(({ spec }) => spec.timeoutMs), writeTimeoutMs);
    await instruments.finish(2 * attemptMsMax + examiningMs(plan) + finishGraceMs);
    await instruments.readback(serverTarget(clusters.primary));
    try {
      await this.#recordServers(clusters, 'after');
    } catch (error) {
      // A server that is away is a finding; what kept the operation from its end is told first.
      this.#trouble ??= `the server was away when it was verified: ${messageOf(error)}`;
    }
  }

  /** The primary's first: it is the one that a report names. */
  async #recordServers(clusters: RunClusters, when: 'before' | 'after'): Promise<void> {
    for (const cluster of allOf(clusters)) await this.#recordServer(cluster, when);
  }

  async #recordServer(cluster: Cluster, when: 'before' | 'after'): Promise<void> {
    const { plan, clock, record } = this.#context;
    const { version, versionText } = await cluster.serverVersion();
    record({
      atNs: clock.nowNs(),
      clock: 'engine',
      kind: 'run',
      subject: { cluster: cluster.identifier },
      data: { stage: 'server', when, version, versionText, provider: plan.servers.provider },
    });
    const expected = when === 'before' ? plan.servers.from : plan.servers.to;
    if (isOrIsPatchOf(version, expected) || this.#trouble !== null) return;
    const text = `the server says that it is ${version}, where ${expected} was expected`;
    note(record, clock, 'error', 'server-version', text);
  }

  /** What was asked for and did not happen was not rehearsed: nothing can pass. */
  #tellNotBegun({ notBegun }: FaultTimeline): void {
    const { clock, record } = this.#context;
    if (this.#trouble !== null) return;
    for (const { text } of notBegun) {
      const what = `the fault ${text} never began: the run had ended before its time`;
      note(record, clock, 'error', 'fault-not-begun', what);
    }
  }

  #faults(cluster: Cluster): FaultTimeline {
    const { plan, clock, record } = this.#context;
    return faultTimeline(
      plan.faults,
      clock,
      (fault) => cluster.injectFault(fault),
      (fault, error) =>
        note(record, clock, 'error', 'fault-failed', `${fault.text}: ${messageOf(error)}`),
    );
  }
}

/** Whether a server's version is the expected one, which may name a series: `10.11`. */
function isOrIsPatchOf(version: string, expected: string): boolean {
  return version === expected || version.startsWith(`${expected}.`);
}
