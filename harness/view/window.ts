/** Which part of a run's time a screen shows, and how finely: zoom, scroll, fit. Pure. */
import type { Stretch } from '../measure/lane.js';
import type { Axis } from './cluster-rows.js';

/** The time of a run in columns of one tick, an edge of a column at the zero (T0). */
export interface Scale {
  readonly zeroNs: number;
  readonly tickNs: number;
  /** What there is to show: from the first tick to the newest instant. */
  readonly span: Stretch;
}

const digits = [1, 2, 5] as const;
/** At the last step a column covers ten million ticks. */
export const zoomStepMax = 21;

/** How many ticks a column covers at a step of zooming out: 1, 2, 5, 10, 20, 50, … */
export function zoomFactor(step: number): number {
  const at = Math.min(zoomStepMax, Math.max(0, Math.trunc(step)));
  return (digits[at % digits.length] ?? 1) * 10 ** Math.floor(at / digits.length);
}

/** Columns of many ticks a second would run by too fast to be read. */
const columnMsMin = 250;

/** The finest step whose columns are not too short to be followed. */
export function usualStep({ tickNs }: Scale): number {
  let step = 0;
  while (step < zoomStepMax && zoomFactor(step) * tickNs < columnMsMin * 1e6) step += 1;
  return step;
}

/** The finest step at which the whole span fits. */
export function fitStep(scale: Scale, columns: number): number {
  let step = 0;
  while (step < zoomStepMax && columnsOf(scale, step) > columns) step += 1;
  return step;
}

function columnsOf(scale: Scale, step: number): number {
  const columnNs = zoomFactor(step) * scale.tickNs;
  return (
    columnOf(scale, columnNs, scale.span.toNs) - columnOf(scale, columnNs, scale.span.fromNs) + 1
  );
}

function columnOf({ zeroNs }: Scale, columnNs: number, atNs: number): number {
  return Math.floor((atNs - zeroNs) / columnNs);
}

/**
 * The columns shown: the last one holds `rightNs`. A window never reaches beyond the ends of the
 * span by more than it is wider; a run that does not fill it begins at its left edge.
 * @param rightNs null: the newest instant
 */
export function windowAt(
  scale: Scale,
  step: number,
  columns: number,
  rightNs: number | null,
): Axis {
  const columnNs = zoomFactor(step) * scale.tickNs;
  const first = columnOf(scale, columnNs, scale.span.fromNs);
  const newest = columnOf(scale, columnNs, scale.span.toNs);
  const right = Math.min(newest, rightNs === null ? newest : columnOf(scale, columnNs, rightNs));
  const from = Math.max(first, right - Math.max(1, columns) + 1);
  return { originNs: scale.zeroNs + from * columnNs, columnNs, columns: Math.max(1, columns) };
}

/**
 * The right end of a window that is moved by so many columns; null where it comes to the newest
 * instant, which it then follows.
 */
export function scrolled(scale: Scale, window: Axis, byColumns: number): number | null {
  const { originNs, columnNs, columns } = window;
  const lastNs = Math.min(originNs + (columns - 0.5) * columnNs, newestMiddle(scale, columnNs));
  const leastNs = Math.min(lastNs, scale.span.fromNs + (columns - 1) * columnNs);
  const rightNs = Math.max(leastNs, lastNs + byColumns * columnNs);
  return rightNs >= newestMiddle(scale, columnNs) ? null : rightNs;
}

/** The middle of the column of the newest instant. */
function newestMiddle(scale: Scale, columnNs: number): number {
  return scale.zeroNs + (columnOf(scale, columnNs, scale.span.toNs) + 0.5) * columnNs;
}

/** The right end of a window in whose middle that instant is; null: the newest instant. */
export function centred(scale: Scale, window: Axis, atNs: number): number | null {
  const rightNs = atNs + (window.columns / 2) * window.columnNs;
  return rightNs >= scale.span.toNs ? null : Math.max(scale.span.fromNs, rightNs);
}

/** The next outage that begins after that instant, of any lane; null without one. */
export function outageAfter(outages: readonly Stretch[], atNs: number): Stretch | null {
  return extreme(
    outages.filter(({ fromNs }) => fromNs > atNs),
    (a, b) => a.fromNs < b.fromNs,
  );
}

/** The last outage that began before that instant; null without one. */
export function outageBefore(outages: readonly Stretch[], atNs: number): Stretch | null {
  return extreme(
    outages.filter(({ fromNs }) => fromNs < atNs),
    (a, b) => a.fromNs > b.fromNs,
  );
}

function extreme(
  list: readonly Stretch[],
  isBetter: (a: Stretch, b: Stretch) => boolean,
): Stretch | null {
  return list.reduce<Stretch | null>(
    (best, one) => (best === null || isBetter(one, best) ? one : best),
    null,
  );
}
