/** Phases as stretches of time. Pure. */
import type { Stretch } from '../measure/lane.js';
import type { Measurement } from '../measure/measure.js';

export interface PhaseSpan extends Stretch {
  readonly name: string;
}

/** Each phase until it ends, or the next one begins. */
export function phaseSpans({ phases, endNs }: Pick<Measurement, 'phases' | 'endNs'>): PhaseSpan[] {
  const begins = phases.filter(({ data }) => data.edge === 'begin');
  return begins.map(({ atNs, data: { name } }, index) => {
    const own = phases.find(
      (phase) => phase.data.edge === 'end' && phase.data.name === name && phase.atNs >= atNs,
    );
    const next = begins[index + 1]?.atNs ?? endNs;
    return { name, fromNs: atNs, toNs: Math.max(atNs, Math.min(own?.atNs ?? next, next)) };
  });
}
