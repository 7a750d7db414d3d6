/** How much of a table is read: what is too large to be read whole is read in part, and told. */
import type { ReadWay, TableShape } from '../../engine/comparable.js';

/** Up to so much all rows are read. */
export const wholeRowsMax = 1_000_000;
export const wholeBytesMax = 256 * 1024 * 1024;
/** Up to so much they are counted, and so many of the newest are read. */
export const countedRowsMax = 20_000_000;
const countedBytesMax = 8 * 1024 * 1024 * 1024;
export const newestRowsMax = 10_000;

export interface WayRefused {
  readonly way: 'refused';
  readonly why: string;
}

/** The way for a table that is on both sides. Pure. */
export function wayOf(from: TableShape, to: TableShape): ReadWay | WayRefused {
  const rows = Math.max(from.rowsEstimated ?? 0, to.rowsEstimated ?? 0);
  const bytes = Math.max(from.bytes, to.bytes);
  if (rows <= wholeRowsMax && bytes <= wholeBytesMax) return { way: 'whole' };
  if (from.key.length === 0 || from.key.join('\0') !== to.key.join('\0'))
    return {
      way: 'refused',
      why: 'it is large, and has no primary key to find its newest rows by',
    };
  const isCounted = rows <= countedRowsMax && bytes <= countedBytesMax;
  return { way: 'newest', rowsMax: newestRowsMax, isCounted };
}

/** As it is told of a table that is not read whole. */
export function wayText({ rowsMax, isCounted }: Extract<ReadWay, { way: 'newest' }>): string {
  const rest = isCounted ? 'the rest is counted alone' : 'the rest is not even counted';
  return `of its rows the newest ${rowsMax} by its key are compared, ${rest}: it is large`;
}
