/** Which server version answered a lane, tick by tick. Pure. */
import type { LaneMeasure } from './lane.js';

export interface ServedChange {
  readonly atNs: number;
  readonly tick: number;
  readonly version: string;
}

/** The ticks at which another version answered than before, the first answer included. */
export function servedChanges(lane: LaneMeasure): ServedChange[] {
  const changes: ServedChange[] = [];
  for (const tick of lane.ticks) {
    if (tick.version === null || tick.tick === null || tick.outcome !== 'ok') continue;
    if (changes.at(-1)?.version === tick.version) continue;
    changes.push({ atNs: tick.endNs, tick: tick.tick, version: tick.version });
  }
  return changes;
}
