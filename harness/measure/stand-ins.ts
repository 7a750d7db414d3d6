/** Outages of hours, with one failed attempt standing for all that failed alike. */
import type { Failure } from '../history/entry.js';
import type { LaneAttempt } from './lane.js';
import type { Outage } from './outages.js';

const keptMax = 2_000;

export class StandIns {
  readonly #ticks = new Map<Failure | null, LaneAttempt>();
  readonly #edgePolls = new Map<Failure | null, LaneAttempt>();

  /** The same outage; of its failures only the first and the last have times of their own. */
  lean(outage: Outage<LaneAttempt>): Outage<LaneAttempt> {
    const { fails } = outage;
    if (fails.length < 3) return outage;
    const lean = fails.map((fail, index) =>
      index === 0 || index === fails.length - 1 ? fail : this.#standIn(fail),
    );
    return { ...outage, fails: lean };
  }

  #standIn(fail: LaneAttempt): LaneAttempt {
    const known = fail.tick === null ? this.#edgePolls : this.#ticks;
    const standIn = known.get(fail.error);
    if (standIn !== undefined) return standIn;
    if (known.size < keptMax) known.set(fail.error, fail);
    return fail;
  }
}
