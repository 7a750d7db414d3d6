/** The log of one server: a file that the server writes to itself, kept from growing for ever. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import type { Clock, Timer } from '../../clock.js';

const bytesMax = 8 * 1024 * 1024;
const bytesKept = 256 * 1024;
const checkEveryMs = 5_000;

export class ServerLog {
  /** For the server's standard output and error. Appending, so that shortening is safe. */
  readonly descriptor: number;
  readonly #clock: Clock;
  #check: Timer | undefined;
  #closed = false;

  constructor(path: string, clock: Clock) {
    this.#clock = clock;
    this.descriptor = openSync(path, 'ax+', 0o600);
  }

  /** Looks at the size now and then, until `rest`. */
  watch(): void {
    this.#check ??= this.#clock.timer(checkEveryMs, () => {
      this.#check = undefined;
      this.shorten(bytesMax, bytesKept);
      this.watch();
    });
  }

  rest(): void {
    this.#check?.cancel();
    this.#check = undefined;
  }

  /** Cuts a file larger than `limit` down to its last `kept` bytes. */
  shorten(limit: number, kept: number): void {
    if (this.size() <= limit) return;
    const end = this.#read(kept);
    ftruncateSync(this.descriptor, 0);
    writeSync(this.descriptor, end);
  }

  /** Takes these texts out of it, wherever they are. What is written meanwhile may be lost. */
  without(secrets: readonly string[]): void {
    const found = this.#closed ? '' : this.#read(this.size()).toString('latin1');
    const plain = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), found);
    if (plain === found) return;
    ftruncateSync(this.descriptor, 0);
    writeSync(this.descriptor, Buffer.from(plain, 'latin1'));
  }

  size(): number {
    return this.#closed ? 0 : fstatSync(this.descriptor).size;
  }

  /** The last lines, oldest first. */
  tail(lines: number): string {
    return this.#read(64 * 1024)
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .join('\n');
  }

  /** What was written since the file had `size` bytes. */
  since(size: number): string {
    return this.#read(Math.min(64 * 1024, Math.max(0, this.size() - size))).toString('utf8');
  }

  close(): void {
    this.rest();
    if (this.#closed) return;
    this.#last = this.#read(64 * 1024);
    this.#closed = true;
    closeSync(this.descriptor);
  }

  /** What `tail` can still tell once the file is gone. */
  #last: Buffer = Buffer.alloc(0);

  #read(bytes: number): Buffer {
    if (this.#closed) return this.#last;
    const size = this.size();
    const buffer = Buffer.alloc(Math.min(bytes, size));
    const count = readSync(this.descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.subarray(0, count);
  }
}
