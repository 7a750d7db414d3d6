/** Passes bytes from one socket to another, each chunk so much later than it came, in order. */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../clock.js';

/** What may wait; beyond it the sender is not read. */
const waitingBytesMax = 64 * 1024 * 1024;

export class DelayedPipe {
  readonly #clock: Clock;
  readonly #from: Socket;
  readonly #to: Socket;
  #waiting: { readonly chunk: Buffer; readonly cameNs: number }[] = [];
  #waitingBytes = 0;
  #delayMs: number;
  #isHeld = false;
  #isFull = false;
  #timer: Timer | undefined;
  #ended = false;

  constructor(clock: Clock, from: Socket, to: Socket, delayMs: number) {
    this.#clock = clock;
    this.#from = from;
    this.#to = to;
    this.#delayMs = delayMs;
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    to.on('drain', () => {
      this.#isFull = false;
      this.#pump();
    });
  }

  /** Holds for what waits already, too. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
    this.#pump();
  }

  /** While held nothing passes; nothing is lost. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#pump();
  }

  /** What waits is given up. */
  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #take(chunk: Buffer): void {
    if (this.#ended) return;
    this.#waiting.push({ chunk, cameNs: this.#clock.nowNs() });
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes > waitingBytesMax) this.#from.pause();
    this.#pump();
  }

  #pump(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    while (!this.#ended && !this.#isHeld && !this.#isFull) {
      const head = this.#waiting[0];
      if (head === undefined) break;
      const waitMs = this.#delayMs - (this.#clock.nowNs() - head.cameNs) / 1e6;
      if (waitMs > 0) {
        this.#timer = this.#clock.timer(waitMs, () => this.#pump());
        return;
      }
      this.#waiting.shift();
      this.#waitingBytes -= head.chunk.length;
      this.#isFull = !this.#to.write(head.chunk);
    }
    if (this.#waitingBytes <= waitingBytesMax && this.#from.isPaused()) this.#from.resume();
  }
}
