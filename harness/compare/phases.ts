/** How far phases of the same name drifted, and how the two clocks are laid over each other. */
import type { Alignment, PhaseDrift } from './comparison.js';
import type { LanePair } from './lanes.js';
import { shifted } from './lanes.js';
import type { Side } from './side.js';

/**
 * T0 on T0. A log of the real day knows no T0: then the first outage of the first lane in which
 * both have one stands for it, which makes the begin of that outage agree by construction.
 */
export function alignmentOf(a: Side, b: Side, pairs: readonly LanePair[]): Alignment {
  if (a.report.t0Ms !== null && b.report.t0Ms !== null) return { by: 't0', lane: null, shiftMs: 0 };
  for (const pair of pairs) {
    const [ofA] = pair.a.outages;
    const [ofB] = pair.b.outages;
    if (ofA !== undefined && ofB !== undefined)
      return {
        by: 'first-outage',
        lane: pair.aName,
        shiftMs: shifted(ofA.startMs, -ofB.startMs),
      };
  }
  return { by: 'begin', lane: null, shiftMs: 0 };
}

/** Phases that both have; of several of one name the first with the first, and so on. */
export function phaseDrift(a: Side, b: Side, { by }: Alignment): PhaseDrift[] {
  const left = [...b.phases];
  return a.phases.flatMap(({ name, startMs, lengthMs }) => {
    const at = left.findIndex((phase) => phase.name === name);
    const [other] = at === -1 ? [] : left.splice(at, 1);
    if (other === undefined) return [];
    return [
      {
        name,
        a: { startMs, lengthMs },
        b: { startMs: other.startMs, lengthMs: other.lengthMs },
        startDriftMs: by === 't0' ? shifted(other.startMs, -startMs) : null,
        lengthDriftMs: shifted(other.lengthMs, -lengthMs),
      },
    ];
  });
}
