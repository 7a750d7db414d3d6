/** The names of both sides while they change: clients are answered as before for a while. */
import type { ClusterRecord } from '../../cluster/cluster.js';
import type { NameDisturbance } from '../../endpoint/name-answers.js';

export class Names {
  readonly #records: readonly ClusterRecord[];
  readonly #staleMs: number;
  #stale: readonly NameDisturbance[] = [];

  /** @param staleMs how long what was answered before goes on to be */
  constructor(records: readonly ClusterRecord[], staleMs: number) {
    this.#records = records;
    this.#staleMs = staleMs;
  }

  /** The names of each record lead to the instances that it has now. */
  async change(): Promise<void> {
    const names = this.#records.flatMap((record) => record.names);
    if (this.#staleMs > 0) this.#stale = names.map(({ answers }) => answers.stale(this.#staleMs));
    for (const record of this.#records) {
      const { writerInstance, readers } = record;
      await record.leadWritersTo(writerInstance);
      await record.name('reader').leadTo((readers[0] ?? writerInstance).endpoint);
    }
  }

  /** Nobody is answered as before any more, but by a fault of names. */
  async settle(): Promise<void> {
    await Promise.all(this.#stale.map((one) => one.end()));
  }
}
