/**
 * Appends entries to a history file. Whole lines, in the order given, a few milliseconds after
 * they were given; a kill at any moment leaves whole lines except perhaps the last.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, Timer } from '../../sim/clock.js';
import type { Entry } from './entry.js';

export interface HistoryWriter {
  /** Takes one entry. Never throws: a failed write is kept in `failure`. */
  write(entry: Entry): void;
  /** Everything taken so far is in the file when this returns. */
  flush(): void;
  /** Flushes, syncs and closes. Safe to call twice. */
  close(): void;
  /** The first error of the file system; entries after it are counted and lost. */
  readonly failure: Error | null;
  /** Entries that could not be written. */
  readonly lost: number;
}

export interface OpenHistoryOptions {
  readonly clock: Clock;
  /** How long entries may wait for company. */
  readonly batchMs?: number;
  /** The buffer is written at once when it holds this many bytes. */
  readonly bufferBytesMax?: number;
}

/**
 * Opens a history for appending, making its folder where needed. Writes are synchronous: they
 * belong on a thread of their own (see `worker.ts`).
 * @throws the file system's error when the file cannot be opened
 */
export function openHistory(path: string, options: OpenHistoryOptions): HistoryWriter {
  mkdirSync(dirname(path), { recursive: true });
  return new BatchingWriter(openSync(path, 'a', 0o600), options);
}

class BatchingWriter implements HistoryWriter {
  failure: Error | null = null;
  lost = 0;
  readonly #clock: Clock;
  readonly #batchMs: number;
  readonly #bufferBytesMax: number;
  #file: number | null;
  #lines: string[] = [];
  #bytes = 0;
  #timer: Timer | null = null;

  constructor(file: number, options: OpenHistoryOptions) {
    this.#file = file;
    this.#clock = options.clock;
    this.#batchMs = options.batchMs ?? 5;
    this.#bufferBytesMax = options.bufferBytesMax ?? 256 * 1024;
  }

  write(entry: Entry): void {
    if (this.#file === null || this.failure !== null) {
      this.lost += 1;
      return;
    }
    const line = `${JSON.stringify(entry)}\n`;
    this.#lines.push(line);
    this.#bytes += line.length;
    if (this.#bytes >= this.#bufferBytesMax) this.flush();
    else this.#timer ??= this.#clock.timer(this.#batchMs, () => this.flush());
  }

  flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#file === null || this.#lines.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    try {
      writeAll(this.#file, Buffer.from(lines.join('')));
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
      this.lost += lines.length;
    }
  }

  close(): void {
    if (this.#file === null) return;
    this.flush();
    const file = this.#file;
    this.#file = null;
    try {
      fsyncSync(file);
      closeSync(file);
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }
}

function writeAll(file: number, bytes: Buffer): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(file, bytes, done);
}
