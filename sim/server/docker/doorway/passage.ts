/**
 * One client's way through the doorway: its connection on one side, a pipe to the other end on
 * the other. Both ends of the doorway use it. An orderly end travels as one, a reset as a reset;
 * a slow reader holds the writer back; what breaks the pipe breaks the connection.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../../clock.js';
import { resetConnection } from '../../../endpoint/reset-connection.js';
import { FrameReader, frame, frameHead, wholeFrame } from './frames.js';

/** How long what was sent last may take to be read. */
const flushMsMax = 60_000;

export interface PassageOptions {
  readonly clock: Clock;
  /** How long this side may stay open once the other has ended; null = as long as it likes. */
  readonly halfOpenMsMax: number | null;
  readonly onOver: () => void;
}

export class Passage {
  readonly #near: Socket;
  readonly #pipe: Socket;
  readonly #options: PassageOptions;
  readonly #reader: FrameReader;
  #nearEnded = false;
  #farEnded = false;
  #isOver = false;
  #limit: Timer | undefined;

  constructor(near: Socket, pipe: Socket, options: PassageOptions) {
    this.#near = near;
    this.#pipe = pipe;
    this.#options = options;
    this.#reader = new FrameReader({
      data: (chunk) => this.#fromFar(chunk),
      word: (kind) => this.#word(kind),
    });
    this.#listen();
  }

  #listen(): void {
    const [near, pipe] = [this.#near, this.#pipe];
    near.on('data', (chunk: Buffer) => this.#fromNear(chunk));
    near.on('end', () => this.#nearEnd());
    near.on('error', () => this.#nearBroken());
    near.on('close', () => this.#nearBroken());
    near.on('drain', () => pipe.resume());
    pipe.on('data', (chunk: Buffer) => this.#fromPipe(chunk));
    pipe.on('drain', () => near.resume());
    for (const event of ['end', 'error', 'close']) pipe.on(event, () => this.#pipeBroken());
    if (near.destroyed) this.#nearBroken();
    else if (pipe.destroyed) this.#pipeBroken();
    else {
      near.resume();
      pipe.resume();
    }
  }

  #fromNear(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#pipe.cork();
    this.#pipe.write(frameHead(frame.data, chunk.length));
    if (!this.#pipe.write(chunk)) this.#near.pause();
    this.#pipe.uncork();
  }

  #fromPipe(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#reader.push(chunk);
    } catch {
      this.#pipeBroken();
    }
  }

  #fromFar(chunk: Buffer): void {
    if (this.#isOver || this.#near.writableEnded) return;
    if (!this.#near.write(chunk)) this.#pipe.pause();
  }

  #word(kind: number): void {
    if (this.#isOver) return;
    if (kind === frame.end && !this.#farEnded) {
      this.#farEnded = true;
      this.#near.end();
      if (this.#nearEnded) this.#over();
      else if (this.#options.halfOpenMsMax !== null)
        this.#limit = this.#options.clock.timer(this.#options.halfOpenMsMax, () => {
          this.#nearBroken();
        });
    } else if (kind === frame.reset) this.#pipeBroken();
  }

  #nearEnd(): void {
    if (this.#isOver || this.#nearEnded) return;
    this.#nearEnded = true;
    this.#pipe.write(wholeFrame(frame.end));
    if (this.#farEnded) this.#over();
  }

  /** Reset, or gone without an end: the other side is to see the same. */
  #nearBroken(): void {
    if (this.#isOver) return;
    this.#pipe.write(wholeFrame(frame.reset));
    this.#over();
    resetConnection(this.#near);
  }

  #pipeBroken(): void {
    if (this.#isOver) return;
    this.#over();
    resetConnection(this.#near);
    this.#pipe.destroy();
  }

  /** Nothing more passes; what was written is still sent. */
  #over(): void {
    this.#isOver = true;
    this.#limit?.cancel();
    this.#pipe.end();
    this.#near.resume();
    this.#pipe.resume();
    const limit = this.#options.clock.timer(flushMsMax, () => {
      this.#near.destroy();
      this.#pipe.destroy();
    });
    let open = 2;
    const closed = (): void => {
      open--;
      if (open === 0) limit.cancel();
    };
    for (const socket of [this.#near, this.#pipe]) {
      if (socket.destroyed) closed();
      else socket.once('close', closed);
    }
    this.#options.onOver();
  }
}
