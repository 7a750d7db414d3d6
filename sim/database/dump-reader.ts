/**
 * What the readers of dumps have in common: bytes in, whole statements out, however the bytes are
 * cut. They know quoting, comments and where a statement ends, nothing of grammar. Bytes stay
 * bytes: a dump may hold another character set than UTF-8, or none. Pure: no files, no timers.
 */

/** One thing that a dump says. */
export type DumpPart =
  /** A statement without its end mark; comments before it are left out. */
  | { readonly kind: 'statement'; readonly sql: Buffer; readonly line: number }
  /** `COPY ... FROM stdin`: its rows follow, as they are on the wire. */
  | { readonly kind: 'copy'; readonly sql: Buffer; readonly line: number }
  | { readonly kind: 'rows'; readonly bytes: Buffer }
  | { readonly kind: 'copy-end' }
  /** A command of psql, such as `\connect orders`, without its end of line. */
  | { readonly kind: 'command'; readonly text: string; readonly line: number };

/** A dump that cannot be read on. */
export class DumpError extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** No server takes longer ones by default, and nobody may make us hold more. */
export const statementBytesMax = 64 * 1024 * 1024;

const newline = 0x0a;

export abstract class DumpReader {
  readonly #bytesMax: number;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** Where the bytes of the statement that are in the window begin. */
  #from = 0;
  #startLine = 1;
  /** Where the first line that `at` has not passed ends: looked up once for each line. */
  #nextNewline = 0;
  #found: DumpPart[] = [];
  /** Bytes that were not understood yet, then those of the latest chunk. */
  protected window: Buffer = Buffer.alloc(0);
  /** How far the window has been understood. */
  protected at = 0;
  /** Counts from 1. */
  protected line = 1;
  /** Whether a statement has begun: something other than space and comments was seen. */
  protected begun = false;
  protected atEnd = false;

  constructor(bytesMax = statementBytesMax) {
    this.#bytesMax = bytesMax;
  }

  /**
   * Takes bytes and gives the parts that are whole now. Rows refer to the chunk.
   * @throws DumpError
   */
  push(chunk: Buffer): DumpPart[] {
    this.window = this.window.length === 0 ? chunk : Buffer.concat([this.window, chunk]);
    return this.#readOn();
  }

  /**
   * The last parts: a statement at the very end needs no end mark.
   * @throws DumpError where the file ends within something
   */
  end(): DumpPart[] {
    this.atEnd = true;
    const found = this.#readOn();
    const open = this.openAtEnd();
    if (open !== null) throw new DumpError(this.line, `the file ends within ${open}`);
    if (this.begun) this.finish(0);
    return [...found, ...this.#found.splice(0)];
  }

  /**
   * Understands what is at `at` and moves on; false where more bytes are needed for that, which
   * does not happen at the end.
   */
  protected abstract step(): boolean;

  /** What the text is within, in words; null where it may end. */
  protected abstract openAtEnd(): string | null;

  /** Told of each whole statement before it is given; may give it another kind. */
  protected kindOf(_sql: Buffer): 'statement' | 'copy' {
    return 'statement';
  }

  /** Moves on to an offset of the window. */
  protected advance(to: number): void {
    while (this.#nextNewline < to) {
      this.line++;
      this.#nextNewline = this.#newlineFrom(this.#nextNewline + 1);
    }
    this.at = to;
  }

  #newlineFrom(from: number): number {
    const found = this.window.indexOf(newline, from);
    return found === -1 ? this.window.length : found;
  }

  /** The statement begins at `at`, if it has not yet. */
  protected begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.#from = this.at;
    this.#startLine = this.line;
  }

  /** The statement ends at `at`; the `skip` bytes after it are its end mark. */
  protected finish(skip: number): void {
    this.#keep();
    const sql = this.#kept.length === 1 ? this.#kept[0] : Buffer.concat(this.#kept);
    this.#kept = [];
    this.#keptBytes = 0;
    this.begun = false;
    this.advance(Math.min(this.window.length, this.at + skip));
    const trimmed = withoutSpaceAtEnd(sql ?? Buffer.alloc(0));
    if (trimmed.length > 0)
      this.give({ kind: this.kindOf(trimmed), sql: trimmed, line: this.#startLine });
  }

  protected give(part: DumpPart): void {
    this.#found.push(part);
  }

  /** The offset of the first of these bytes from `at` on, or the end of the window. */
  protected findByte(byte: number): number {
    const found = this.window.indexOf(byte, this.at);
    return found === -1 ? this.window.length : found;
  }

  /** Whether the window has so many bytes from `at` on, or will never have more. */
  protected has(bytes: number): boolean {
    return this.atEnd || this.at + bytes <= this.window.length;
  }

  #readOn(): DumpPart[] {
    this.at = 0;
    this.#from = 0;
    this.#nextNewline = this.#newlineFrom(0);
    while (this.at < this.window.length && this.step());
    this.#keep();
    this.window = this.window.subarray(this.at);
    this.at = 0;
    this.#from = 0;
    return this.#found.splice(0);
  }

  #keep(): void {
    if (!this.begun || this.at === this.#from) return;
    const bytes = this.window.subarray(this.#from, this.at);
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    this.#from = this.at;
    if (this.#keptBytes > this.#bytesMax)
      throw new DumpError(this.#startLine, `a statement is longer than ${this.#bytesMax} bytes`);
  }
}

function withoutSpaceAtEnd(sql: Buffer): Buffer {
  let end = sql.length;
  while (end > 0 && isSpace(sql[end - 1])) end--;
  return sql.subarray(0, end);
}

export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

/** Letters, digits, `_`, `$` and all that is not ASCII: what names are made of in both engines. */
export function isWordByte(byte: number | undefined): boolean {
  return byte !== undefined && wordBytes[byte] === 1;
}

const wordBytes = new Uint8Array(256).map((_, byte) =>
  byte >= 0x80 || /[\w$]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** The beginning of a statement as people read it, on one line. */
export function firstWords(sql: Buffer, lengthMax = 80): string {
  const text = sql
    .toString('utf8', 0, 4 * lengthMax)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}
