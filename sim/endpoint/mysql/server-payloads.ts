/**
 * A talk in turns with the server of a session, in the middle of it: what the server sends is
 * handed out payload by payload, and ours are numbered behind those.
 */
import { PacketReader, packet, type WholePacket } from '../../wire/mysql/packets.js';
import type { ServerTalk } from '../session-birth.js';
import type { PayloadTalk } from './upstream.js';

/** No sane payload of such a talk is longer. */
const payloadBytesMax = 70_000;

export class ServerPayloads<T> implements ServerTalk, PayloadTalk {
  readonly answered: Promise<T>;
  readonly #write: (bytes: Buffer) => void;
  readonly #packets = new PacketReader(payloadBytesMax);
  #ready: WholePacket[] = [];
  #sequence = 0;
  #failure: string | undefined;
  #wake: () => void = () => {};

  /**
   * @param write sends to the server
   * @param work the talk, from the server's first answer on
   */
  constructor(write: (bytes: Buffer) => void, work: (talk: PayloadTalk) => Promise<T>) {
    this.#write = write;
    this.answered = work(this);
    // It may be given up before anybody waits for it.
    this.answered.catch(() => {});
  }

  take(chunk: Buffer): void {
    this.#ready.push(...this.#packets.push(chunk).packets);
    if (this.#packets.violation !== undefined) this.#failure = this.#packets.violation;
    this.#wake();
  }

  giveUp(why: string): void {
    this.#failure = why;
    this.#wake();
  }

  async next(): Promise<Buffer> {
    for (;;) {
      const first = this.#ready.shift();
      if (first !== undefined) {
        this.#sequence = first.sequence;
        return first.payload;
      }
      if (this.#failure !== undefined) throw new Error(this.#failure);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  send(payload: Buffer): void {
    this.#write(packet(this.#sequence + 1, payload));
  }
}
