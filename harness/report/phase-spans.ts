/** Phases as stretches of time that have ended, if only with the history. Pure. */
import type { Stretch } from '../measure/lane.js';
import type { Measurement } from '../measure/measure.js';
import { phaseSpans as spansOf } from '../view/phase-band.js';

export interface PhaseSpan extends Stretch {
  readonly name: string;
}

/** Each phase until it ends, or the next one begins, or the history does. */
export function phaseSpans({ phases, endNs }: Pick<Measurement, 'phases' | 'endNs'>): PhaseSpan[] {
  return spansOf(phases).map(({ name, fromNs, toNs }) => ({
    name,
    fromNs,
    toNs: Math.max(fromNs, toNs ?? endNs),
  }));
}
