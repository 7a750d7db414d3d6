/** From the measurement's nanoseconds to the report's milliseconds from T0. Pure. */
import type { Bounds, Stretch } from '../measure/lane.js';
import type { Measurement } from '../measure/measure.js';
import type { BoundsMs, SpanReport } from './run-report.js';

/** Nanoseconds as milliseconds, to the microsecond. */
export function ms(ns: number): number {
  return Math.round(ns / 1e3) / 1e3;
}

export function msOrNull(ns: number | null): number | null {
  return ns === null ? null : ms(ns);
}

/** An instant; from the history's zero where there was no T0. */
export function offsetMs({ t0Ns }: Pick<Measurement, 't0Ns'>, atNs: number): number {
  return ms(atNs - (t0Ns ?? 0));
}

export function boundsMs(bounds: Bounds): BoundsMs {
  return {
    lowerMs: ms(bounds.lowerNs),
    upperMs: msOrNull(bounds.upperNs),
    estimateMs: ms(bounds.estimateNs),
  };
}

export function spanMs(
  measurement: Pick<Measurement, 't0Ns'>,
  { fromNs, toNs }: Stretch,
): SpanReport {
  return {
    startMs: offsetMs(measurement, fromNs),
    endMs: offsetMs(measurement, toNs),
    durationMs: ms(toNs - fromNs),
  };
}
