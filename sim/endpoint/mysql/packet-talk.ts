/** Packets read and written one by one while a connection is greeted, numbered as they go. */
import type { Socket } from 'node:net';
import { packet } from '../../wire/mysql/packets.js';
import { HandshakeReader } from '../handshake-reader.js';
import { outOfOrder } from './refusal.js';

/** No sane packet of a greeting is longer. */
const payloadBytesMax = 70_000;

export class PacketTalk {
  #reader: HandshakeReader;
  /** Of the last packet that passed, in whatever direction. */
  #sequence: number;

  /** @param sequence of the packet that went before; -1 = none did */
  constructor(socket: Socket, sequence = -1) {
    this.#reader = new HandshakeReader(socket);
    this.#sequence = sequence;
  }

  get socket(): Socket {
    return this.#reader.socket;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /**
   * The other end's next payload.
   * @throws HandshakeError when the connection ends; Refusal when what comes is no packet of a
   *   greeting, or not the next one
   */
  async next(): Promise<Buffer> {
    const { payload, sequence } = await this.#reader.next(takePacket);
    if (sequence !== ((this.#sequence + 1) & 0xff)) throw outOfOrder();
    this.#sequence = sequence;
    return payload;
  }

  send(payload: Buffer): void {
    this.#sequence = (this.#sequence + 1) & 0xff;
    this.#reader.socket.write(packet(this.#sequence, payload));
  }

  /** Goes on with the same bytes in another form: TLS over the connection. */
  moveTo(wrap: (socket: Socket) => Socket): void {
    const { socket } = this.#reader;
    const unread = this.#reader.detach();
    if (unread.length > 0) socket.unshift(unread);
    this.#reader = new HandshakeReader(wrap(socket));
  }

  /** Stops reading, leaves the socket paused and gives back what was not read. */
  detach(): Buffer {
    return this.#reader.detach();
  }

  /** Makes a waiting `next` fail; for a time limit. */
  abort(why: string): void {
    this.#reader.abort(why);
  }
}

function takePacket(
  bytes: Buffer,
): { found: { payload: Buffer; sequence: number }; bytes: number } | undefined {
  if (bytes.length < 4) return undefined;
  const length = bytes.readUIntLE(0, 3);
  if (length > payloadBytesMax) throw outOfOrder();
  if (bytes.length < length + 4) return undefined;
  const sequence = bytes[3] as number;
  return { found: { payload: bytes.subarray(4, length + 4), sequence }, bytes: length + 4 };
}
