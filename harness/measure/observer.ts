/** How late our own scheduling was, from the observer lane. Pure. */
import type { LaneMeasure, Stretch } from './lane.js';
import { quantile } from './quantile.js';

export interface ObserverMeasure {
  readonly polls: number;
  readonly medianNs: number | null;
  readonly p99Ns: number | null;
  readonly worstNs: number | null;
  /** Stretches in which it was later than one tick of the lanes, overlapping ones joined. */
  readonly stalls: readonly Stretch[];
}

/** @param stallNs lateness beyond this is a stall: one tick of the fastest lane measured */
export function measureObserver(lane: LaneMeasure, stallNs: number): ObserverMeasure {
  const lateness = lane.ticks
    .map((tick) => Math.max(0, tick.startNs - tick.scheduledNs))
    .sort((a, b) => a - b);
  const stalls: { fromNs: number; toNs: number }[] = [];
  for (const tick of lane.ticks) {
    if (tick.startNs - tick.scheduledNs <= stallNs) continue;
    const last = stalls.at(-1);
    if (last !== undefined && tick.scheduledNs <= last.toNs)
      last.toNs = Math.max(last.toNs, tick.startNs);
    else stalls.push({ fromNs: tick.scheduledNs, toNs: tick.startNs });
  }
  return {
    polls: lane.ticks.length,
    medianNs: quantile(lateness, 0.5),
    p99Ns: quantile(lateness, 0.99),
    worstNs: lateness.at(-1) ?? null,
    stalls,
  };
}
