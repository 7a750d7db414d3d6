/** What became of every write: told by the server, and found after the operation. Pure. */
import type { EntryOf } from '../history/entry.js';
import { TableRows } from './table-rows.js';

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
  /** Present more than once, also where no write explains them. */
  readonly duplicated: number | null;
  /** Told failed, yet present. */
  readonly resurrected: number | null;
  readonly inDoubtPresent: number | null;
  readonly inDoubtAbsent: number | null;
  readonly lostIds: readonly string[];
  /** Of those that no write explains the first hundred of each session. */
  readonly duplicatedIds: readonly string[];
  readonly resurrectedIds: readonly string[];
}

type Fate = 'acknowledged' | 'failed' | 'inDoubt';

/** Two days of a busy ledger; their fates take about 400 MB. */
const writesMax = 4_000_000;
const strayIdsMax = 100;
const strayIdsShown = 3;

/** The ledger of the write entries, in order; null when the run wrote nothing. */
export function measureLedger(writes: readonly WriteData[]): Ledger | null {
  const book = new LedgerBook();
  for (const write of writes) book.take(write);
  return book.measured();
}

/** The ledger, built as its entries come. */
export class LedgerBook {
  readonly #fates = new Map<string, Fate>();
  #readback: Extract<WriteData, { stage: 'readback' }> | null = null;
  #leftOut = 0;

  take(write: WriteData): void {
    if (write.stage === 'readback') this.#readback = write;
    else if (this.#fates.size < writesMax || this.#fates.has(write.id))
      this.#fates.set(write.id, write.stage === 'intent' ? 'inDoubt' : write.stage);
    else this.#leftOut += 1;
  }

  /** Null when the run wrote nothing. */
  measured(): Ledger | null {
    if (this.#fates.size === 0 && this.#readback === null) return null;
    const told = { acknowledged: 0, failed: 0, inDoubt: 0 };
    for (const fate of this.#fates.values()) told[fate] += 1;
    return { intents: this.#fates.size, ...told, ...compare(this.#fates, this.#rows()) };
  }

  /** Ids of acknowledged writes that are not among these rows. */
  acknowledgedAbsent(rows: TableRows): string[] {
    return [...this.#fates].flatMap(([id, fate]) =>
      fate === 'acknowledged' && rows.copiesOf(id) === 0 ? [id] : [],
    );
  }

  /** Why it is not whole, in sentences without their full stops. */
  gaps(): string[] {
    const gaps: string[] = [];
    if (this.#leftOut > 0) gaps.push(`more than ${writesMax} writes: not all are in the ledger`);
    const rows = this.#rows();
    if (rows === null) return gaps;
    const { count, ids } = rows.strays(this.#fates, strayIdsShown + 1);
    if (count === 0) return gaps;
    const named = ids.length > strayIdsShown ? [...ids.slice(0, strayIdsShown), '…'] : ids;
    const are =
      count === 1 ? "1 row of the ledger's table is" : `${count} rows of the ledger's table are`;
    gaps.push(`${are} of no write of this history (${named.join(', ')})`);
    return gaps;
  }

  #rows(): TableRows | null {
    return this.#readback?.complete === true ? new TableRows(this.#readback.found) : null;
  }
}

function compare(
  fates: ReadonlyMap<string, Fate>,
  rows: TableRows | null,
): Omit<Ledger, 'intents' | Fate> {
  const lostIds: string[] = [];
  const duplicatedIds: string[] = [];
  const resurrectedIds: string[] = [];
  let inDoubtPresent = 0;
  let inDoubtAbsent = 0;
  for (const [id, fate] of rows === null ? [] : fates) {
    const found = rows?.copiesOf(id) ?? 0;
    if (fate === 'acknowledged' && found === 0) lostIds.push(id);
    if (fate === 'failed' && found > 0) resurrectedIds.push(id);
    if (fate === 'inDoubt' && found > 0) inDoubtPresent += 1;
    if (fate === 'inDoubt' && found === 0) inDoubtAbsent += 1;
    if (found > 1) duplicatedIds.push(id);
  }
  const known = rows !== null;
  const strays = rows?.doubledStrays(fates, strayIdsMax);
  return {
    readBack: known,
    lost: known ? lostIds.length : null,
    duplicated: known ? duplicatedIds.length + (strays?.count ?? 0) : null,
    resurrected: known ? resurrectedIds.length : null,
    inDoubtPresent: known ? inDoubtPresent : null,
    inDoubtAbsent: known ? inDoubtAbsent : null,
    lostIds,
    duplicatedIds: [...duplicatedIds, ...(strays?.ids ?? [])],
    resurrectedIds,
  };
}
