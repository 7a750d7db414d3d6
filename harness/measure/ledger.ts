/** What became of every write: told by the server, and found after the operation. Pure. */
import type { EntryOf } from '../history/entry.js';

type WriteData = EntryOf<'write'>['data'];

export interface Ledger {
  readonly intents: number;
  readonly acknowledged: number;
  readonly failed: number;
  /** No answer, or no later entry: it may have happened. */
  readonly inDoubt: number;
  /** Whether the surviving writer's table was read whole; without it the rest is null. */
  readonly readBack: boolean;
  /** Acknowledged, yet absent. */
  readonly lost: number | null;
  /** Present more than once. */
  readonly duplicated: number | null;
  /** Told failed, yet present. */
  readonly resurrected: number | null;
  readonly inDoubtPresent: number | null;
  readonly inDoubtAbsent: number | null;
  readonly lostIds: readonly string[];
  readonly duplicatedIds: readonly string[];
  readonly resurrectedIds: readonly string[];
}

type Fate = 'acknowledged' | 'failed' | 'inDoubt';

/** Builds the ledger from the write entries, in order; null when the run wrote nothing. */
export function measureLedger(writes: readonly WriteData[]): Ledger | null {
  if (writes.length === 0) return null;
  const fates = new Map<string, Fate>();
  let readback: Extract<WriteData, { stage: 'readback' }> | undefined;
  for (const write of writes) {
    if (write.stage === 'readback') readback = write;
    else fates.set(write.id, write.stage === 'intent' ? 'inDoubt' : write.stage);
  }
  const told = { acknowledged: 0, failed: 0, inDoubt: 0 };
  for (const fate of fates.values()) told[fate] += 1;
  const copies = readback?.complete === true ? copiesFound(readback.found) : null;
  return { intents: fates.size, ...told, ...compare(fates, copies) };
}

type Found = Extract<WriteData, { stage: 'readback' }>['found'];

/** Looks up how many copies of a write were found. */
function copiesFound(found: Found): (id: string) => number {
  const sessions = new Map(
    Object.entries(found).map(([session, runs]) => [
      session,
      [...runs].sort((a, b) => a[0] - b[0]),
    ]),
  );
  return (id) => {
    const dash = id.lastIndexOf('-');
    const number = Number(id.slice(dash + 1));
    let copies = 0;
    for (const [first, last, each] of sessions.get(id.slice(0, dash)) ?? []) {
      if (first > number) break;
      if (number <= last) copies += each;
    }
    return copies;
  };
}

function compare(
  fates: ReadonlyMap<string, Fate>,
  copies: ((id: string) => number) | null,
): Omit<Ledger, 'intents' | Fate> {
  const lostIds: string[] = [];
  const duplicatedIds: string[] = [];
  const resurrectedIds: string[] = [];
  let inDoubtPresent = 0;
  let inDoubtAbsent = 0;
  for (const [id, fate] of copies === null ? [] : fates) {
    const found = copies?.(id) ?? 0;
    if (fate === 'acknowledged' && found === 0) lostIds.push(id);
    if (fate === 'failed' && found > 0) resurrectedIds.push(id);
    if (fate === 'inDoubt' && found > 0) inDoubtPresent += 1;
    if (fate === 'inDoubt' && found === 0) inDoubtAbsent += 1;
    if (found > 1) duplicatedIds.push(id);
  }
  const known = copies !== null;
  return {
    readBack: known,
    lost: known ? lostIds.length : null,
    duplicated: known ? duplicatedIds.length : null,
    resurrected: known ? resurrectedIds.length : null,
    inDoubtPresent: known ? inDoubtPresent : null,
    inDoubtAbsent: known ? inDoubtAbsent : null,
    lostIds,
    duplicatedIds,
    resurrectedIds,
  };
}
