/** What every renderer of a comparison says in the same words. Pure. */
import { boundsText, offsetText, plural, shortMs, type TextOptions } from '../report/text.js';
import type {
  ComparedLane,
  Comparison,
  Conclusion,
  PhaseDrift,
  Prediction,
  Relation,
} from './comparison.js';

export const conclusionWords: Readonly<Record<Conclusion, string>> = {
  same: 'NO REGRESSION',
  regression: 'REGRESSION',
  unknown: 'NOT DECIDED',
};

export const relationWords: Readonly<Record<Relation, string>> = {
  same: 'overlap: no difference shown',
  worse: 'differs: the second is worse',
  better: 'differs: the second is better',
  unknown: 'cannot be told',
};

/** A miss says which way. */
export function fateText({ fate, worse }: Prediction): string {
  if (fate !== 'missed') return fate;
  return worse ? 'missed, worse' : 'missed, better';
}

/** `2.6s ±0.3s in 1 outage`; a lane without any names what it can have missed. */
export function laneText(lane: ComparedLane, options: TextOptions = {}): string {
  const { downtime, outageCount, detectionFloorMs } = lane;
  if (outageCount > 0)
    return `${boundsText(downtime, options)} in ${plural(outageCount, 'outage')}`;
  return detectionFloorMs === null ? '0s' : `0s, floor ${shortMs(detectionFloorMs)}`;
}

/** The name, and the second side's where that is another. */
export function laneName({ a, b }: { a: ComparedLane; b: ComparedLane }): string {
  return a.lane === b.lane ? a.lane : `${a.lane} / ${b.lane}`;
}

/** A drift with its sign: `+0.3s`. */
export function driftText(driftMs: number | null): string {
  return driftMs === null ? '-' : offsetText(driftMs);
}

export function phaseCells({ name, a, b, startDriftMs, lengthDriftMs }: PhaseDrift): string[] {
  return [
    name,
    offsetText(a.startMs),
    driftText(startDriftMs),
    shortMs(a.lengthMs),
    shortMs(b.lengthMs),
    driftText(lengthDriftMs),
  ];
}

export function alignmentText({ alignment: { by, lane } }: Comparison): string {
  if (by === 't0') return 'T0 of both lies on one instant.';
  if (by === 'first-outage')
    return `No T0 on one side: the first outages of ${lane ?? 'a lane'} lie on one instant.`;
  return 'No T0 on one side and no outage in both: instants cannot be set side by side.';
}

export function onlyTexts({ onlyA, onlyB }: Comparison): string[] {
  const text = (which: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`only in the ${which}: ${names.join(', ')}`];
  return [...text('first', onlyA), ...text('second', onlyB)];
}

export function sideText({ label, scenario, command, wallClock }: Comparison['a']): string {
  const when = wallClock === null ? '' : `, began ${wallClock}`;
  return `${label} (${command ?? 'a run'} of ${scenario}${when})`;
}
