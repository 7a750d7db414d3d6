/** What a client sent into a hold, in order. */
export class HeldBytes {
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @param bytesMax beyond this the client should not be read any more */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get empty(): boolean {
    return this.#chunks.length === 0;
  }

  get full(): boolean {
    return this.#bytes > this.#bytesMax;
  }

  get first(): Buffer | undefined {
    return this.#chunks[0];
  }

  /** The first bytes in one chunk: this many where they are there, else all. */
  joined(count: number): Buffer {
    while (this.#chunks.length > 1 && (this.#chunks[0]?.length ?? 0) < count)
      this.#chunks.splice(0, 2, Buffer.concat(this.#chunks.slice(0, 2)));
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Takes bytes off the first chunk. */
  take(count: number): void {
    const first = this.#chunks[0];
    if (first === undefined) return;
    this.#bytes -= count;
    if (count >= first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(count);
  }

  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
  }
}
