/** A terminal for a screen under test: its size, its keys, and what is on it. */
import { EventEmitter } from 'node:events';

/** Takes what is written and keeps the picture that a terminal would show. */
export class FakeTerminal extends EventEmitter {
  readonly isTTY = true;
  /** All that was written, in order. */
  written = '';
  columns: number;
  rows: number;
  #screen: string[] = [];

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): boolean {
    this.written += text;
    this.#take(text);
    return true;
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }

  /** The lines that are shown, without colours and without spaces at their ends. */
  get lines(): string[] {
    const shown = this.#screen.map((line) => (line ?? '').trimEnd());
    while (shown.at(-1) === '') shown.pop();
    return shown;
  }

  /** Understands what the screen writes: places, line ends, and clearing. */
  #take(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    const parts = text.split(/(\u001b\[[?\d;]*[A-Za-z])/);
    let row = 0;
    for (const part of parts) {
      const place = part.startsWith('\u001b') ? /(\d+);1H$/.exec(part) : null;
      if (place !== null) {
        row = Number(place[1]) - 1;
        this.#screen[row] = '';
      } else if (part === '\u001b[2J') this.#screen = [];
      else if (!part.startsWith('\u001b')) this.#screen[row] = (this.#screen[row] ?? '') + part;
    }
  }
}

/** A keyboard. */
export class FakeKeys extends EventEmitter {
  readonly isTTY = true;
  isRaw = false;
  #pending: string[] = [];

  /** What was typed arrives, as one piece. */
  type(text: string): void {
    this.#pending.push(text);
    this.emit('readable');
  }

  read(): string | null {
    return this.#pending.shift() ?? null;
  }

  setRawMode(isRaw: boolean): this {
    this.isRaw = isRaw;
    return this;
  }

  setEncoding(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
