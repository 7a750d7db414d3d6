/**
 * Reads SQL as the clients of MySQL and MariaDB do: what mysqldump writes, and what people write,
 * with `DELIMITER`. Comments that the server runs (those that begin with an exclamation mark) are
 * part of statements; others before a statement are left out.
 */
import { DumpError, DumpReader, isSpace, isWordByte } from '../dump-reader.js';

type State = 'plain' | 'single' | 'double' | 'name' | 'line-comment' | 'block-comment';

const openWords: Readonly<Partial<Record<State, string>>> = {
  single: 'a string',
  double: 'a string',
  name: 'a quoted name',
  'block-comment': 'a comment',
};

const byteOf = (char: string): number => char.charCodeAt(0);
const quote = byteOf("'");
const doubleQuote = byteOf('"');
const backtick = byteOf('`');
const backslash = byteOf('\\');
const dash = byteOf('-');
const slash = byteOf('/');
const star = byteOf('*');
const hash = byteOf('#');
const newline = byteOf('\n');

const wordBytesMax = 256;
/** As the clients have it. */
const delimiterBytesMax = 15;

export class MysqlDumpReader extends DumpReader {
  #state: State = 'plain';
  #delimiter: Buffer = Buffer.from(';');

  protected step(): boolean {
    switch (this.#state) {
      case 'plain':
        return this.#plain();
      case 'single':
        return this.#string(quote);
      case 'double':
        return this.#string(doubleQuote);
      case 'name':
        return this.#until(backtick);
      case 'line-comment':
        return this.#until(newline);
      case 'block-comment':
        return this.#blockComment();
    }
  }

  protected openAtEnd(): string | null {
    return openWords[this.#state] ?? null;
  }

  #plain(): boolean {
    const byte = this.window[this.at] ?? 0;
    if (isSpace(byte)) return this.#pass();
    if (byte === this.#delimiter[0]) {
      if (!this.has(this.#delimiter.length)) return false;
      const end = this.at + this.#delimiter.length;
      if (this.window.subarray(this.at, end).equals(this.#delimiter)) {
        this.begin();
        this.finish(this.#delimiter.length);
        return true;
      }
    }
    if (isWordByte(byte)) return this.#word();
    switch (byte) {
      case dash:
        return this.#dashes();
      case slash:
        return this.#slash();
      case hash:
        this.#state = 'line-comment';
        return this.#pass();
      case quote:
        return this.#enter('single');
      case doubleQuote:
        return this.#enter('double');
      case backtick:
        return this.#enter('name');
    }
    this.begin();
    return this.#pass();
  }

  #pass(bytes = 1): boolean {
    this.advance(this.at + bytes);
    return true;
  }

  #enter(state: State): boolean {
    this.begin();
    this.#state = state;
    return this.#pass();
  }

  /** `--` begins a comment where space or nothing follows: `5--3` is a sum. */
  #dashes(): boolean {
    if (!this.has(3)) return false;
    const after = this.window[this.at + 2];
    if (this.window[this.at + 1] === dash && (after === undefined || after <= 0x20)) {
      this.#state = 'line-comment';
      // The third may be the end of the line.
      return this.#pass(2);
    }
    this.begin();
    return this.#pass();
  }

  #slash(): boolean {
    if (!this.has(4)) return false;
    const start = this.window.toString('latin1', this.at, this.at + 4);
    const isRun = start.startsWith('/*!') || start === '/*M!';
    if (start.startsWith('/*') && !isRun) {
      this.#state = 'block-comment';
      return this.#pass(2);
    }
    this.begin();
    return this.#pass();
  }

  #word(): boolean {
    let end = this.at + 1;
    while (isWordByte(this.window[end]) && !this.#delimiterAt(end)) end++;
    const length = end - this.at;
    // The window may end within the word, or within a delimiter that follows it.
    const isNear = end + delimiterBytesMax > this.window.length;
    if (isNear && length <= wordBytesMax && !this.atEnd) return false;
    const isDelimiter = length === 9 && !this.begun && isSpace(this.window[end]);
    if (isDelimiter && this.window.toString('latin1', this.at, end).toLowerCase() === 'delimiter')
      return this.#newDelimiter(end);
    this.begin();
    this.advance(end);
    return true;
  }

  #delimiterAt(offset: number): boolean {
    if (this.window[offset] !== this.#delimiter[0]) return false;
    return this.window.subarray(offset, offset + this.#delimiter.length).equals(this.#delimiter);
  }

  #newDelimiter(from: number): boolean {
    const lineEnd = this.findByte(newline);
    if (lineEnd === this.window.length && !this.atEnd) {
      if (lineEnd - from > wordBytesMax) throw new DumpError(this.line, 'DELIMITER is too long');
      return false;
    }
    const [wanted = ''] = this.window.toString('latin1', from, lineEnd).trim().split(/\s/);
    const bare = wanted.replace(/^(['"`])(.+)\1$/, '$2');
    if (bare === '' || bare.length > delimiterBytesMax || bare.includes('\\'))
      throw new DumpError(this.line, `DELIMITER cannot be ${JSON.stringify(bare.slice(0, 40))}`);
    this.#delimiter = Buffer.from(bare, 'latin1');
    this.advance(lineEnd);
    return true;
  }

  /** A doubled quote ends one string and begins the next, which comes to the same. */
  #string(end: number): boolean {
    let at = this.at;
    while (at < this.window.length) {
      const byte = this.window[at];
      if (byte === backslash) {
        if (at + 1 >= this.window.length && !this.atEnd) {
          this.advance(at);
          return false;
        }
        at += 2;
        continue;
      }
      at++;
      if (byte !== end) continue;
      this.advance(at);
      this.#state = 'plain';
      return true;
    }
    this.advance(Math.min(at, this.window.length));
    return true;
  }

  #until(byte: number): boolean {
    const end = this.findByte(byte);
    const isThere = end < this.window.length;
    this.advance(isThere ? end + 1 : end);
    if (isThere || (this.atEnd && this.#state === 'line-comment')) this.#state = 'plain';
    return true;
  }

  #blockComment(): boolean {
    const end = this.window.indexOf('*/', this.at, 'latin1');
    if (end !== -1) {
      this.advance(end + 2);
      this.#state = 'plain';
      return true;
    }
    const last = this.window[this.window.length - 1];
    this.advance(Math.max(this.at, this.window.length - (last === star ? 1 : 0)));
    return false;
  }
}
