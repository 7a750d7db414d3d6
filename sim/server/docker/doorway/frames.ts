/**
 * What travels between the two ends of the doorway: a byte of kind, four of length, and so many
 * bytes. Pure; the bytes of a client are passed on as they come and never put together.
 */

export const frame = {
  /** On a pipe: bytes of the client or of the server. */
  data: 1,
  /** The sender's side has ended in order; nothing of it follows. */
  end: 2,
  /** The sender's side was broken. */
  reset: 3,
  /** A client was put on this pipe. */
  client: 4,
  /** On the control line, with a number that the answer repeats: open or close the port. */
  open: 5,
  close: 6,
  done: 7,
  /** The port could not be opened: why. */
  failed: 8,
  ping: 9,
  pong: 10,
  /** So many clients wait for a pipe. */
  waiting: 11,
} as const;

const kindMax = 11;
const headerBytes = 5;
const dataBytesMax = 16 * 1024 * 1024;
const wordBytesMax = 512;

/** The head of a frame whose bytes are sent behind it. */
export function frameHead(kind: number, bytes: number): Buffer {
  const head = Buffer.allocUnsafe(headerBytes);
  head.writeUInt8(kind, 0);
  head.writeUInt32BE(bytes, 1);
  return head;
}

/** A whole frame of few bytes. */
export function wholeFrame(kind: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([frameHead(kind, payload.length), payload]);
}

/** A frame that holds one number from 0 to 2^32-1. */
export function numberFrame(kind: number, value: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(value);
  return wholeFrame(kind, payload);
}

export function numberOf(payload: Buffer): number {
  return payload.length >= 4 ? payload.readUInt32BE(0) : 0;
}

export interface FrameEvents {
  /** Bytes of a data frame, in as many pieces as they came in. */
  data(chunk: Buffer): void;
  word(kind: number, payload: Buffer): void;
}

export class FrameReader {
  readonly #events: FrameEvents;
  #head: Buffer = Buffer.alloc(0);
  #word: Buffer[] = [];
  #kind = 0;
  /** Bytes of the frame under way that are still to come; -1 between frames. */
  #left = -1;

  constructor(events: FrameEvents) {
    this.#events = events;
  }

  /** @throws Error for what no end of a doorway sends */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      rest = this.#left === -1 ? this.#takeHead(rest) : this.#takeBytes(rest);
    }
  }

  #takeHead(chunk: Buffer): Buffer {
    const wanted = headerBytes - this.#head.length;
    this.#head = Buffer.concat([this.#head, chunk.subarray(0, wanted)]);
    if (this.#head.length === headerBytes) {
      this.#kind = this.#head.readUInt8(0);
      this.#left = this.#head.readUInt32BE(1);
      this.#head = Buffer.alloc(0);
      const max = this.#kind === frame.data ? dataBytesMax : wordBytesMax;
      if (this.#kind < 1 || this.#kind > kindMax || this.#left > max)
        throw new Error(`a doorway sent a frame of kind ${this.#kind} and ${this.#left} bytes`);
      if (this.#left === 0) this.#finish();
    }
    return chunk.subarray(wanted);
  }

  #takeBytes(chunk: Buffer): Buffer {
    const bytes = chunk.subarray(0, this.#left);
    this.#left -= bytes.length;
    if (this.#kind === frame.data) this.#events.data(bytes);
    else this.#word.push(bytes);
    if (this.#left === 0) this.#finish();
    return chunk.subarray(bytes.length);
  }

  #finish(): void {
    const payload = Buffer.concat(this.#word);
    this.#word = [];
    this.#left = -1;
    if (this.#kind !== frame.data) this.#events.word(this.#kind, payload);
  }
}
