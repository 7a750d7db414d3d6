/** What answered a lane, tick by tick: which version, on which instance. Pure. */
import { type Held, valueAt } from './gauge-values.js';
import type { LaneAttempt, LaneMeasure } from './lane.js';

/** What answered a poll. */
export interface Served {
  readonly version: string;
  /** The instance that the lane's name led to when the poll began; null where no name is told. */
  readonly instance: string | null;
  /** Whether it took no writes; null where it was not asked. */
  readonly readOnly: boolean | null;
}

export interface ServedChange extends Served {
  readonly atNs: number;
  readonly tick: number;
}

/**
 * What answered an ok poll of a lane that dials anew; null where it does not say.
 * @param answers where the lane's name led to
 */
export function servedOf(
  {
    outcome,
    version,
    readOnly,
    startNs,
  }: Pick<LaneAttempt, 'outcome' | 'version' | 'readOnly' | 'startNs'>,
  answers: readonly Held[],
): Served | null {
  if (outcome !== 'ok' || version === null) return null;
  return { version, instance: valueAt(answers, startNs), readOnly };
}

/** Whether two polls were answered alike. */
export function sameServed(a: Served, b: Served): boolean {
  return a.version === b.version && a.instance === b.instance && a.readOnly === b.readOnly;
}

/** The ticks at which something else answered than before, the first answer included. */
export function servedChanges(lane: LaneMeasure, answers: readonly Held[] = []): ServedChange[] {
  const changes: ServedChange[] = [];
  for (const tick of lane.ticks) {
    const served = servedOf(tick, answers);
    const last = changes.at(-1);
    if (served === null || tick.tick === null) continue;
    if (last !== undefined && sameServed(last, served)) continue;
    changes.push({ atNs: tick.endNs, tick: tick.tick, ...served });
  }
  return changes;
}
