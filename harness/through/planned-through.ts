/** What a run puts between its clients and the writer, and the lanes that go through it. Pure. */
import type { Through } from '../../sim/sim.js';
import type { LaneKind } from '../history/entry.js';
import type { PlannedLaneKind } from '../probe/lanes-of.js';

/** What stands between, as asked for. */
export interface PlannedThrough {
  readonly through: Through;
  /** As shown: never with a password in it. */
  readonly label: string;
}

/** The target of lanes that go through it, and what goes before their names. */
export const throughTarget = 'through';

/** What clients feel there; each has its twin at the endpoint itself. */
export const throughKinds: readonly LaneKind[] = [
  'new-connection',
  'held-session',
  'idle-session',
  'writer',
];

/** @param cluster whose writer stands behind it: their outages are put down to what befell it */
export function throughLanes(cluster: string): PlannedLaneKind[] {
  return throughKinds.map((kind) => ({
    name: `${throughTarget}/${kind}`,
    kind,
    target: throughTarget,
    cluster,
    listener: 'writer',
  }));
}

/** Who is held to what the writer is held to: what an application feels that goes through it. */
const judgedKinds: readonly LaneKind[] = ['writer', 'new-connection'];

/** Default objectives; those for the writer stand for its clients through it, too. */
export function throughObjectives(
  defaults: readonly string[],
  through: PlannedThrough | null,
): readonly string[] {
  if (through === null) return defaults;
  const ofWriter = defaults.filter((objective) => objective.startsWith('writer.'));
  const theirs = judgedKinds.flatMap((kind) =>
    ofWriter.map((text) => `${throughTarget}/${kind}${text.slice('writer'.length)}`),
  );
  return [...defaults, ...theirs];
}
