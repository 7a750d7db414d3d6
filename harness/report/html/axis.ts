/** Time on the x axis of a figure. Pure. */
import type { Stretch } from '../../measure/lane.js';

/** Units of the drawing. */
export const left = 165;
export const width = 1_000;
export const right = 110;

/** The part of the history that is drawn, and where its zero is: T0, or the history's begin. */
export interface Axis extends Stretch {
  readonly zeroNs: number;
  readonly hasT0: boolean;
}

/** Where an instant lies, to a hundredth of a unit; outside the drawn part at its edge. */
export function x(axis: Axis, atNs: number): number {
  const spanNs = Math.max(1, axis.toNs - axis.fromNs);
  const share = Math.min(1, Math.max(0, (atNs - axis.fromNs) / spanNs));
  return hundredths(left + share * width);
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Whether any of it is drawn. */
export function isShown({ fromNs, toNs }: Axis, stretch: Stretch): boolean {
  return stretch.toNs >= fromNs && stretch.fromNs <= toNs;
}

/** Seconds from the zero, milliseconds as a number. */
export function offsetMs({ zeroNs }: Axis, atNs: number): number {
  return (atNs - zeroNs) / 1e6;
}

const stepsS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600];
const marksMax = 14;

/** Instants for a ruler: whole steps from the zero, as many as can be read. */
export function marks(axis: Axis): number[] {
  const spanS = (axis.toNs - axis.fromNs) / 1e9;
  const fine = stepsS.find((step) => spanS / step <= marksMax);
  const stepNs = (fine ?? 3_600 * Math.ceil(spanS / 3_600 / marksMax)) * 1e9;
  const first = Math.ceil((axis.fromNs - axis.zeroNs) / stepNs);
  const last = Math.floor((axis.toNs - axis.zeroNs) / stepNs);
  const count = Math.max(0, Math.min(last - first + 1, 2 * marksMax));
  return Array.from({ length: count }, (_, index) => axis.zeroNs + (first + index) * stepNs);
}
