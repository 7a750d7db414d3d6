/**
 * Compares the rows of the tables that are on both sides. Writes should be quiet meanwhile; where
 * they are not, nobody can tell a difference from a write on its way. So a difference counts only
 * where both sides stood still between two looks and differ all the same; a table that goes on
 * changing was not compared, and is told so.
 */
import type { Clock } from '../../clock.js';
import type { ReadWay, TableRead, TableShape } from '../../engine/comparable.js';
import { messageOf } from '../../user-error.js';
import type { Findings } from './comparison.js';
import type { Side } from './side.js';
import { wayOf, wayText } from './way.js';

/** How long after the look before a table that differs is looked at again. */
const againMs = 250;
/** For one look at one table. */
const readMsMax = 30_000;

export interface RowsWanted {
  readonly from: Side;
  readonly to: Side;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long a table that goes on changing is looked at. */
  readonly settleMs: number;
  /** How long all of it may still take. */
  readonly leftMs: () => number;
}

/** One table, and how it is looked at. */
interface Pair {
  readonly from: TableShape;
  readonly to: TableShape;
  readonly columns: readonly string[];
  readonly way: ReadWay;
}

interface Look {
  readonly from: TableRead;
  readonly to: TableRead;
}

/** @throws the signal's reason, and what the servers say to a question for their tables */
export async function compareRows(wanted: RowsWanted, findings: Findings): Promise<void> {
  const [before, after] = [await wanted.from.tables(), await wanted.to.tables()];
  const shapes = new Map(after.map((shape) => [shape.name, shape]));
  for (const from of before) {
    const to = shapes.get(from.name);
    // That it is not there is told with the schema.
    if (to === undefined) continue;
    if (wanted.signal.aborted) throw wanted.signal.reason;
    const why = await compareTable(wanted, from, to, findings).catch((error: unknown) => {
      if (wanted.signal.aborted) throw wanted.signal.reason;
      return messageOf(error);
    });
    if (why !== null) findings.notCompared(`table ${from.name}: ${why}`);
  }
}

/** @returns why it could not be compared, or null */
async function compareTable(
  wanted: RowsWanted,
  from: TableShape,
  to: TableShape,
  findings: Findings,
): Promise<string | null> {
  if (wanted.leftMs() <= 0) return 'time was up';
  const way = wayOf(from, to);
  if (way.way === 'refused') return way.why;
  const columns = from.columns.filter((one) => to.columns.includes(one));
  const pair: Pair = { from, to, columns, way };
  const first = await look(wanted, pair);
  if (first === null) return 'its columns or its size are not what they were';
  const seen = isSame(first.from, first.to) ? 'same' : await settled(wanted, pair, first);
  if (typeof seen === 'string' && seen !== 'same') return seen;
  findings.compared();
  if (way.way === 'newest') findings.remark(`table ${from.name}: ${wayText(way)}`);
  if (seen !== 'same') findings.differs(`table ${from.name}: ${differenceOf(wanted, pair, seen)}`);
  return null;
}

/** @returns `same`, two looks that are the last ones, or why nobody can tell */
async function settled(
  { from, to, clock, signal, settleMs }: RowsWanted,
  pair: Pair,
  first: Look,
): Promise<Look | 'same' | string> {
  const wanted = { from, to };
  const sinceNs = clock.nowNs();
  let before = first;
  for (;;) {
    await clock.sleep(againMs, signal);
    const now = await look(wanted, pair);
    if (now === null) return 'it is not there any more';
    if (isSame(now.from, now.to)) return 'same';
    const moving = [
      ...(isSame(before.from, now.from) ? [] : [from.name]),
      ...(isSame(before.to, now.to) ? [] : [to.name]),
    ];
    if (moving.length === 0) return now;
    if ((clock.nowNs() - sinceNs) / 1e6 > settleMs)
      return `it is being written to in ${moving.join(' and ')}: a difference would tell nothing`;
    before = now;
  }
}

async function look(
  { from, to }: Pick<RowsWanted, 'from' | 'to'>,
  pair: Pair,
): Promise<Look | null> {
  const [was, is] = await Promise.all([
    from.read(pair.from, pair.columns, pair.way, readMsMax),
    to.read(pair.to, pair.columns, pair.way, readMsMax),
  ]);
  return was === null || is === null ? null : { from: was, to: is };
}

function isSame(one: TableRead, other: TableRead): boolean {
  return one.rows === other.rows && one.checksum === other.checksum;
}

function differenceOf({ from, to }: RowsWanted, { way }: Pair, seen: Look): string {
  if (seen.from.rows !== seen.to.rows)
    return `${seen.from.rows} rows in ${from.name}, ${seen.to.rows} in ${to.name}`;
  const of = way.way === 'whole' ? '' : 'newest ';
  const rows = way.way === 'whole' ? `${seen.from.rows} ` : '';
  return `its ${rows}${of}rows hold other values in ${to.name} than in ${from.name}`;
}
