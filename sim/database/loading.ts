/** What loading a dump means on either engine. */
import type { DumpPart } from './dump-reader.js';

/** A statement that the server refused; the load ends with it. */
export class StatementFailed extends Error {
  /**
   * @param words the statement's first words
   * @param message the server's own, with what it adds to it
   */
  constructor(
    readonly line: number,
    readonly words: string,
    message: string,
  ) {
    super(message);
  }
}

/** One file's connection: settings of one file are not those of the next. */
export interface DumpSession {
  /** @throws StatementFailed; Error where the connection is lost */
  take(part: DumpPart): Promise<void>;
  /** After the last part. @throws StatementFailed where the file leaves something open */
  finish(): Promise<void>;
  /** Ends the connection, at once where work is under way. */
  close(): Promise<void>;
}

/** Loads the files of one database, one session each. */
export interface DumpLoader {
  /** Makes what loading needs. */
  begin(): Promise<void>;
  open(): Promise<DumpSession>;
  /** Hands everything to the application, and makes what dumps take for granted. */
  finish(): Promise<void>;
  /** One sentence for each kind of thing that was left out or made. */
  remarks(): string[];
  /** How a program of the user's own reaches the database while it is filled, as a URL. */
  readonly url: string;
}

/** `3 changes of owner: …`, `a change …` is not told apart from one of them. */
export function countedRemarks<K extends string>(
  counts: ReadonlyMap<K, number>,
  texts: Readonly<Record<K, string>>,
): string[] {
  return [...counts].map(([kind, count]) => `left out ${count}: ${texts[kind]}`);
}

export function countOne<K>(counts: Map<K, number>, kind: K): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}
