/** Building MySQL protocol packets, and reading whole payloads. Pure. */
import { PacketWalker, packetBytesMax } from './walker.js';

/**
 * One payload as it goes over the wire: headers before it, in several packets where it is too
 * long for one.
 * @param sequence of the first packet; the following ones count up and wrap at 256
 */
export function packet(sequence: number, ...parts: (Buffer | string)[]): Buffer {
  const pieces = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  const payloadBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (payloadBytes < packetBytesMax)
    return Buffer.concat([header(sequence, payloadBytes), ...pieces]);
  const payload = Buffer.concat(pieces);
  const packets: Buffer[] = [];
  // One that is full is followed by another, be it empty.
  for (let at = 0, number = sequence; at <= payloadBytes; at += packetBytesMax, number++) {
    const part = payload.subarray(at, at + packetBytesMax);
    packets.push(header(number, part.length), part);
  }
  return Buffer.concat(packets);
}

/** How many packets a payload of this length takes: so far its sequence numbers count. */
export function packetCount(payloadBytes: number): number {
  return Math.floor(payloadBytes / packetBytesMax) + 1;
}

function header(sequence: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUIntLE(length, 0, 3);
  bytes[3] = sequence & 0xff;
  return bytes;
}

export interface WholePacket {
  /** Of the last packet of the payload; an answer to it has one more. */
  readonly sequence: number;
  readonly payload: Buffer;
}

/** Collects whole payloads, for talks that are short: greeting, examination, restoring. */
export class PacketReader {
  readonly #walker: PacketWalker;
  #ready: WholePacket[] = [];
  #payload: Buffer = Buffer.alloc(0);
  #violation: string | undefined;

  /** @param payloadBytesMax a larger payload is a violation: nobody may make us hold it */
  constructor(payloadBytesMax: number) {
    this.#walker = new PacketWalker({
      wants: (_first, payloadBytes) => {
        if (payloadBytes > payloadBytesMax) return 0;
        return payloadBytes === packetBytesMax ? payloadBytesMax : payloadBytes;
      },
      packet: (_first, payloadBytes, head) => {
        if (payloadBytes > payloadBytesMax) this.#tooLong(payloadBytes);
        this.#payload = head ?? Buffer.alloc(0);
      },
      ended: (payloadBytes) => {
        if (payloadBytes > payloadBytesMax) this.#tooLong(payloadBytes);
        else this.#ready.push({ sequence: this.#walker.sequence, payload: this.#payload });
      },
    });
  }

  /** Set once a payload was too long. */
  get violation(): string | undefined {
    return this.#violation;
  }

  get atBoundary(): boolean {
    return this.#walker.atBoundary;
  }

  /**
   * Takes bytes and gives the payloads now whole, at most `most` of them; what follows the last
   * one stays unread.
   * @returns the packets and how many bytes of the chunk were read
   */
  push(chunk: Buffer, most = Number.POSITIVE_INFINITY): { packets: WholePacket[]; read: number } {
    let at = 0;
    while (at < chunk.length && this.#violation === undefined && this.#ready.length < most)
      at = this.#walker.walk(chunk, at, true);
    return { packets: this.#ready.splice(0), read: at };
  }

  #tooLong(payloadBytes: number): void {
    this.#violation = `packet of ${payloadBytes} bytes or more`;
  }
}
