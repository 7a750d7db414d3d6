/** What became of the sessions of the endpoint. Pure. */
import { z } from 'zod';
import { type EntryOf, failureSchema } from '../history/entry.js';

export type SessionFate = 'present' | 'preserved' | 'dropped' | 'closed';

export interface SessionRecord {
  readonly id: string;
  readonly sessionKind: string;
  readonly owner: 'instrument' | 'application';
  /** `present`: neither preserved nor dropped was told, as when the run broke off. */
  readonly fate: SessionFate;
  readonly reason: string | null;
  readonly detail: string | null;
  /** When it was dropped, nanoseconds; else null. */
  readonly droppedNs: number | null;
}

export interface BrokenSession {
  /** Such as `load prepared`. */
  readonly sessionKind: string;
  /** What it was found to have lost, in a sentence. */
  readonly text: string;
}

export interface SessionsMeasure {
  /** Sessions at T0. */
  readonly present: number;
  readonly preserved: number;
  readonly dropped: number;
  readonly reconnected: number;
  /** Application sessions that were kept and did not work afterwards as they did before. */
  readonly broken: readonly BrokenSession[];
  readonly list: readonly SessionRecord[];
}

/** What is told of a session later does not undo what weighs more: a drop is its fate for good. */
const weight: Readonly<Record<SessionFate, number>> = {
  present: 0,
  closed: 1,
  preserved: 2,
  dropped: 3,
};

/** What a load session tells of itself when it is examined after the operation. */
const afterSchema = z.looseObject({
  sessionKind: z.string(),
  alive: z.boolean(),
  lost: z.array(z.string()),
  failure: failureSchema.nullable(),
});

function brokenIn(notes: readonly EntryOf<'note'>[]): BrokenSession[] {
  return notes.flatMap(({ data }) => {
    const after = data.code === 'session-after' ? afterSchema.safeParse(data.after) : undefined;
    if (after?.success !== true) return [];
    const { sessionKind, alive, lost, failure } = after.data;
    const worse = lost.length > 0 || failure !== null;
    // One that was dropped is ended, which is told as such; one that hangs was not dropped.
    const broken = alive ? worse : failure?.kind === 'timeout';
    return broken ? [{ sessionKind, text: data.text }] : [];
  });
}

/** Sums up the session entries, in order, and what the notes found; null without entries. */
export function measureSessions(
  entries: readonly EntryOf<'session'>[],
  notes: readonly EntryOf<'note'>[] = [],
): SessionsMeasure | null {
  if (entries.length === 0) return null;
  const records = new Map<string, SessionRecord>();
  let reconnected = 0;
  let present = 0;
  for (const [index, { atNs, subject, data }] of entries.entries()) {
    const id = subject.session ?? `unnamed-${index}`;
    if (data.stage === 'reconnected') {
      reconnected += 1;
      continue;
    }
    if (data.stage === 'present') present += 1;
    const earlier = records.get(id);
    if (earlier !== undefined && weight[data.stage] < weight[earlier.fate]) continue;
    records.set(id, {
      id,
      sessionKind: data.sessionKind,
      owner: data.owner,
      fate: data.stage,
      reason: data.reason,
      detail: data.detail,
      droppedNs: data.stage === 'dropped' ? atNs : null,
    });
  }
  const list = [...records.values()];
  return {
    present,
    preserved: list.filter((record) => record.fate === 'preserved').length,
    dropped: list.filter((record) => record.fate === 'dropped').length,
    reconnected,
    broken: brokenIn(notes),
    list,
  };
}
