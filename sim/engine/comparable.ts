/**
 * What is compared of a database server: the shapes and the rows of its tables, the counters that
 * number new rows, its schema, its users. Each engine fills these in, in its `comparable.ts`.
 */

/** What is compared, in the order in which it is told. */
export const aspects = ['schema', 'users', 'counters', 'rows'] as const;
export type Aspect = (typeof aspects)[number];

/** One thing that a server has: there, or there and the same, or not. */
export interface Item {
  readonly aspect: 'schema' | 'users';
  /** What it is, and its name: `column public.orders.id`, `role app`. */
  readonly name: string;
  /** What it is like. */
  readonly said: string;
  /** What it is like is told to nobody: a verifier, or a long text. */
  readonly isHidden?: true;
  /** Servers of other versions write the same thing otherwise: only its being there counts then. */
  readonly byVersion?: true;
}

/** A table with rows of its own. */
export interface TableShape {
  readonly name: string;
  /** In a fixed order. */
  readonly columns: readonly string[];
  /** Of its primary key, in order. */
  readonly key: readonly string[];
  /** As the server estimates them; null where it does not know. */
  readonly rowsEstimated: number | null;
  readonly bytes: number;
}

/** How a table is read: all of it, or those rows alone that its key says are the newest. */
export type ReadWay =
  | { readonly way: 'whole' }
  | { readonly way: 'newest'; readonly rowsMax: number; readonly isCounted: boolean };

/** What was read of a table: the same on two servers where both have the same rows. */
export interface TableRead {
  /** Null: it has too many to be counted. */
  readonly rows: string | null;
  readonly checksum: string;
}

/** What numbers new rows. */
export interface Counter {
  readonly what: 'sequence' | 'AUTO_INCREMENT';
  readonly name: string;
  /** The number that it gives next. */
  readonly next: bigint;
  /** Whether it counts up. */
  readonly isUp: boolean;
  /** The highest number in the column that it numbers; null where there is none, or no telling. */
  readonly used: bigint | null;
}
