/** The faults that go on in one cluster: begun, told once each, and ended. */
import { setMaxListeners } from 'node:events';
import { faultValue, unknownFault } from '../../endpoint/faults/index.js';
import type { Emit, Subject } from '../../events.js';
import type { FaultRequest, RunningFault } from '../../sim.js';
import { messageOf } from '../../user-error.js';
import type { ClusterRecord } from '../cluster.js';
import type { BegunFault, ClusterFaultKind } from './fault.js';
import { clusterFaultKinds } from './index.js';
import { instancesMeant } from './targets.js';

export class RunningFaults {
  readonly #cluster: ClusterRecord;
  readonly #emit: Emit;
  readonly #running = new Set<RunningFault>();
  readonly #closing = new AbortController();
  /** Of those that clients feel. */
  readonly #active = { clients: 0, replication: 0 };

  constructor(cluster: ClusterRecord, emit: Emit) {
    this.#cluster = cluster;
    this.#emit = emit;
  }

  /**
   * Begins a fault by name.
   * @throws UserError `FAULT_UNKNOWN`, `FAULT_VALUE_INVALID`, `FAULT_TARGET_UNKNOWN`,
   *   `FAULT_CANNOT_BEGIN`
   */
  inject(request: FaultRequest): RunningFault {
    const kind = clusterFaultKinds.find(({ name }) => name === request.name);
    if (kind === undefined) throw unknownFault(request.name, clusterFaultKinds);
    return this.begin(kind, request);
  }

  /** The same for a kind that has no name of its own. @throws the same */
  begin(kind: ClusterFaultKind, { value: given, target, sessions }: Omit<FaultRequest, 'name'>) {
    const value = faultValue(kind, given);
    const cluster = this.#cluster;
    const instances =
      kind.meets === 'writer-name' ? [] : instancesMeant(cluster, target, kind.meets);
    const stop = new AbortController();
    // A storm has a client for each.
    setMaxListeners(0, stop.signal);
    const { name } = kind;
    const signals = { ended: stop.signal, closing: this.#closing.signal };
    const place = { cluster, name, instances, target, sessions, ...signals };
    const begun = kind.begin(place, value);
    const one = target === undefined || instances.length !== 1 ? undefined : instances[0];
    const subject = one === undefined ? { cluster: cluster.identifier } : one.subject;
    this.#tell(kind, 'begins', subject);
    let ending: Promise<void> | undefined;
    const running: RunningFault = {
      end: () => {
        ending ??= this.#end(kind, begun, stop, subject).finally(() => {
          this.#running.delete(running);
        });
        return ending;
      },
    };
    this.#running.add(running);
    begun.done?.then(
      () => running.end(),
      (error: unknown) => {
        const why = `the fault ${name} could not do all that it does: ${messageOf(error)}`;
        cluster.note('error', 'fault-failed', why);
        void running.end();
      },
    );
    return running;
  }

  /** Ends them all, and waits for it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#running].map((one) => one.end()));
  }

  async #end(
    kind: ClusterFaultKind,
    begun: BegunFault,
    stop: AbortController,
    subject: Subject,
  ): Promise<void> {
    stop.abort();
    try {
      await begun.end?.();
    } catch (error) {
      const why = `what the fault ${kind.name} did could not be undone: ${messageOf(error)}`;
      this.#cluster.note('error', 'fault-not-ended', why);
    }
    await begun.done?.catch(() => {});
    const unmet = begun.unmet?.() ?? null;
    // What was asked for and did not happen was not rehearsed: nothing can pass.
    if (unmet !== null && !this.#closing.signal.aborted)
      this.#cluster.note('error', 'fault-unmet', `the fault ${kind.name} met nothing: ${unmet}`);
    this.#tell(kind, 'ends', subject);
  }

  #tell(
    { name: fault, touches }: ClusterFaultKind,
    edge: 'begins' | 'ends',
    subject: Subject,
  ): void {
    const { clock, identifier: cluster } = this.#cluster;
    const atNs = clock.nowNs();
    this.#emit({
      ...{ atNs, clock: 'client', kind: 'event', subject },
      data: {
        source: 'fault',
        message: `fault ${fault} ${edge}`,
        eventId: null,
        categories: [],
        modelled: false,
      },
    });
    this.#active[touches] += edge === 'begins' ? 1 : -1;
    const name = touches === 'clients' ? 'endpoint.faults' : 'replication.faults';
    const data = { name, value: this.#active[touches], unit: null };
    this.#emit({ atNs, clock: 'client', kind: 'gauge', subject: { cluster }, data });
  }
}
