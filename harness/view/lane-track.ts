/**
 * The ticks of one lane as they come, for a screen that shows them while they do. Ticks stand at
 * the instants for which they were scheduled: a late answer fills its own column.
 */
import type { LaneSpec, Outcome } from '../history/entry.js';
import { lagOf } from '../measure/lag.js';
import type { PollData, Stretch } from '../measure/lane.js';
import { type Cell, type CellState, cellOf, lagCellOf, noCell, worst } from './cells.js';
import type { Axis } from './cluster-rows.js';

/** What a screen needs of a tick. */
export interface ViewTick {
  readonly scheduledNs: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly outcome: Outcome;
  readonly cell: Cell;
  readonly version: string | null;
  readonly readOnly: boolean | null;
}

/** The state that a lane is in. */
export interface LaneNow {
  /** Of the newest answer; `none`: none yet. */
  readonly state: CellState;
  /** How long that answer took; of an observer, how late it was. */
  readonly tookNs: number;
  readonly lagMs: number | null;
  /** Since when the lane has been in this state. */
  readonly sinceNs: number;
  /** Since when a tick that is due has had no answer, or null. */
  readonly waitsSinceNs: number | null;
}

/** An answer may be this many ticks behind the newest of the run before its lane is waiting. */
const waitTicks = 2;

export interface LaneTrackOptions {
  readonly spec: LaneSpec;
  /** An ok answer that took longer is slow; of an observer, a tick that began later. */
  readonly slowNs: number;
}

export class LaneTrack {
  readonly spec: LaneSpec;
  readonly #slowNs: number;
  #ticks: ViewTick[] = [];
  #inOrder = true;

  constructor({ spec, slowNs }: LaneTrackOptions) {
    this.spec = spec;
    this.#slowNs = slowNs;
  }

  /** Takes a poll, in any order; edge polls have no cell and are left out. */
  take(poll: PollData): void {
    if (poll.tick === null) return;
    const { scheduledNs, startNs, outcome, server } = poll;
    const endNs = Math.max(startNs, poll.endNs);
    this.#inOrder &&= scheduledNs >= (this.#ticks.at(-1)?.scheduledNs ?? scheduledNs);
    this.#ticks.push({
      ...{ scheduledNs, startNs, endNs, outcome },
      cell: this.#cellOf(poll, endNs),
      version: server?.version ?? null,
      readOnly: server?.readOnly ?? null,
    });
  }

  /** By the instants for which they were scheduled. */
  get ticks(): readonly ViewTick[] {
    if (!this.#inOrder)
      this.#ticks.sort((a, b) => a.scheduledNs - b.scheduledNs || a.startNs - b.startNs);
    this.#inOrder = true;
    return this.#ticks;
  }

  /** A cell for each column: the worst of the ticks in it that were answered by `untilNs`. */
  cells({ originNs, columnNs, columns }: Axis, untilNs = Number.POSITIVE_INFINITY): Cell[] {
    const cells = new Array<Cell>(columns).fill(noCell);
    const { ticks } = this;
    for (let index = firstFrom(ticks, originNs); index < ticks.length; index++) {
      const tick = ticks[index];
      if (tick === undefined) break;
      const column = Math.floor((tick.scheduledNs - originNs) / columnNs);
      if (column >= columns) break;
      if (tick.endNs <= untilNs) cells[column] = worst(cells[column] ?? noCell, tick.cell);
    }
    return cells;
  }

  /** What the answers until then say. */
  now(untilNs: number): LaneNow {
    const { ticks } = this;
    let index = ticks.length - 1;
    while (index >= 0 && (ticks[index]?.endNs ?? 0) > untilNs) index -= 1;
    const last = ticks[index];
    if (last === undefined)
      return { state: 'none', tookNs: 0, lagMs: null, sinceNs: untilNs, waitsSinceNs: null };
    const { state, lagMs = null } = last.cell;
    let first = last;
    while (index > 0 && ticks[index - 1]?.cell.state === state) {
      index -= 1;
      first = ticks[index] ?? first;
    }
    const isObserver = this.spec.kind === 'observer';
    const tookNs = isObserver ? last.startNs - last.scheduledNs : last.endNs - last.startNs;
    const dueNs = last.scheduledNs + this.spec.intervalMs * 1e6;
    const waits = untilNs - dueNs > waitTicks * this.spec.intervalMs * 1e6;
    return {
      ...{ state, lagMs, tookNs: Math.max(0, tookNs), sinceNs: first.startNs },
      waitsSinceNs: waits ? dueNs : null,
    };
  }

  /** Unbroken runs of failed ticks, from the first one's instant to the last one's end. */
  failed(): Stretch[] {
    const stretches: { fromNs: number; toNs: number }[] = [];
    let isOpen = false;
    for (const { cell, scheduledNs, endNs } of this.ticks) {
      const last = stretches.at(-1);
      if (cell.state === 'fail' && isOpen && last !== undefined)
        last.toNs = Math.max(last.toNs, endNs);
      else if (cell.state === 'fail') stretches.push({ fromNs: scheduledNs, toNs: endNs });
      // What is in doubt neither ends an outage nor is one.
      isOpen = cell.state === 'fail' || (isOpen && cell.state === 'unknown');
    }
    return stretches;
  }

  #cellOf(poll: PollData, endNs: number): Cell {
    const { outcome, error, startNs, scheduledNs } = poll;
    const { kind, intervalMs } = this.spec;
    const answer = { outcome, error, startNs, endNs };
    if (kind === 'replica-lag') return lagCellOf({ ...answer, lag: lagOf(poll, intervalMs) });
    if (kind === 'observer')
      return { state: startNs - scheduledNs > this.#slowNs ? 'slow' : 'ok', kind: null };
    return cellOf(answer, this.#slowNs);
  }
}

/** The index of the first tick that was scheduled for then or later. */
function firstFrom(ticks: readonly ViewTick[], fromNs: number): number {
  let low = 0;
  let high = ticks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ticks[middle]?.scheduledNs ?? Number.POSITIVE_INFINITY) >= fromNs) high = middle;
    else low = middle + 1;
  }
  return low;
}
