/** One side of a comparison: a server as it is now, or what was read of one before. */
import type { Counter, Item, ReadWay, TableRead, TableShape } from '../../engine/comparable.js';
import { type WayRefused, wayOf } from './way.js';

export interface Side {
  /** As it is told: the identifier of the cluster. */
  readonly name: string;
  /** Servers of a series write things in the same way: `17`, `8.0`, `10.11`. */
  readonly series: string;
  /** Of another protocol there is nothing to compare. */
  readonly protocolName: 'postgres' | 'mysql';
  /** Whether another look may see something else. */
  readonly isLive: boolean;
  /** Parts of the schema, or users with what they may do. */
  items(aspect: Item['aspect']): Promise<readonly Item[]>;
  tables(): Promise<readonly TableShape[]>;
  counters(): Promise<readonly Counter[]>;
  /**
   * Reads these columns of a table of its own, in one look.
   * @returns null where it was read before, and not so
   */
  read(
    table: TableShape,
    columns: readonly string[],
    way: ReadWay,
    timeoutMs: number,
  ): Promise<TableRead | null>;
  /** Lets its connections go. */
  end(): Promise<void>;
}

interface Kept {
  readonly shape: TableShape;
  readonly way: ReadWay | WayRefused;
  /** What kept it from being read, or what was. */
  readonly read: TableRead | string;
}

/**
 * Reads all that could be compared, to be compared later: before an upgrade, say.
 * @param leftMs how long the whole may still take
 * @throws what the server says to a question for its schema, users or counters
 */
export async function surveyOf(live: Side, leftMs: () => number): Promise<Side> {
  const items = { schema: await live.items('schema'), users: await live.items('users') };
  const counters = await live.counters();
  const kept = new Map<string, Kept>();
  for (const shape of await live.tables()) kept.set(shape.name, await keep(live, shape, leftMs()));
  const { name, series, protocolName } = live;
  return {
    ...{ name: `${name} before`, series, protocolName, isLive: false },
    items: async (aspect) => items[aspect],
    tables: async () => [...kept.values()].map(({ shape }) => shape),
    counters: async () => counters,
    read: async (table, columns, way) => readKept(kept.get(table.name), columns, way),
    end: async () => {},
  };
}

async function keep(live: Side, shape: TableShape, leftMs: number): Promise<Kept> {
  const way = wayOf(shape, shape);
  if (way.way === 'refused') return { shape, way, read: way.why };
  if (leftMs <= 0) return { shape, way, read: 'time was up' };
  const read = await live
    .read(shape, shape.columns, way, leftMs)
    .catch((error: unknown) => String(error));
  return { shape, way, read: read ?? 'it was not read' };
}

function readKept(
  kept: Kept | undefined,
  columns: readonly string[],
  way: ReadWay,
): TableRead | null {
  if (kept === undefined || kept.way.way !== way.way) return null;
  if (kept.shape.columns.join('\0') !== columns.join('\0')) return null;
  if (typeof kept.read === 'string') throw new Error(`it could not be read before: ${kept.read}`);
  return kept.read;
}
