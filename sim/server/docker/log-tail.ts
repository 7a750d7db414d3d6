/** The end of a server's log, kept here because its container may be gone when it is asked for. */
const bytesMax = 64 * 1024;

export class LogTail {
  #text = '';

  push(text: string): void {
    this.#text += text;
    // Not at each piece: shortening copies.
    if (this.#text.length > 2 * bytesMax) this.#text = this.#text.slice(-bytesMax);
  }

  /** The last lines, oldest first. */
  last(lines: number): string {
    return this.#text.slice(-bytesMax).trimEnd().split('\n').slice(-lines).join('\n');
  }
}
