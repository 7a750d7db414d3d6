/** The phases of a run as stretches of its time, and where they lie on a screen's columns. Pure. */
import type { EntryOf } from '../history/entry.js';
import type { Axis } from './cluster-rows.js';

export interface PhaseSpan {
  readonly name: string;
  readonly fromNs: number;
  /** Null while it goes on, and where the history breaks off in it. */
  readonly toNs: number | null;
  /** Whether the run's T0 is its begin. */
  readonly t0: boolean;
}

/** In the order in which they began: each ends with its own end, else where the next begins. */
export function phaseSpans(entries: readonly EntryOf<'phase'>[]): PhaseSpan[] {
  const begins = entries.filter(({ data }) => data.edge === 'begin');
  return begins.map(({ atNs, data }, index) => {
    const nextNs = begins[index + 1]?.atNs ?? null;
    const end = entries.find(
      (one) => one.data.edge === 'end' && one.data.name === data.name && one.atNs >= atNs,
    );
    const endNs = end?.atNs ?? nextNs;
    const toNs = endNs === null || nextNs === null ? endNs : Math.min(endNs, nextNs);
    return { name: data.name, fromNs: atNs, toNs, t0: data.t0 === true };
  });
}

/** The columns of a phase that are shown, the last one not included. */
export interface PhaseColumns {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Whether the phase begins in column `from`, and not before what is shown. */
  readonly begins: boolean;
}

/** A column belongs to the phase that began last in it or before it. */
export function phaseColumns(
  phases: readonly PhaseSpan[],
  { originNs, columnNs, columns }: Axis,
  untilNs: number,
): PhaseColumns[] {
  const columnAt = (atNs: number): number => Math.floor((atNs - originNs) / columnNs);
  return phases.flatMap(({ name, fromNs, toNs }, index) => {
    const nextNs = phases[index + 1]?.fromNs;
    const first = columnAt(fromNs);
    const end = nextNs === undefined ? columnAt(toNs ?? untilNs) + 1 : columnAt(nextNs);
    const from = Math.max(0, first);
    const to = Math.min(columns, end);
    return to > from ? [{ name, from, to, begins: first === from }] : [];
  });
}
