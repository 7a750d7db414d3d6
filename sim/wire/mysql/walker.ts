/**
 * Walks MySQL protocol packets through a byte stream by their headers, across any chunk
 * boundaries, without copying what nobody asked for. A payload of 16 MiB - 1 bytes or more comes
 * in several packets; here it is one. Pure: no sockets, no timers.
 */

/** A packet of this length goes on in the next one; the length field can say no more. */
export const packetBytesMax = 0xffffff;

/** Told of each payload at its beginning, once the part it wants has arrived. */
export interface PacketSink {
  /**
   * How many leading payload bytes are wanted; 0 = none. Must change nothing: after `retract` it
   * is asked again.
   * @param first the first payload byte (the command, or the kind of answer); -1 if it is empty
   * @param payloadBytes `packetBytesMax` where more packets of the payload follow
   */
  wants(first: number, payloadBytes: number): number;
  /**
   * @param head the wanted bytes (fewer if the payload is shorter), or null where none were. It is
   *   a view into the walked chunk wherever it lies in one
   */
  packet(first: number, payloadBytes: number, head: Buffer | null): void;
  /** The payload's last byte was walked over. @param payloadBytes of all its packets together */
  ended?(payloadBytes: number): void;
}

export class PacketWalker {
  readonly #sink: PacketSink;
  readonly #tellsEnd: boolean;
  /** Payload bytes still to come of the packet under way. */
  #left = 0;
  /** Of the next header; 4 = whole, and the first payload byte is waited for. */
  #headerBytes = 0;
  #length = 0;
  #sequence = 0;
  /** The payload goes on in another packet. */
  #continues = false;
  #first = -1;
  #payloadBytes = 0;
  #firstPacketBytes = 0;
  #wanted = 0;
  #captured: Buffer[] | null = null;
  /** Bytes walked over of a payload that its sink was not told of. */
  #untold = 0;

  constructor(sink: PacketSink) {
    this.#sink = sink;
    this.#tellsEnd = sink.ended !== undefined;
  }

  /** True between two payloads. */
  get atBoundary(): boolean {
    return this.#left === 0 && this.#headerBytes === 0 && !this.#continues;
  }

  /** The sequence number of the last packet whose header is whole; the next one's is one more. */
  get sequence(): number {
    return this.#sequence;
  }

  /**
   * Walks `chunk` from `offset` to its end, or with `one` to the end of the current payload.
   * @returns the offset walked to
   */
  walk(chunk: Buffer, offset = 0, one = false): number {
    let at = offset;
    const end = chunk.length;
    while (at < end) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, end - at);
        if (this.#captured !== null) this.#capture(chunk, at, taken);
        at += taken;
        this.#left -= taken;
        if (this.#left === 0 && this.#endPacket() && one) return at;
        continue;
      }
      if (this.#headerBytes === 0 && end - at > 4) {
        this.#length =
          (chunk[at] as number) |
          ((chunk[at + 1] as number) << 8) |
          ((chunk[at + 2] as number) << 16);
        this.#sequence = chunk[at + 3] as number;
        at += 4;
      } else {
        if (this.#headerBytes < 4) this.#headerByte(chunk[at++] as number);
        if (this.#headerBytes < 4) continue;
        const waits = !this.#continues && this.#length > 0 && at === end;
        if (waits) return at;
        this.#headerBytes = 0;
      }
      if (this.#begin(chunk, at) && one) return at;
    }
    return at;
  }

  /**
   * Forgets the incomplete head at the end of what was walked, so that it can be walked again
   * together with what follows it. Who calls this after every `walk`, keeps those bytes back and
   * puts them before the next chunk, gets every head as a view into bytes not yet passed on, and
   * can change it in place.
   * @returns how many bytes to keep back
   */
  retract(): number {
    const untold = this.#captured !== null ? this.#untold : this.#continues ? 0 : this.#headerBytes;
    if (untold === 0) return 0;
    this.#captured = null;
    this.#untold = 0;
    this.#left = 0;
    this.#headerBytes = 0;
    this.#continues = false;
    return untold;
  }

  #headerByte(byte: number): void {
    switch (this.#headerBytes++) {
      case 0:
        this.#length = byte;
        break;
      case 1:
        this.#length |= byte << 8;
        break;
      case 2:
        this.#length |= byte << 16;
        break;
      default:
        this.#sequence = byte;
    }
  }

  /** A header is whole. @returns whether that ended a payload, too */
  #begin(chunk: Buffer, at: number): boolean {
    const length = this.#length;
    this.#left = length;
    if (this.#continues) {
      if (this.#captured !== null) this.#untold += 4;
      this.#payloadBytes += length;
    } else {
      this.#payloadBytes = length;
      this.#tellOrCapture(chunk, at, length);
    }
    this.#continues = length === packetBytesMax;
    return length === 0 && this.#endPacket();
  }

  #tellOrCapture(chunk: Buffer, at: number, length: number): void {
    const first = length === 0 ? -1 : (chunk[at] as number);
    const wants = length === 0 ? 0 : this.#sink.wants(first, length);
    const wanted = length === packetBytesMax || wants < length ? wants : length;
    if (wanted === 0) this.#sink.packet(first, length, null);
    else if (wanted <= length && chunk.length - at >= wanted)
      this.#sink.packet(first, length, chunk.subarray(at, at + wanted));
    else {
      this.#first = first;
      this.#firstPacketBytes = length;
      this.#wanted = wanted;
      this.#captured = [];
      this.#untold = 4;
    }
  }

  #capture(chunk: Buffer, at: number, available: number): void {
    const taken = Math.min(this.#wanted, available);
    this.#captured?.push(chunk.subarray(at, at + taken));
    this.#wanted -= taken;
    this.#untold += available;
    if (this.#wanted === 0) this.#tellCaptured();
  }

  #tellCaptured(): void {
    const head = Buffer.concat(this.#captured ?? []);
    this.#captured = null;
    this.#untold = 0;
    this.#sink.packet(this.#first, this.#firstPacketBytes, head);
  }

  /** The last byte of a packet was walked over. @returns whether it was the payload's last, too */
  #endPacket(): boolean {
    if (this.#continues) return false;
    if (this.#captured !== null) this.#tellCaptured();
    if (this.#tellsEnd) this.#sink.ended?.(this.#payloadBytes);
    return true;
  }
}
