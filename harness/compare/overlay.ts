/** Outages of both sides of a lane on one axis, a cell at a time. Pure. */
import type { ComparedLane, Comparison } from './comparison.js';

/** From and to, milliseconds from T0 of the first side. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Around all outages: one of a second is not lost in a run of an hour. Null without any. */
export function outageSpan({ lanes }: Pick<Comparison, 'lanes'>): Span | null {
  let fromMs = 0;
  let toMs = 0;
  let some = false;
  for (const { a, b } of lanes)
    for (const { beganMs, endedMs, startMs, endMs } of [...a.outages, ...b.outages]) {
      some = true;
      fromMs = Math.min(fromMs, beganMs[0] ?? startMs);
      toMs = Math.max(toMs, endedMs[1] ?? endMs);
    }
  if (!some) return null;
  const marginMs = Math.max(500, (toMs - fromMs) / 20);
  return { fromMs: fromMs - marginMs, toMs: toMs + marginMs };
}

/** `down` surely, `perhaps` within the error, `blind` where nobody looked. */
export type Cell = 'up' | 'down' | 'perhaps' | 'blind';

const rank: Readonly<Record<Cell, number>> = { up: 0, blind: 1, perhaps: 2, down: 3 };

interface Shown extends Span {
  readonly as: Cell;
}

/** The stretches of a lane that are not up, least telling first. */
export function shownStretches({ outages, blindMs }: ComparedLane): Shown[] {
  const blind = blindMs.map(([fromMs, toMs]): Shown => ({ fromMs, toMs, as: 'blind' }));
  const perhaps = outages.map(({ beganMs, endedMs, startMs, endMs }): Shown => {
    return { fromMs: beganMs[0] ?? startMs, toMs: endedMs[1] ?? endMs, as: 'perhaps' };
  });
  const down = outages.flatMap(({ beganMs, endedMs, startMs, endMs }): Shown[] => {
    const fromMs = beganMs[1] ?? startMs;
    const toMs = endedMs[0] ?? endMs;
    return toMs > fromMs ? [{ fromMs, toMs, as: 'down' }] : [];
  });
  return [...blind, ...perhaps, ...down];
}

/** The worst of each cell: no outage is too short to be seen. */
export function cellsOf(lane: ComparedLane, span: Span, count: number): Cell[] {
  const cells: Cell[] = Array.from({ length: count }, () => 'up');
  const cellMs = (span.toMs - span.fromMs) / count;
  for (const { fromMs, toMs, as } of shownStretches(lane)) {
    const first = Math.max(0, Math.floor((fromMs - span.fromMs) / cellMs));
    const last = Math.min(count - 1, Math.floor((toMs - span.fromMs) / cellMs));
    for (let at = first; at <= last; at++) if (rank[as] > rank[cells[at] ?? 'up']) cells[at] = as;
  }
  return cells;
}
