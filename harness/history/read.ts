/**
 * Reads histories: whole, piece by piece, or while they still grow. Lines that are no entry of this
 * version are kept or counted, never an error; a last line without its end is left out.
 */
import { open } from 'node:fs/promises';
import type { Clock } from '../../sim/clock.js';
import { UserError } from '../../sim/user-error.js';
import { type Entry, kindOf, type ParsedLine, parseEntry, type UnknownLine } from './entry.js';
import { knownEntry } from './known-entry.js';
import { SharedParts } from './shared-parts.js';
import { WholeLines } from './whole-lines.js';

export interface History {
  readonly entries: readonly Entry[];
  /** Decoded lines of a kind, version or shape that this version does not know, as they are. */
  readonly unknown: readonly UnknownLine[];
  /** Lines that are not JSON, or no entry of any kind. */
  readonly garbageLines: number;
  /** True when the last line had no end: the writer was killed in the middle of it. */
  readonly truncated: boolean;
}

/** Reads the text of a history. Never throws. */
export function parseHistory(text: string): History {
  const entries: Entry[] = [];
  const unknown: UnknownLine[] = [];
  let garbageLines = 0;
  let from = 0;
  for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
    const line = text.slice(from, to);
    from = to + 1;
    if (line.trim() === '') continue;
    const parsed = parseLine(line);
    if (parsed === null) garbageLines += 1;
    else if (parsed.known) entries.push(parsed.entry);
    else unknown.push({ why: parsed.why, raw: parsed.raw, lostKind: parsed.lostKind });
  }
  return { entries, unknown, garbageLines, truncated: text.slice(from).trim() !== '' };
}

function parseLine(line: string): ParsedLine | null {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return null;
  }
  if (knownEntry(raw)) return { known: true, entry: raw };
  return kindOf(raw) === null ? null : parseEntry(raw);
}

/**
 * Reads a whole history file into memory, about as much as the file is long.
 * @throws UserError `HISTORY_UNREADABLE`; the signal's reason
 */
export async function readHistory(path: string, signal?: AbortSignal): Promise<History> {
  const entries: Entry[] = [];
  const unknown: UnknownLine[] = [];
  let garbageLines = 0;
  let truncated = false;
  for await (const piece of readPieces(path, signal)) {
    for (const entry of piece.entries) entries.push(entry);
    for (const line of piece.unknown) unknown.push(line);
    garbageLines += piece.garbageLines;
    truncated ||= piece.truncated;
  }
  return { entries, unknown, garbageLines, truncated };
}

/**
 * Reads a history file piece by piece, a few thousand lines each, in memory that does not depend
 * on its length. Each piece is damaged by itself; only the last one can be truncated.
 * @throws UserError `HISTORY_UNREADABLE`; the signal's reason
 */
export async function* readPieces(path: string, signal?: AbortSignal): AsyncGenerator<History> {
  const lines = new WholeLines();
  const parts = new SharedParts();
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const chunk = Buffer.allocUnsafe(chunkBytesMax);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, chunkBytesMax, null).catch((error) => {
        throw unreadable(path, error);
      });
      if (bytesRead === 0) break;
      const piece = parseHistory(lines.push(chunk.subarray(0, bytesRead)));
      yield { ...piece, entries: piece.entries.map((entry) => parts.share(entry)) };
    }
    const truncated = lines.rest.trim() !== '';
    yield { entries: [], unknown: [], garbageLines: lines.tooLong, truncated };
  } finally {
    await file.close();
  }
}

function unreadable(path: string, error: unknown): UserError {
  return new UserError(
    'HISTORY_UNREADABLE',
    `The history ${path} cannot be read: ${error instanceof Error ? error.message : 'unknown'}.`,
    'Name a run folder, a history.ndjson, or "latest" for the last run of this folder.',
  );
}

const chunkBytesMax = 1024 * 1024;

export interface FollowOptions {
  readonly clock: Clock;
  /** Ends the following. */
  readonly signal?: AbortSignal;
  readonly pollMs?: number;
}

/**
 * Replays a history that is still growing: what is there, then what comes, in batches. Ends
 * after the entry that says that the run has finished, or when the signal aborts (what is in
 * the file by then is still given). A file that does not exist yet is waited for.
 */
export async function* follow(path: string, options: FollowOptions): AsyncGenerator<Entry[]> {
  const tail = new Tail(path);
  let finished = false;
  try {
    for (;;) {
      const last = finished || options.signal?.aborted === true;
      for (;;) {
        const text = await tail.read();
        if (text === null) break;
        const { entries } = parseHistory(text);
        finished ||= entries.some(({ kind, data }) => kind === 'run' && data.stage === 'finished');
        if (entries.length > 0) yield [...entries];
      }
      // Once more after the end: other producers' last entries may follow it.
      if (last) return;
      await options.clock.sleep(options.pollMs ?? 100, options.signal).catch(() => undefined);
    }
  } finally {
    await tail.close();
  }
}

/** Whole lines of a growing file, as they come. */
class Tail {
  readonly #path: string;
  readonly #chunk = Buffer.alloc(chunkBytesMax);
  #file: Awaited<ReturnType<typeof open>> | null = null;
  #offset = 0;
  readonly #lines = new WholeLines();

  constructor(path: string) {
    this.#path = path;
  }

  /** The next whole lines, or null when there are none yet. */
  async read(): Promise<string | null> {
    this.#file ??= await open(this.#path, 'r').catch(() => null);
    if (this.#file === null) return null;
    const { bytesRead } = await this.#file.read(this.#chunk, 0, chunkBytesMax, this.#offset);
    if (bytesRead === 0) return null;
    this.#offset += bytesRead;
    return this.#lines.push(this.#chunk.subarray(0, bytesRead));
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }
}
