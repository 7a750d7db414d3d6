/**
 * The way back of a run, rehearsed: a snapshot before the operation, and a new cluster from it
 * afterwards. What cannot be done is told; the rest of the run is measured all the same.
 */
import type { Cluster, ClusterSnapshot, Sim } from '../../sim/sim.js';
import { messageOf } from '../../sim/user-error.js';
import { formatDuration } from '../duration.js';
import type { EntryOf } from '../history/entry.js';
import { note } from '../history/record.js';
import type { RunContext } from '../run.js';
import { serverTarget } from './instruments-plan.js';
import { restoredSuffix } from './steps/targets.js';
import { unlessStopped } from './unless-stopped.js';

export class Rollback {
  readonly #context: RunContext;
  #snapshot: ClusterSnapshot | undefined;
  #restored: Cluster | null = null;
  #wasAsked = false;

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** The cluster that was made; null where none was. */
  get restored(): Cluster | null {
    return this.#restored;
  }

  /** @throws the signal's reason */
  async snapshot(cluster: Cluster, signal: AbortSignal): Promise<void> {
    const { clock, record } = this.#context;
    this.#wasAsked = true;
    const identifier = `${cluster.identifier}-before`;
    const taken = await this.#tried('the snapshot could not be taken', signal, () =>
      cluster.snapshot(identifier),
    );
    if (taken === undefined) return;
    this.#snapshot = taken;
    const { fromNs, toNs } = taken.frozen;
    this.#record({ stage: 'snapshot', identifier, frozenFromNs: fromNs, frozenToNs: toNs });
    const text =
      `the server stood still for ${durationText(toNs - fromNs)} while its data were copied for ` +
      "the snapshot: that is this tool's doing, a snapshot of AWS's storage does not stall";
    note(record, clock, 'info', 'frozen-for-snapshot', text);
  }

  /**
   * @returns whether there is a cluster made from the snapshot now
   * @throws the signal's reason
   */
  async restore(sim: Sim, signal: AbortSignal): Promise<boolean> {
    const snapshot = this.#snapshot;
    // One that could not be taken was told.
    if (snapshot === undefined && !this.#wasAsked)
      this.#fail('there is no snapshot to restore: none was taken before');
    if (snapshot === undefined) return false;
    await this.#tried(`the snapshot ${snapshot.identifier} could not be restored`, signal, () =>
      this.#restore(sim, snapshot),
    );
    return this.#restored !== null;
  }

  async #restore(sim: Sim, snapshot: ClusterSnapshot): Promise<void> {
    const { clock, readLedger } = this.#context;
    const beginNs = clock.nowNs();
    const restored = await sim.restoreCluster(snapshot, `${snapshot.cluster}${restoredSuffix}`);
    this.#restored = restored;
    const endNs = clock.nowNs();
    const { version, versionText } = await restored.serverVersion();
    const { found, failure } = await readLedger(serverTarget(restored));
    const why = failure?.message ?? null;
    const read = { complete: failure === null, found, why };
    const cluster = restored.identifier;
    this.#record({
      ...{ stage: 'restored', cluster, beginNs, endNs, version, versionText, ...read },
    });
    this.#tellCheck(restored, { version, versionText }, endNs - beginNs);
    if (failure === null) return;
    this.#fail(`the writes of the restored cluster could not be read: ${failure.message}`);
  }

  /** What the world throws is a finding here; undefined stands for it. */
  async #tried<T>(
    what: string,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await unlessStopped(signal, work());
    } catch (error) {
      if (signal.aborted) throw error;
      this.#fail(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** What was asked for was not rehearsed: nothing can pass. */
  #fail(text: string): void {
    const { clock, record } = this.#context;
    note(record, clock, 'error', 'rollback-failed', text);
  }

  #record(data: EntryOf<'rollback'>['data']): void {
    const { clock, record } = this.#context;
    record({ atNs: clock.nowNs(), clock: 'engine', kind: 'rollback', subject: {}, data });
  }

  #tellCheck(
    restored: Cluster,
    { version, versionText }: { version: string; versionText: string },
    tookNs: number,
  ): void {
    const { clock, record, plan } = this.#context;
    const name = 'restore from the snapshot';
    // A series names all of its versions.
    const isAsBefore = `${version}.`.startsWith(`${plan.servers.from}.`);
    const state = isAsBefore ? 'ok' : 'warning';
    const detail =
      `${versionText}, a new cluster at ${restored.writer.name}, available after ` +
      durationText(tookNs);
    record({
      atNs: clock.nowNs(),
      clock: 'harness',
      kind: 'note',
      subject: { cluster: restored.identifier },
      data: {
        level: isAsBefore ? 'info' : 'warning',
        code: 'check',
        text: `rollback, ${name}: ${state}: ${detail}`,
        check: { when: 'rollback', name, state, detail },
      },
    });
  }
}

function durationText(durationNs: number): string {
  return formatDuration(Math.round(durationNs / 1e6));
}
