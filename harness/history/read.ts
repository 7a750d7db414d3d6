/**
 * Reads histories: whole, or while they still grow. Lines that are no entry of this version are
 * kept or counted, never an error; a last line without its end is left out.
 */
import { open, readFile } from 'node:fs/promises';
import type { Clock } from '../../sim/clock.js';
import { UserError } from '../../sim/user-error.js';
import { type Entry, parseEntry } from './entry.js';
import { knownEntry } from './known-entry.js';

export interface History {
  readonly entries: readonly Entry[];
  /** Decoded lines of a kind, version or shape this version does not know, as they are. */
  readonly unknown: readonly { readonly why: string; readonly raw: unknown }[];
  /** Lines that are not JSON. */
  readonly garbageLines: number;
  /** True when the last line had no end: the writer was killed in the middle of it. */
  readonly truncated: boolean;
}

/** Reads the text of a history. Never throws. */
export function parseHistory(text: string): History {
  const entries: Entry[] = [];
  const unknown: { why: string; raw: unknown }[] = [];
  let garbageLines = 0;
  let from = 0;
  for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
    const line = text.slice(from, to);
    from = to + 1;
    if (line.trim() === '') continue;
    const parsed = parseLine(line);
    if (parsed === null) garbageLines += 1;
    else if (parsed.known) entries.push(parsed.entry);
    else unknown.push({ why: parsed.why, raw: parsed.raw });
  }
  return { entries, unknown, garbageLines, truncated: text.slice(from).trim() !== '' };
}

function parseLine(line: string): ReturnType<typeof parseEntry> | null {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return null;
  }
  return knownEntry(raw) ? { known: true, entry: raw } : parseEntry(raw);
}

/**
 * Reads a whole history file.
 * @throws UserError `HISTORY_UNREADABLE`
 */
export async function readHistory(path: string): Promise<History> {
  try {
    return parseHistory(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UserError(
      'HISTORY_UNREADABLE',
      `The history ${path} cannot be read: ${error instanceof Error ? error.message : 'unknown'}.`,
      'Name a run folder, a history.ndjson, or "latest" for the last run of this folder.',
    );
  }
}

export interface FollowOptions {
  readonly clock: Clock;
  /** Ends the following. */
  readonly signal?: AbortSignal;
  readonly pollMs?: number;
}

const chunkBytesMax = 1024 * 1024;

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
  #rest: Buffer = Buffer.alloc(0);

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
    const bytes = Buffer.concat([this.#rest, this.#chunk.subarray(0, bytesRead)]);
    const end = bytes.lastIndexOf(0x0a) + 1;
    this.#rest = Buffer.from(bytes.subarray(end));
    return bytes.subarray(0, end).toString('utf8');
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }
}
