/** Compares two databases: schema, users, what numbers new rows, and rows. */
import type { Clock } from '../../clock.js';
import { type Aspect, aspects, type Item } from '../../engine/comparable.js';
import { messageOf } from '../../user-error.js';
import { type AspectComparison, Findings } from './comparison.js';
import { compareCounters } from './counters.js';
import { compareItems } from './items.js';
import { compareRows, type RowsWanted } from './rows.js';
import type { Side } from './side.js';

export interface CompareWanted {
  readonly from: Side;
  readonly to: Side;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long a table that goes on changing is looked at. */
  readonly settleMs: number;
  /** For the whole of it. What is not compared by then is told. */
  readonly timeoutMs: number;
}

/** @throws the signal's reason alone: what a server does not answer was not compared */
export async function compareSides(wanted: CompareWanted): Promise<AspectComparison[]> {
  const { from, to, clock, signal, timeoutMs, settleMs } = wanted;
  const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
  const rows: RowsWanted = {
    ...{ from, to, clock, signal, settleMs },
    leftMs: () => (deadlineNs - clock.nowNs()) / 1e6,
  };
  const compared: AspectComparison[] = [];
  for (const aspect of aspects) {
    const findings = new Findings(aspect);
    try {
      await compareAspect(aspect, rows, findings);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      findings.notCompared(`${aspect}: ${messageOf(error)}`);
    }
    compared.push(findings.found);
  }
  return compared;
}

async function compareAspect(
  aspect: Aspect,
  wanted: RowsWanted,
  findings: Findings,
): Promise<void> {
  const { from, to, leftMs } = wanted;
  if (leftMs() <= 0) return findings.notCompared('time was up');
  switch (aspect) {
    case 'schema':
    case 'users': {
      const [before, after] = await Promise.all([itemsOf(from, aspect), itemsOf(to, aspect)]);
      return compareItems(before, after, findings);
    }
    case 'counters': {
      const [before, after] = await Promise.all([from.counters(), to.counters()]);
      const sides = [
        { name: from.name, counters: before },
        { name: to.name, counters: after },
      ] as const;
      return compareCounters(...sides, findings);
    }
    case 'rows':
      return await compareRows(wanted, findings);
  }
}

async function itemsOf(
  side: Side,
  aspect: Item['aspect'],
): Promise<{ name: string; series: string; items: readonly Item[] }> {
  return { name: side.name, series: side.series, items: await side.items(aspect) };
}
