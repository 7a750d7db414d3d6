/** Lanes from whose polls nothing can be concluded, by the notes that say so. Pure. */
import { type EntryOf, type LaneSpec, laneUndecided } from '../history/entry.js';

/** The connections of a lane that are not of its own kind. */
const laneKindOf: Readonly<Record<string, string>> = { heartbeat: 'replica-lag' };

/**
 * By lane, why. A note about a session stands for every lane of that session's kind: which of
 * them it is cannot be told from outside.
 */
export function undecidedLanes(
  lanes: readonly LaneSpec[],
  notes: readonly EntryOf<'note'>[],
  sessions: readonly EntryOf<'session'>[],
): ReadonlyMap<string, string> {
  const undecided = new Map<string, string>();
  for (const { subject, data } of notes) {
    if (data.code !== laneUndecided) continue;
    const known = sessions.find(
      (one) => one.subject.session !== undefined && one.subject.session === subject.session,
    );
    const sessionKind = data.sessionKind ?? known?.data.sessionKind ?? '';
    const probed = /^probe (.+)$/.exec(sessionKind)?.[1];
    const kind = probed === undefined ? undefined : (laneKindOf[probed] ?? probed);
    for (const lane of lanes)
      if (lane.name === subject.lane || lane.kind === kind) undecided.set(lane.name, data.text);
  }
  return undecided;
}
