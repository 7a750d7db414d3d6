/** Whose is what in a joined history: the names of each host's lanes, writes and subjects. Pure. */
import type { Entry, EntryDraft, EntryOf, LaneSpec } from './entry.js';

type WriteData = EntryOf<'write'>['data'];
type Readback = Extract<WriteData, { stage: 'readback' }>;

const hostedKeys = ['cluster', 'instance', 'endpoint', 'session', 'lane', 'app', 'task'] as const;

/** The run is told anew, read-backs are joined, the way back of one is not that of the whole. */
export function isTaken({ kind, data }: Entry): boolean {
  if (kind === 'write') return data.stage !== 'readback';
  return kind !== 'run' && kind !== 'rollback' && kind !== 'back-out';
}

/** The entry with its host's name before every name: `<host>/<lane>`, `<host>/<phase>`. */
export function hosted(entry: Entry, host: string, keepsT0: boolean): EntryDraft {
  const { v: _version, seq: _seq, producer: _producer, ...draft } = entry;
  const subject: Record<string, unknown> = { ...draft.subject };
  for (const key of hostedKeys) {
    const name = subject[key];
    if (typeof name === 'string') subject[key] = `${host}/${name}`;
  }
  if (draft.kind === 'write') {
    const { data } = draft;
    const id = data.stage === 'readback' ? {} : { id: `${host}/${data.id}` };
    return { ...draft, subject, data: { ...data, ...id } } as EntryDraft;
  }
  if (draft.kind === 'phase') {
    const { t0, ...data } = draft.data;
    const named = { ...data, name: `${host}/${data.name}` };
    return { ...draft, subject, data: keepsT0 && t0 === true ? { ...named, t0 } : named };
  }
  return { ...draft, subject } as EntryDraft;
}

/** The lane in the joined list. */
export function laneOf(lane: LaneSpec, host: string, clockErrorMs: number): LaneSpec {
  const cluster = lane.cluster === undefined ? {} : { cluster: `${host}/${lane.cluster}` };
  return {
    ...{ ...lane, ...cluster, name: `${host}/${lane.name}`, target: `${host}/${lane.target}` },
    ...(clockErrorMs > 0 ? { clockErrorMs } : {}),
  };
}

/**
 * One read-back for all: whole only where every host that wrote read its table back whole. Null
 * where none did.
 */
export function joinedReadback(
  parts: readonly { readonly host: string; readonly entries: readonly Entry[] }[],
): Readback | null {
  const found: Readback['found'] = {};
  let complete = true;
  let isThere = false;
  for (const { host, entries } of parts) {
    let own: Readback | null = null;
    let hasWritten = false;
    for (const { kind, data } of entries) {
      if (kind !== 'write') continue;
      if (data.stage === 'readback') own ??= data;
      else hasWritten = true;
    }
    isThere ||= own !== null;
    complete &&= own === null ? !hasWritten : own.complete;
    for (const [session, runs] of Object.entries(own?.found ?? {}))
      found[`${host}/${session}`] = runs;
  }
  return isThere ? { stage: 'readback', complete, version: null, found } : null;
}
