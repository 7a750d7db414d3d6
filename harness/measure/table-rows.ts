/** What was found in the ledger's table, by the ids of the writes. Pure. */
import type { EntryOf } from '../history/entry.js';
import { firstAtLeast } from './outages.js';

type Found = Extract<EntryOf<'write'>['data'], { stage: 'readback' }>['found'];

/** Numbers that follow each other and are there equally often; those of a session are disjoint. */
interface Segment {
  readonly first: number;
  readonly last: number;
  readonly copies: number;
}

interface SessionRows {
  readonly segments: readonly Segment[];
  /** The last number of each segment. */
  readonly lasts: readonly number[];
}

/** Rows that no write explains: how many, and the first of them. */
export interface Strays {
  readonly count: number;
  readonly ids: readonly string[];
}

type Writes = ReadonlyMap<string, unknown>;

export class TableRows {
  readonly #sessions: ReadonlyMap<string, SessionRows>;

  constructor(found: Found) {
    this.#sessions = new Map(
      Object.entries(found).map(([session, runs]) => {
        const segments = disjoint(runs);
        return [session, { segments, lasts: segments.map(({ last }) => last) }];
      }),
    );
  }

  /** How often a write is there. */
  copiesOf(id: string): number {
    const at = id.lastIndexOf('-');
    const number = Number(id.slice(at + 1));
    const session = id.slice(0, at);
    if (!Number.isSafeInteger(number) || `${session}-${number}` !== id) return 0;
    const rows = this.#sessions.get(session);
    const segment = rows?.segments[firstAtLeast(rows.lasts, number)];
    return segment !== undefined && segment.first <= number ? segment.copies : 0;
  }

  /** The rows of none of these writes. */
  strays(writes: Writes, idsMax: number): Strays {
    return this.#without(
      writes,
      idsMax,
      () => true,
      ({ copies }) => copies,
    );
  }

  /** The ids that are of none of these writes and are there more than once. */
  doubledStrays(writes: Writes, idsMax: number): Strays {
    return this.#without(
      writes,
      idsMax,
      ({ copies }) => copies > 1,
      () => 1,
    );
  }

  /** Sums `weigh` over the numbers of the segments wanted, those of the writes left out. */
  #without(
    writes: Writes,
    idsMax: number,
    wanted: (segment: Segment) => boolean,
    weigh: (segment: Segment) => number,
  ): Strays {
    const explained = this.#numbersOf(writes);
    const ids: string[] = [];
    let count = 0;
    for (const [session, { segments }] of this.#sessions) {
      const known = explained.get(session) ?? [];
      let from = 0;
      for (const segment of segments) {
        while ((known[from] ?? Number.POSITIVE_INFINITY) < segment.first) from += 1;
        let to = from;
        while ((known[to] ?? Number.POSITIVE_INFINITY) <= segment.last) to += 1;
        const strays = segment.last - segment.first + 1 - (to - from);
        if (strays === 0 || !wanted(segment)) continue;
        count += strays * weigh(segment);
        for (let number = segment.first; number <= segment.last && ids.length < idsMax; number++)
          if (!writes.has(`${session}-${number}`)) ids.push(`${session}-${number}`);
      }
    }
    return { count, ids };
  }

  /** The numbers of the writes that are there, ascending, by session. */
  #numbersOf(writes: Writes): Map<string, number[]> {
    const numbers = new Map<string, number[]>();
    for (const id of writes.keys()) {
      if (this.copiesOf(id) === 0) continue;
      const at = id.lastIndexOf('-');
      const session = id.slice(0, at);
      const list = numbers.get(session);
      if (list === undefined) numbers.set(session, [Number(id.slice(at + 1))]);
      else list.push(Number(id.slice(at + 1)));
    }
    for (const list of numbers.values()) list.sort((a, b) => a - b);
    return numbers;
  }
}

/** The same numbers as disjoint segments in order; where runs overlap their copies add up. */
function disjoint(runs: Found[string]): Segment[] {
  const changes = new Map<number, number>();
  const change = (at: number, copies: number): void =>
    void changes.set(at, (changes.get(at) ?? 0) + copies);
  for (const [first, last, copies] of runs) {
    change(first, copies);
    change(last + 1, -copies);
  }
  const inOrder = [...changes].sort(([a], [b]) => a - b);
  const segments: Segment[] = [];
  let copies = 0;
  for (const [index, [first, more]] of inOrder.entries()) {
    copies += more;
    const next = inOrder[index + 1]?.[0];
    if (copies > 0 && next !== undefined) segments.push({ first, last: next - 1, copies });
  }
  return segments;
}
