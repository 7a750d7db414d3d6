/**
 * Which answers a client still waits for, counted as the server counts them: one ReadyForQuery for
 * each Query, FunctionCall and Sync, less those that the server swallows. Pure.
 */

const query = 1;
/** A Query behind extended messages that no Sync has ended: an error in those discards it. */
const queryBehind = 2;
const sync = 3;
/** Not waited for: where the client said that its COPY data end, ahead of the server's word. */
const copyEnd = 4;

export class Outstanding {
  #queue: number[] = [];
  #unsynced = false;
  #copying = false;
  /** After an error in extended messages the server reads on to the next Sync. */
  #discarding = false;

  /** Nothing is waited for and nothing is half said. */
  get none(): boolean {
    return this.#queue.length === 0 && !this.#unsynced && !this.#copying;
  }

  /** Some of what was said whole has no answer yet. */
  get some(): boolean {
    return this.#queue.length > 0;
  }

  /** All that was said was said whole, and an answer is due. */
  get awaited(): boolean {
    return this.#queue.length > 0 && !this.#unsynced && !this.#copying;
  }

  /** Nothing that was said before counts any more. */
  clear(): void {
    this.#queue = [];
    this.#unsynced = false;
    this.#copying = false;
    this.#discarding = false;
  }

  /** The client sent Query or FunctionCall. */
  query(): void {
    if (this.#discarding) return;
    this.#queue.push(this.#unsynced ? queryBehind : query);
    // Its own ReadyForQuery ends what stood before it, too.
    this.#unsynced = false;
  }

  /** The client sent Parse, Bind, Describe, Execute or Close. */
  extended(): void {
    this.#unsynced = true;
  }

  /** The client sent Sync; the server ignores one that it reads while COPY data flow in. */
  sync(): void {
    if (this.#copying) return;
    this.#queue.push(sync);
    this.#unsynced = false;
    this.#discarding = false;
  }

  /** The client sent CopyDone or CopyFail. */
  copyEnd(): void {
    if (this.#copying) this.#copying = false;
    else if (!this.none) this.#queue.push(copyEnd);
  }

  /** The server sent ReadyForQuery. */
  ready(): void {
    while (this.#queue[0] === copyEnd) this.#queue.shift();
    if (this.#queue.length === 0) {
      this.#unsynced = false;
      this.#discarding = false;
    }
    this.#queue.shift();
    this.#copying = false;
    if (this.#queue.length === 0 || this.#unsynced) return;
    if (this.#queue.every((kind) => kind === copyEnd)) this.#queue = [];
  }

  /** The server sent CopyInResponse or CopyBothResponse. */
  copy(): void {
    const extended = this.#queue[0] !== query && this.#queue[0] !== queryBehind;
    const at = extended ? 0 : 1;
    let swallowed = 0;
    while (this.#queue[at + swallowed] === sync) swallowed++;
    this.#queue.splice(at, swallowed);
    if (this.#queue[at] === copyEnd) {
      this.#queue.splice(at, 1);
      if (extended && swallowed > 0 && !this.#queue.includes(sync)) this.#unsynced = true;
    } else {
      this.#copying = true;
      if (extended) this.#unsynced = true;
    }
  }

  /**
   * The server sent ErrorResponse. Where the error is the Query's own after all, the ReadyForQuery
   * that then comes unexpected sets things right.
   */
  error(): void {
    if (this.#queue[0] !== queryBehind) return;
    while (this.#queue[0] === queryBehind) this.#queue.shift();
    if (this.#queue[0] === sync) return;
    this.#discarding = true;
    this.#unsynced = true;
  }
}
