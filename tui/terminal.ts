/**
 * The terminal's other screen: entered, drawn on by lines at their places, and left as it was
 * found, whatever ends the program. Only lines that changed are written, all in one write.
 */
import { writeSync } from 'node:fs';

export interface TerminalOutput {
  readonly columns: number;
  readonly rows: number;
  /** Absent where what is written goes to no file of its own, as in tests. */
  readonly fd?: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

const enterCodes = '\u001b[?1049h\u001b[?25l\u001b[2J\u001b[H';
const leaveCodes = '\u001b[0m\u001b[?25h\u001b[?1049l';
/** Terminals that know it show what is between them at once; others ignore it. */
const together = ['\u001b[?2026h', '\u001b[?2026l'] as const;

export class AlternateScreen {
  readonly #out: TerminalOutput;
  #shown: readonly string[] = [];
  #isOpen = false;

  constructor(out: TerminalOutput) {
    this.#out = out;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    // A terminal that does not know its size says 0.
    return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 };
  }

  enter(): void {
    this.#isOpen = true;
    this.#shown = [];
    this.#out.write(enterCodes);
  }

  /** Shows these lines from the top, and nothing below them. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const { rows } = this.size;
    const visible = lines.slice(0, Math.max(1, rows - 1));
    const changes: string[] = [];
    for (let row = 0; row < Math.max(visible.length, this.#shown.length); row++) {
      const line = visible[row] ?? '';
      if (line === (this.#shown[row] ?? '')) continue;
      changes.push(`\u001b[${row + 1};1H${line}\u001b[K`);
    }
    this.#shown = visible;
    if (changes.length > 0) this.#out.write(together[0] + changes.join('') + together[1]);
  }

  /** Forgets what is shown: the next picture is drawn whole, as on a window of another size. */
  clear(): void {
    if (!this.#isOpen) return;
    this.#shown = [];
    this.#out.write('\u001b[2J');
  }

  /**
   * Back to where the terminal was. At the end of the process what is written must not wait for
   * the event loop.
   */
  leave(isLast = false): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { fd } = this.#out;
    if (isLast && fd !== undefined) writeNow(fd);
    else this.#out.write(leaveCodes);
  }
}

function writeNow(fd: number): void {
  try {
    writeSync(fd, leaveCodes);
  } catch {
    // A terminal that is gone needs nothing any more.
  }
}
