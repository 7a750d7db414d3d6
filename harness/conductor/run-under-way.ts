/** One run under way: the cluster, its operation and its phases, step by step. */
import type { Cluster, Sim } from '../../sim/sim.js';
import { messageOf } from '../../sim/user-error.js';
import { note } from '../history/record.js';
import type { RunContext, RunEnd } from '../run.js';
import type { Phase } from '../scenario.js';
import { putThrough, throughConnection } from '../through/put-through.js';
import { allOf, createClusters, type RunClusters } from './clusters.js';
import { noteDatabase } from './database.js';
import { type FaultTimeline, faultTimeline } from './fault-timeline.js';
import { instrumentsPlan, isPrivileged, serverTarget, writeTimeoutMs } from './instruments-plan.js';
import { phases } from './phases.js';
import { Procedure } from './procedure.js';
import { examiningMs } from './session-numbers.js';
import { T0 } from './t0.js';
import { unlessStopped } from './unless-stopped.js';

const finishGraceMs = 30_000;

export class RunUnderWay {
  readonly #context: RunContext;
  #sim: Promise<Sim> | undefined;
  #takeBack: () => void = () => undefined;

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** @throws the stop signal's reason, a UserError, or a defect */
  async run(): Promise<RunEnd> {
    const { plan, clock, record, stop, instruments, instrumentsHistory } = this.#context;
    const told = phases(record);
    told.enter('start', clock.nowNs());
    this.#sim = this.#context.makeSim();
    const sim = await unlessStopped(stop, this.#sim);
    const clusters = await createClusters(this.#context, sim);
    const cluster = clusters.primary;
    noteDatabase(this.#context, cluster);
    await this.#recordServers(clusters, 'before', null);
    const { prepareSchema } = this.#context;
    await unlessStopped(stop, prepareSchema(serverTarget(cluster), cluster.instrument.user));
    if (isPrivileged(plan, cluster)) this.#notePrivileged(cluster);
    const address = await unlessStopped(stop, putThrough(this.#context, sim, cluster));
    const through = address === null ? null : throughConnection(cluster, address);
    const wanted = instrumentsPlan(plan, clusters, clock.anchor, through);
    await unlessStopped(stop, instruments.start(wanted, instrumentsHistory));
    this.#takeBack = this.#context.onCluster(cluster, address);
    const faults = this.#faults(cluster);
    const t0 = new T0(told, faults, plan.phases);
    const procedure = new Procedure({ run: this.#context, sim, clusters }, t0, async (trouble) => {
      await unlessStopped(stop, faults.end());
      this.#tellNotBegun(faults, trouble);
      return this.#verify(clusters, trouble);
    });
    try {
      faults.begin(plan.expectedT0Ms);
      for (const phase of plan.phases) await this.#goThrough(phase, t0, procedure);
    } finally {
      void faults.end();
      procedure.abort('the run has ended');
      told.leave(clock.nowNs());
    }
    const { trouble } = procedure;
    return { completed: trouble === null, reason: trouble };
  }

  /** Ends the world. Never rejects for what kept it from being made. */
  async close(): Promise<void> {
    this.#takeBack();
    const sim = await this.#sim?.catch(() => undefined);
    await sim?.close();
  }

  async #goThrough(phase: Phase, t0: T0, procedure: Procedure): Promise<void> {
    if (!t0.enter(phase, this.#context.clock.nowNs())) return;
    const { stop, instruments } = this.#context;
    const isCounted = phase.refusesWrites === true;
    const before = isCounted ? await unlessStopped(stop, instruments.acknowledged()) : null;
    for (const step of phase.steps) await procedure.take(step, phase.name);
    if (before === null) return;
    const after = await unlessStopped(stop, instruments.acknowledged());
    this.#tellWritten(phase.name, (after ?? before) - before);
  }

  /** A user that may write on a read-only server is not stopped by the window. */
  #tellWritten(phase: string, count: number): void {
    if (count <= 0) return;
    const { clock, record } = this.#context;
    const writes = count === 1 ? '1 write was' : `${count} writes were`;
    const text = `in ${phase}, where writes are refused, ${writes} acknowledged all the same`;
    note(record, clock, 'warning', 'written-while-refused', text);
  }

  /** @returns why the run counts as not completed, where it had not counted so before */
  async #verify(clusters: RunClusters, trouble: string | null): Promise<string | null> {
    const { plan, instruments } = this.#context;
    // An attempt may hang until its own time-out, and so may the last check after it.
    const attemptMsMax = Math.max(...plan.lanes.map(({ spec }) => spec.timeoutMs), writeTimeoutMs);
    await instruments.finish(2 * attemptMsMax + examiningMs(plan) + finishGraceMs);
    await instruments.readback(serverTarget(clusters.primary));
    try {
      await this.#recordServers(clusters, 'after', trouble);
      return trouble;
    } catch (error) {
      // A server that is away is a finding; what kept the operation from its end is told first.
      return trouble ?? `the server was away when it was verified: ${messageOf(error)}`;
    }
  }

  /** The primary's first: it is the one that a report names. */
  async #recordServers(
    clusters: RunClusters,
    when: 'before' | 'after',
    trouble: string | null,
  ): Promise<void> {
    for (const cluster of allOf(clusters)) await this.#recordServer(cluster, when, trouble);
  }

  async #recordServer(
    cluster: Cluster,
    when: 'before' | 'after',
    trouble: string | null,
  ): Promise<void> {
    const { plan, clock, record } = this.#context;
    const { version, versionText } = await cluster.serverVersion();
    record({
      atNs: clock.nowNs(),
      clock: 'engine',
      kind: 'run',
      subject: { cluster: cluster.identifier },
      data: { stage: 'server', when, version, versionText, provider: plan.servers.provider },
    });
    const expected = plan.servers[when === 'before' ? 'from' : versionAfter(plan)];
    // What a run that is backed out ends with is for its way back to say.
    const isOpen = when === 'after' && plan.abortAt !== null;
    if (isOrIsPatchOf(version, expected) || isOpen || trouble !== null) return;
    const text = `the server says that it is ${version}, where ${expected} was expected`;
    note(record, clock, 'error', 'server-version', text);
  }

  /** What was asked for and did not happen was not rehearsed: nothing can pass. */
  #tellNotBegun({ notBegun }: FaultTimeline, trouble: string | null): void {
    const { plan, clock, record } = this.#context;
    if (trouble !== null) return;
    const level = plan.abortAt === null ? 'error' : 'warning';
    for (const { text } of notBegun) {
      const what = `the fault ${text} never began: the run had ended before its time`;
      note(record, clock, level, 'fault-not-begun', what);
    }
  }

  #notePrivileged({ application }: Cluster): void {
    const { clock, record } = this.#context;
    const text = `the ledger writes as ${application.user}, with what RDS gives the first user`;
    note(record, clock, 'info', 'ledger-privileged', text);
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

/** Which version the procedure leaves behind. */
function versionAfter({ phases }: RunContext['plan']): 'from' | 'to' {
  const steps = phases.flatMap((phase) => phase.steps);
  const verify = steps.find((step) => step.step === 'verify');
  return verify?.step === 'verify' ? (verify.version ?? 'to') : 'to';
}
