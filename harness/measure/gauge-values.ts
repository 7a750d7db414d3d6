/** Gauges as values that hold until the next one: who was what from when to when. Pure. */
import type { EntryOf } from '../history/entry.js';
import type { Stretch } from './lane.js';

type Gauge = EntryOf<'gauge'>;

/** A value and from when on it held. */
export interface Held {
  readonly atNs: number;
  readonly value: string;
}

/** The values of one gauge of one subject in order; what was told again without a change, once. */
export function heldValues(gauges: readonly Gauge[]): Held[] {
  const held: Held[] = [];
  for (const { atNs, data } of [...gauges].sort((a, b) => a.atNs - b.atNs)) {
    const value = String(data.value);
    if (held.at(-1)?.value !== value) held.push({ atNs, value });
  }
  return held;
}

/** When it had a value that is wanted; the last value holds until `endNs`. */
export function whenHeld(
  held: readonly Held[],
  endNs: number,
  wanted: (value: string) => boolean,
): Stretch[] {
  return held.flatMap(({ atNs, value }, index) => {
    const toNs = held[index + 1]?.atNs ?? Math.max(atNs, endNs);
    return wanted(value) && toNs > atNs ? [{ fromNs: atNs, toNs }] : [];
  });
}

/** What it was at that instant; null before the first value. */
export function valueAt(held: readonly Held[], atNs: number): string | null {
  return held.findLast((one) => one.atNs <= atNs)?.value ?? null;
}

/** The gauges of that name, by subject, in the order in which the subjects came up. */
export function bySubject(
  gauges: readonly Gauge[],
  name: string,
  keyOf: (gauge: Gauge) => string | undefined,
): Map<string, Gauge[]> {
  const found = new Map<string, Gauge[]>();
  for (const gauge of gauges) {
    const key = gauge.data.name === name ? keyOf(gauge) : undefined;
    if (key === undefined) continue;
    const list = found.get(key);
    if (list === undefined) found.set(key, [gauge]);
    else list.push(gauge);
  }
  return found;
}
