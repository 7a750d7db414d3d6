/**
 * One direction of one session's connection: delivers chunks in order, through whatever faults
 * are active, and holds the sender back when the receiver is slow.
 */
import type { Clock, Timer } from '../clock.js';
import type { ActiveFault, Direction } from './faults/fault.js';

/** More than this waiting on one link stops the sender from being read. */
const queuedBytesMax = 1024 * 1024;

/** Whom a link delivers to, such as a socket. */
export interface Receiver {
  /** @returns false where it wants no more until it drains */
  write(chunk: Buffer): boolean;
}

export interface LinkEnds {
  /** Stops or goes on reading the sender. */
  pauseSender(): void;
  resumeSender(): void;
  /** Breaks both connections. */
  cut(): void;
}

interface Queued {
  readonly chunk: Buffer;
  readonly dueNs: number;
  readonly cutAfter: boolean;
}

export class Link {
  /** Without one, what is delivered is lost. */
  receiver: Receiver | undefined;
  readonly #session: string;
  readonly #direction: Direction;
  readonly #clock: Clock;
  readonly #faults: readonly ActiveFault[];
  readonly #ends: LinkEnds;
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #timer: Timer | undefined;
  #receiverFull = false;
  #onFlushed: (() => void) | undefined;

  /** @param faults the endpoint's live list, shared by all links */
  constructor(
    session: string,
    direction: Direction,
    clock: Clock,
    faults: readonly ActiveFault[],
    ends: LinkEnds,
  ) {
    this.#session = session;
    this.#direction = direction;
    this.#clock = clock;
    this.#faults = faults;
    this.#ends = ends;
  }

  /** Takes a chunk from the sender. */
  send(chunk: Buffer): void {
    if (this.#faults.length === 0 && this.#queue.length === 0) {
      this.#deliver(chunk);
      return;
    }
    this.#enqueue(chunk);
    this.pump();
  }

  /** The receiver has drained: the sender may be read again. */
  drained(): void {
    this.#receiverFull = false;
    this.pump();
    if (!this.#receiverFull && this.#queuedBytes <= queuedBytesMax) this.#ends.resumeSender();
  }

  /** Calls back when everything taken so far is delivered; at once if it is. */
  finish(onFlushed: () => void): void {
    if (this.#queue.length === 0) onFlushed();
    else this.#onFlushed = onFlushed;
  }

  /** Something is still to be delivered. */
  get waits(): boolean {
    return this.#queue.length > 0;
  }

  /** Forgets what waits; for a session that is gone. */
  discard(): void {
    this.#timer?.cancel();
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#onFlushed = undefined;
  }

  /** Delivers what is due. Called when a fault begins or ends, too. */
  pump(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    while (!this.#receiverFull) {
      const head = this.#queue[0];
      if (head === undefined) break;
      if (this.#blocked()) return;
      const waitNs = head.dueNs - this.#clock.nowNs();
      if (waitNs > 0) {
        this.#timer = this.#clock.timer(waitNs / 1e6, () => this.pump());
        return;
      }
      this.#queue.shift();
      this.#queuedBytes -= head.chunk.length;
      if (head.chunk.length > 0) this.#deliver(head.chunk);
      if (head.cutAfter) {
        this.discard();
        this.#ends.cut();
        return;
      }
    }
    if (this.#queue.length === 0) {
      const flushed = this.#onFlushed;
      this.#onFlushed = undefined;
      flushed?.();
      if (!this.#receiverFull) this.#ends.resumeSender();
    }
  }

  #deliver(chunk: Buffer): void {
    if (this.receiver === undefined || this.receiver.write(chunk)) return;
    this.#receiverFull = true;
    this.#ends.pauseSender();
  }

  #blocked(): boolean {
    return this.#faults.some(
      (fault) => fault.onChunk?.(this.#session, this.#direction, 0).blocked === true,
    );
  }

  #enqueue(chunk: Buffer): void {
    let delayMs = 0;
    let bytes = chunk.length;
    let cutAfter = false;
    for (const fault of this.#faults) {
      const ruling = fault.onChunk?.(this.#session, this.#direction, chunk.length) ?? {};
      delayMs += ruling.delayMs ?? 0;
      if (ruling.cutAfterBytes !== undefined) {
        bytes = Math.min(bytes, ruling.cutAfterBytes);
        cutAfter = true;
      }
    }
    const dueNs = this.#clock.nowNs() + delayMs * 1e6;
    this.#queue.push({ chunk: chunk.subarray(0, bytes), dueNs, cutAfter });
    this.#queuedBytes += bytes;
    if (this.#queuedBytes > queuedBytesMax) this.#ends.pauseSender();
  }
}
