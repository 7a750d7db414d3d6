/**
 * Reads SQL as psql does: what pg_dump and pg_dumpall write, and what people write. The rows of
 * `COPY ... FROM stdin` are passed on as they come, in pieces.
 */
import { DumpReader, isSpace, isWordByte } from '../dump-reader.js';

type State =
  | 'plain'
  | 'string'
  | 'escape-string'
  | 'name'
  | 'line-comment'
  | 'block-comment'
  | 'dollar'
  | 'copy-line-end'
  | 'copy';

const openWords: Readonly<Partial<Record<State, string>>> = {
  string: 'a string',
  'escape-string': 'a string',
  name: 'a quoted name',
  'block-comment': 'a comment',
  dollar: 'a dollar-quoted string',
};

const byteOf = (char: string): number => char.charCodeAt(0);
const quote = byteOf("'");
const doubleQuote = byteOf('"');
const backslash = byteOf('\\');
const dollar = byteOf('$');
const dash = byteOf('-');
const slash = byteOf('/');
const star = byteOf('*');
const semicolon = byteOf(';');
const open = byteOf('(');
const close = byteOf(')');
const newline = byteOf('\n');

/** Longer words are no keywords, and longer tags no tags (NAMEDATALEN is 64). */
const wordBytesMax = 256;

export class PostgresDumpReader extends DumpReader {
  #state: State = 'plain';
  #depth = 0;
  #tag: Buffer = Buffer.alloc(0);
  #parentheses = 0;
  /** Open `BEGIN ATOMIC` and `CASE` in the body of a function. */
  #blocks = 0;
  /** The first words of the statement, which tell whether it makes a function. */
  #words: string[] = [];
  /** False after `SET standard_conforming_strings = off`, as old servers' dumps have it. */
  #plainStrings = true;
  #atLineStart = true;

  protected step(): boolean {
    switch (this.#state) {
      case 'plain':
        return this.#plain();
      case 'string':
        return this.#until(quote);
      case 'name':
        return this.#until(doubleQuote);
      case 'escape-string':
        return this.#escapeString();
      case 'line-comment':
        return this.#until(newline);
      case 'block-comment':
        return this.#blockComment();
      case 'dollar':
        return this.#dollarQuoted();
      case 'copy-line-end':
        return this.#copyLineEnd();
      case 'copy':
        return this.#copy();
    }
  }

  protected openAtEnd(): string | null {
    // A file that ends in rows has lost its end mark, and perhaps rows.
    if (this.#state === 'copy' || this.#state === 'copy-line-end') return 'the rows of a COPY';
    return openWords[this.#state] ?? null;
  }

  protected override kindOf(sql: Buffer): 'statement' | 'copy' {
    this.#words = [];
    this.#parentheses = 0;
    this.#blocks = 0;
    const head = sql.subarray(0, 4_096).toString('latin1');
    const strings = /^set\s+(?:session\s+)?standard_conforming_strings\s*(?:=|\bto\b)\s*'?(\w+)/i;
    const setting = strings.exec(head)?.[1];
    if (setting !== undefined) this.#plainStrings = !/^(off|false|no|0)$/i.test(setting);
    if (!/^copy\s/i.test(head) || !/\bfrom\s+stdin\b/i.test(sql.toString('latin1')))
      return 'statement';
    this.#state = 'copy-line-end';
    return 'copy';
  }

  #plain(): boolean {
    const byte = this.window[this.at] ?? 0;
    if (isWordByte(byte) && byte !== dollar) return this.#word();
    if (isSpace(byte)) {
      this.advance(this.at + 1);
      return true;
    }
    switch (byte) {
      case dash:
        return this.#commentOr(dash, 'line-comment');
      case slash:
        return this.#commentOr(star, 'block-comment');
      case quote:
        return this.#enter(this.#plainStrings ? 'string' : 'escape-string');
      case doubleQuote:
        return this.#enter('name');
      case dollar:
        return this.#dollarSign();
      case backslash:
        return this.#command();
      case semicolon:
        return this.#semicolon();
    }
    this.begin();
    if (byte === open) this.#parentheses++;
    if (byte === close) this.#parentheses = Math.max(0, this.#parentheses - 1);
    this.advance(this.at + 1);
    return true;
  }

  #semicolon(): boolean {
    if (this.#parentheses > 0 || this.#blocks > 0) {
      this.advance(this.at + 1);
      return true;
    }
    this.begin();
    this.finish(1);
    return true;
  }

