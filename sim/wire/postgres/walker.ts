/**
 * Walks Postgres protocol messages through a byte stream by their headers, across any chunk
 * boundaries, without copying what nobody asked for. Pure: no sockets, no timers.
 */

/** Larger lengths are refused by the server itself (PQ_LARGE_MESSAGE_LIMIT). */
export const messageBytesMax = 0x3fffffff;

/** Told of each message at its beginning, once the part it wants has arrived. */
export interface MessageSink {
  /** How many leading body bytes are wanted of this message; 0 = none. Told in `message`. */
  wants(type: number, bodyBytes: number): number;
  /**
   * The wanted bytes (fewer if the body is shorter) are those of `bytes` from `from` to before
   * `to`. No view of them is made: on a session's way it would cost more than all the rest here.
   */
  message(type: number, bodyBytes: number, bytes: Buffer, from: number, to: number): void;
}

export class Walker {
  readonly #sink: MessageSink;
  #bodyLeft = 0;
  #headerBytes = 0;
  #type = 0;
  #length = 0;
  #bodyBytes = 0;
  #wanted = 0;
  #captured: Buffer[] | null = null;
  #violation: string | undefined;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** True between two messages. */
  get atBoundary(): boolean {
    return this.#bodyLeft === 0 && this.#headerBytes === 0;
  }

  /** Set once a length field made no sense; nothing after it can be understood. */
  get violation(): string | undefined {
    return this.#violation;
  }

  /**
   * Walks `chunk` from `offset` to its end, or with `one` to the end of the current message.
   * @returns the offset walked to
   */
  walk(chunk: Buffer, offset = 0, one = false): number {
    let at = offset;
    const end = chunk.length;
    while (at < end && this.#violation === undefined) {
      if (this.#bodyLeft > 0) {
        const taken = Math.min(this.#bodyLeft, end - at);
        if (this.#captured !== null) this.#capture(chunk, at, taken);
        at += taken;
        this.#bodyLeft -= taken;
        if (one && this.#bodyLeft === 0) return at;
        continue;
      }
      if (this.#headerBytes === 0 && end - at >= 5) {
        this.#type = chunk[at] as number;
        this.#length = chunk.readInt32BE(at + 1);
        at += 5;
      } else {
        this.#headerByte(chunk[at++] as number);
        if (this.#headerBytes !== 0) continue;
      }
      this.#begin(chunk, at);
      if (one && this.#bodyLeft === 0) return at;
    }
    return at;
  }

  #headerByte(byte: number): void {
    if (this.#headerBytes === 0) {
      this.#type = byte;
      this.#length = 0;
    } else {
      this.#length = this.#length * 256 + byte;
    }
    this.#headerBytes = this.#headerBytes === 4 ? 0 : this.#headerBytes + 1;
  }

  #begin(chunk: Buffer, at: number): void {
    if (this.#length < 4 || this.#length > messageBytesMax) {
      this.#violation = `invalid message length ${this.#length}`;
      return;
    }
    const bodyBytes = this.#length - 4;
    this.#bodyLeft = bodyBytes;
    const wanted = Math.min(bodyBytes, this.#sink.wants(this.#type, bodyBytes));
    if (chunk.length - at >= wanted)
      this.#sink.message(this.#type, bodyBytes, chunk, at, at + wanted);
    else {
      this.#bodyBytes = bodyBytes;
      this.#wanted = wanted;
      this.#captured = [];
    }
  }

  #capture(chunk: Buffer, at: number, available: number): void {
    const taken = Math.min(this.#wanted, available);
    this.#captured?.push(chunk.subarray(at, at + taken));
    this.#wanted -= taken;
    if (this.#wanted > 0) return;
    const body = Buffer.concat(this.#captured ?? []);
    this.#captured = null;
    this.#sink.message(this.#type, this.#bodyBytes, body, 0, body.length);
  }
}
