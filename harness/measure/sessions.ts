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
  /** What it was found to have lost, or that it was ended, in a sentence. */
  readonly text: string;
}

export interface SessionsMeasure {
  /** Sessions at T0. */
  readonly present: number;
  readonly preserved: number;
  readonly dropped: number;
  readonly reconnected: number;
  /**
   * Application sessions that did not work afterwards as they did before, or were ended, though
   * the operation did not drop them.
   */
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

type After = z.infer<typeof afterSchema> & { readonly text: string };

function examinedIn(notes: readonly EntryOf<'note'>[]): After[] {
  return notes.flatMap(({ data }) => {
    const after = data.code === 'session-after' ? afterSchema.safeParse(data.after) : undefined;
    return after?.success === true ? [{ ...after.data, text: data.text }] : [];
  });
}

/** Load sessions that live and lost something, or that hang. */
function brokenLoad(examined: readonly After[]): BrokenSession[] {
  return examined.flatMap(({ sessionKind, alive, lost, failure, text }) => {
    const worse = lost.length > 0 || failure !== null;
    const broken = alive ? worse : failure?.kind === 'timeout';
    return broken ? [{ sessionKind, text }] : [];
  });
}

/** How the end of a dropped session looks to its client. */
const endsOfDropped: readonly string[] = ['terminated', 'shutting-down'];

/**
 * Load sessions that were found ended although the operation dropped fewer of their kind: a fault
 * of the rehearsal, or the network, ended them. The world's names for sessions are not the load's,
 * so that only their number is certain; those that do not look dropped are named first.
 */
function endedOtherwise(
  examined: readonly After[],
  list: readonly SessionRecord[],
): BrokenSession[] {
  const drops = new Map<string, number>();
  for (const { sessionKind, fate } of list)
    if (fate === 'dropped') drops.set(sessionKind, (drops.get(sessionKind) ?? 0) + 1);
  const looksDropped = ({ failure }: After): boolean => endsOfDropped.includes(failure?.kind ?? '');
  const ended = examined.filter(({ alive, failure }) => !alive && failure?.kind !== 'timeout');
  const likeliest = [...ended.filter(looksDropped), ...ended.filter((one) => !looksDropped(one))];
  return likeliest.flatMap(({ sessionKind, text }) => {
    const left = drops.get(sessionKind) ?? 0;
    drops.set(sessionKind, left - 1);
    return left > 0 ? [] : [{ sessionKind, text: `${text}; the operation did not drop it` }];
  });
}

/**
 * Sessions of the user's own clients that were kept and lost state all the same, as the world
 * tells. Load sessions are not among them: they examine themselves.
 */
function brokenClients(entries: readonly EntryOf<'session'>[]): BrokenSession[] {
  return entries.flatMap(({ subject, data }) => {
    const { stage, owner, sessionKind, lost = [] } = data;
    const isClient = owner === 'application' && /^application\b/.test(sessionKind);
    if (stage !== 'preserved' || !isClient || lost.length === 0) return [];
    const text = `${subject.session ?? 'a session'} was preserved and has lost ${lost.join(', ')}`;
    return [{ sessionKind, text }];
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
  const examined = examinedIn(notes);
  return {
    present,
    preserved: list.filter((record) => record.fate === 'preserved').length,
    dropped: list.filter((record) => record.fate === 'dropped').length,
    reconnected,
    broken: [...brokenClients(entries), ...brokenLoad(examined), ...endedOtherwise(examined, list)],
    list,
  };
}