  #enter(state: State, bytes = 1): boolean {
    this.begin();
    this.advance(this.at + bytes);
    this.#state = state;
    return true;
  }

  #commentOr(second: number, state: 'line-comment' | 'block-comment'): boolean {
    if (!this.has(2)) return false;
    const isComment = this.window[this.at + 1] === second;
    if (!isComment) this.begin();
    else this.#state = state;
    if (isComment) this.#depth = 1;
    this.advance(this.at + (isComment ? 2 : 1));
    return true;
  }

  #word(): boolean {
    let end = this.at + 1;
    while (isWordByte(this.window[end])) end++;
    const length = end - this.at;
    // The byte after it tells whether an `e` begins a string.
    if (end === this.window.length && length <= wordBytesMax && !this.atEnd) return false;
    this.begin();
    const word = length > 16 ? '' : this.window.toString('latin1', this.at, end).toLowerCase();
    this.advance(end);
    if (word === 'e' && this.window[end] === quote) return this.#enter('escape-string');
    this.#countBlocks(word);
    return true;
  }

  /** As psql does it: semicolons within `BEGIN ATOMIC ... END` end no statement. */
  #countBlocks(word: string): void {
    if (this.#words.length < 4) this.#words.push(word);
    const [first, ...next] = this.#words;
    const isRoutine = next.slice(0, 3).some((one) => one === 'function' || one === 'procedure');
    if (first !== 'create' || !isRoutine || this.#parentheses > 0) return;
    if (word === 'begin' || (word === 'case' && this.#blocks > 0)) this.#blocks++;
    if (word === 'end') this.#blocks = Math.max(0, this.#blocks - 1);
  }

  #dollarSign(): boolean {
    let end = this.at + 1;
    while (isWordByte(this.window[end]) && this.window[end] !== dollar) end++;
    const isLong = end - this.at > wordBytesMax;
    if (end === this.window.length && !isLong && !this.atEnd) return false;
    const first = this.window[this.at + 1] ?? 0;
    const isTag = this.window[end] === dollar && !(first >= 0x30 && first <= 0x39);
    if (!isTag) return this.#enter('plain');
    this.#tag = Buffer.from(this.window.subarray(this.at, end + 1));
    return this.#enter('dollar', end + 1 - this.at);
  }

  #dollarQuoted(): boolean {
    const found = this.window.indexOf(this.#tag, this.at);
    if (found !== -1) {
      this.advance(found + this.#tag.length);
      this.#state = 'plain';
      return true;
    }
    // The tag may have begun at the very end.
    this.advance(Math.max(this.at, this.window.length - this.#tag.length + 1));
    return false;
  }

  #until(byte: number): boolean {
    const end = this.findByte(byte);
    const isThere = end < this.window.length;
    this.advance(isThere ? end + 1 : end);
    if (isThere || (this.atEnd && this.#state === 'line-comment')) this.#state = 'plain';
    return true;
  }

  #escapeString(): boolean {
    let end = this.at;
    while (end < this.window.length) {
      const byte = this.window[end];
      if (byte === backslash || byte === quote) break;
      end++;
    }
    this.advance(end);
    if (end === this.window.length) return true;
    if (!this.has(2)) return false;
    const [byte, next] = [this.window[end], this.window[end + 1]];
    // Both of a pair are passed over: the second has no meaning of its own.
    const isPair = byte === backslash || next === quote;
    this.advance(Math.min(this.window.length, end + (isPair ? 2 : 1)));
    if (!isPair) this.#state = 'plain';
    return true;
  }

  #blockComment(): boolean {
    for (let end = this.at; ; end++) {
      const byte = this.window[end];
      if (byte === undefined) {
        this.advance(end);
        return true;
      }
      if (byte !== star && byte !== slash) continue;
      this.advance(end);
      if (!this.has(2)) return false;
      const next = this.window[end + 1];
      const step = byte === slash && next === star ? 1 : byte === star && next === slash ? -1 : 0;
      if (step === 0) continue;
      this.advance(end + 2);
      this.#depth += step;
      if (this.#depth === 0) this.#state = 'plain';
      return true;
    }
  }

  /** A command of psql goes to the end of its line, wherever it stands. */
  #command(): boolean {
    const end = this.findByte(newline);
    if (end === this.window.length && !this.atEnd) return false;
    if (this.begun) this.finish(0);
    const { line } = this;
    const text = this.window.toString('utf8', this.at, end).trim();
    this.advance(end);
    this.give({ kind: 'command', text, line });
    return true;
  }

  #copyLineEnd(): boolean {
    const end = this.findByte(newline);
    this.advance(Math.min(this.window.length, end + 1));
    if (end === this.window.length) return true;
    this.#state = 'copy';
    this.#atLineStart = true;
    return true;
  }

  /** Rows up to the line `\.`; as many of them at once as there are. */
  #copy(): boolean {
    const mark = this.#copyMark();
    const end = mark ?? this.#endOfRows();
    if (end > this.at) {
      const bytes = this.window.subarray(this.at, end);
      this.#atLineStart = bytes[bytes.length - 1] === newline;
      this.advance(end);
      this.give({ kind: 'rows', bytes });
    }
    if (mark === null) return false;
    const lineEnd = this.findByte(newline);
    this.advance(Math.min(this.window.length, lineEnd + 1));
    this.#state = 'plain';
    this.give({ kind: 'copy-end' });
    return true;
  }

  /** Where the line that ends the rows begins; null where it is not there, or not whole. */
  #copyMark(): number | null {
    for (let from = this.at; ; ) {
      const found = this.window.indexOf('\\.', from, 'latin1');
      if (found === -1) return null;
      const atStart = found === this.at ? this.#atLineStart : this.window[found - 1] === newline;
      if (atStart && this.#isMark(found)) return found;
      from = found + 1;
    }
  }

  #isMark(found: number): boolean {
    const rest = this.window.subarray(found + 2, found + 4).toString('latin1');
    return rest.startsWith('\n') || rest === '\r\n' || (this.atEnd && rest.trim() === '');
  }

  /** How far the window surely holds rows: what may become the end mark is kept back. */
  #endOfRows(): number {
    const length = this.window.length;
    for (let start = Math.max(this.at, length - 3); start < length; start++) {
      const atStart = start === this.at ? this.#atLineStart : this.window[start - 1] === newline;
      const rest = this.window.toString('latin1', start, length);
      if (atStart && '\\.\r\n'.startsWith(rest) && !this.atEnd) return start;
    }
    return length;
  }
}
