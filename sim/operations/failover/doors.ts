/** What clients meet at the doors of the two instances while they change places. */
import type { Instance } from '../../cluster/instance.js';
import type { Session } from '../../endpoint/session.js';
import type { Fencing } from '../../sim.js';
import type { Fates } from '../fates.js';
import type { FailoverReason } from './reasons.js';

/** The doors of one failover. */
export class Doors {
  readonly #fates: Fates<FailoverReason>;
  readonly #fencing: Fencing;
  /** The old writer. */
  #fenced: Instance | undefined;
  /** Its sessions that nobody ends. */
  #stranded: readonly Session[] = [];

  constructor(fates: Fates<FailoverReason>, fencing: Fencing) {
    this.#fates = fates;
    this.#fencing = fencing;
  }

  /** The writer is gone for its clients: they are told that it crashed, or nothing at all. */
  async fence(old: Instance): Promise<void> {
    this.#fenced = old;
    const { endpoint } = old;
    const sessions = endpoint.sessions;
    endpoint.admitting = false;
    this.#fates.present(sessions);
    if (this.#fencing === 'reset') {
      await endpoint.setState('refusing');
      for (const one of sessions) this.#fates.lose(one, 'writer-lost', () => one.crash());
      return;
    }
    await endpoint.setState('black-hole');
    this.#stranded = sessions.filter((one) => one.state !== 'closed');
    for (const one of this.#stranded) this.#fates.lose(one, 'writer-fenced', () => one.strand());
  }

  /** The reader that is promoted restarts for its clients. */
  async close({ endpoint }: Instance): Promise<void> {
    const sessions = endpoint.sessions;
    endpoint.admitting = false;
    this.#fates.present(sessions);
    await endpoint.setState('refusing');
    for (const one of sessions) this.#fates.drop(one, 'promoted');
  }

  /** An instance comes up: clients are told so, unless nothing reaches it. */
  async startUp({ endpoint }: Instance): Promise<void> {
    if (endpoint.state === 'refusing') await endpoint.setState('starting-up');
  }

  /** Its server can be used. */
  async open(instance: Instance): Promise<void> {
    const { endpoint } = instance;
    if (instance === this.#fenced) this.#endStranded();
    endpoint.admitting = true;
    await endpoint.setState('open');
  }

  /** Nobody can reach it: it is a standby, or did not come back. Its host answers so. */
  async shut({ endpoint }: Instance): Promise<void> {
    this.#endStranded();
    await endpoint.setState('refusing');
  }

  /** The host of the writer before is back, and knows nothing of their connections. */
  #endStranded(): void {
    for (const session of this.#stranded) session.reset();
    this.#stranded = [];
  }
}
