/**
 * What a probe of hours says of its lanes without keeping a poll: counts, the outage under way,
 * and the sums of those that ended. The same bounds as in `harness/measure`, taken as they come.
 */
import type { EntryOf } from '../history/entry.js';

type Poll = EntryOf<'poll'>['data'];

export interface LaneTotals {
  polls: number;
  ok: number;
  failed: number;
  unknown: number;
  outages: number;
  lowerMs: number;
  /** Null as soon as one outage is open at an end. */
  upperMs: number | null;
}

/** Follows one lane; polls come in the order in which they ended. */
class LaneFollower {
  readonly totals: LaneTotals = {
    polls: 0,
    ok: 0,
    failed: 0,
    unknown: 0,
    outages: 0,
    lowerMs: 0,
    upperMs: 0,
  };
  /** When the last poll that was not ok ended; null where none was. */
  notOkNs: number | null = null;
  #lastOkStartNs: number | null = null;
  #down: { firstStartNs: number; lastStartNs: number; lastOkNs: number | null } | null = null;

  take(poll: Poll): void {
    if (poll.tick !== null) this.#count(poll);
    if (poll.outcome !== 'ok') this.notOkNs = poll.endNs;
    if (poll.outcome === 'fail') {
      this.#down ??= {
        firstStartNs: poll.startNs,
        lastStartNs: poll.startNs,
        lastOkNs: this.#lastOkStartNs,
      };
      this.#down.lastStartNs = Math.max(this.#down.lastStartNs, poll.startNs);
    } else if (poll.outcome === 'ok') {
      this.#lastOkStartNs = Math.max(this.#lastOkStartNs ?? poll.startNs, poll.startNs);
      // A late answer of an earlier attempt does not end what later ones showed.
      if (this.#down !== null && poll.startNs >= this.#down.firstStartNs) this.#close(poll.endNs);
    }
  }

  /** Ends the outage under way, if there is one; without a success it has no upper bound. */
  #close(endNs: number | null): void {
    const down = this.#down;
    if (down === null) return;
    this.#down = null;
    const { totals } = this;
    totals.outages++;
    totals.lowerMs += (down.lastStartNs - down.firstStartNs) / 1e6;
    if (endNs === null || down.lastOkNs === null || totals.upperMs === null) totals.upperMs = null;
    else totals.upperMs += (endNs - down.lastOkNs) / 1e6;
  }

  finish(): LaneTotals {
    this.#close(null);
    return this.totals;
  }

  #count(poll: Poll): void {
    this.totals.polls++;
    if (poll.outcome === 'ok') this.totals.ok++;
    else if (poll.outcome === 'fail') this.totals.failed++;
    else this.totals.unknown++;
  }
}

export class RunningSummary {
  readonly #lanes = new Map<string, LaneFollower>();
  readonly #startNs: number;

  /** @param laneNames the lanes that count: a lane that has not polled yet is not stable */
  constructor(laneNames: readonly string[], startNs: number) {
    this.#startNs = startNs;
    for (const name of laneNames) this.#lanes.set(name, new LaneFollower());
  }

  take({ subject, data }: EntryOf<'poll'>): void {
    if (subject.lane !== undefined) this.#lanes.get(subject.lane)?.take(data);
  }

  /** Since when every lane has been ok, or null where one has not been seen ok at all. */
  okSinceNs(): number | null {
    let sinceNs = this.#startNs;
    for (const lane of this.#lanes.values()) {
      if (lane.totals.ok === 0) return null;
      sinceNs = Math.max(sinceNs, lane.notOkNs ?? sinceNs);
    }
    return sinceNs;
  }

  /** Ends the outages under way and gives every lane's totals. */
  finish(): ReadonlyMap<string, LaneTotals> {
    return new Map([...this.#lanes].map(([name, lane]) => [name, lane.finish()]));
  }
}
