/** Cuts the bytes of a file, as they come, at the ends of its lines. Pure but for what it keeps. */

/** The read-back of a ledger of millions of writes is a line of some megabytes. */
export const lineBytesMax = 64 * 1024 * 1024;

const lineFeed = 0x0a;

export class WholeLines {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #skips = false;
  #tooLong = 0;

  constructor(bytesMax = lineBytesMax) {
    this.#bytesMax = bytesMax;
  }

  /** The text of the lines that these bytes end; the bytes may be used anew afterwards. */
  push(bytes: Buffer): string {
    const end = bytes.lastIndexOf(lineFeed) + 1;
    if (end === 0) {
      this.#keep(bytes);
      return '';
    }
    const from = this.#skips ? bytes.indexOf(lineFeed) + 1 : 0;
    const text = Buffer.concat([...this.#parts, bytes.subarray(from, end)]).toString('utf8');
    this.#forget();
    this.#skips = false;
    this.#keep(bytes.subarray(end));
    return text;
  }

  /** The last line, which has no end, as far as it was kept. */
  get rest(): string {
    return Buffer.concat(this.#parts).toString('utf8');
  }

  /** Lines that were longer than can be kept, and are in no text. */
  get tooLong(): number {
    return this.#tooLong;
  }

  #keep(bytes: Buffer): void {
    if (this.#skips || bytes.length === 0) return;
    this.#parts.push(Buffer.from(bytes));
    this.#bytes += bytes.length;
    if (this.#bytes <= this.#bytesMax) return;
    this.#forget();
    this.#skips = true;
    this.#tooLong += 1;
  }

  #forget(): void {
    this.#parts = [];
    this.#bytes = 0;
  }
}
