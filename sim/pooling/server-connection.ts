/** A server connection of a pooling endpoint: its end, its goodbye, and talks of ours on it. */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import type { ServerTalk } from '../endpoint/session-birth.js';
import type { PoolServer } from './server-pool.js';

/** How its owner names itself to the server: an instrument of ours, not the application. */
export const poolApplicationName = 'rehearse/pool/server';

/** How long a server may take to close behind our goodbye. */
const goodbyeMsMax = 2_000;

export interface ServerConnectionParts {
  readonly key: string;
  readonly target: string;
  readonly socket: Socket;
  readonly goodbye: Buffer;
}

export class ServerConnection implements PoolServer {
  readonly key: string;
  readonly target: string;
  readonly socket: Socket;
  lastUser: object | undefined;
  readonly #goodbye: Buffer;
  readonly #onGone: (() => void)[] = [];
  #isGone = false;
  /** Who takes what the server sends now; nobody should be sent anything while it is idle. */
  #taker: { take(chunk: Buffer): void; lost(): void } | undefined;

  constructor({ key, target, socket, goodbye }: ServerConnectionParts) {
    this.key = key;
    this.target = target;
    this.socket = socket;
    this.#goodbye = goodbye;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (this.#taker === undefined) this.close();
      else this.#taker.take(chunk);
    });
    socket.on('end', () => this.#gone());
    socket.on('close', () => this.#gone());
    socket.resume();
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  onGone(callback: () => void): void {
    if (this.#isGone) callback();
    else this.#onGone.push(callback);
  }

  /** What comes from now on is for `taker`, and its end too; undefined: for nobody. */
  give(taker: { take(chunk: Buffer): void; lost(): void } | undefined): void {
    this.#taker = taker;
    this.socket.resume();
    if (this.#isGone) taker?.lost();
  }

  close(): void {
    this.#taker = undefined;
    this.socket.resume();
    if (this.socket.destroyed || this.socket.writableEnded) return;
    this.socket.end(this.#goodbye);
    this.socket.setTimeout(goodbyeMsMax, () => this.socket.destroy());
  }

  /**
   * Asks something of ours while no session has it.
   * @throws Error when the server goes away or does not answer in time, and what the talk throws
   */
  async converse<T>(
    bytes: Buffer,
    talk: ServerTalk & { readonly answered: Promise<T> },
    clock: Clock,
    timeoutMs: number,
  ): Promise<T> {
    const limit = clock.timer(timeoutMs, () => talk.giveUp(`no answer within ${timeoutMs} ms`));
    this.give({
      take: (chunk) => talk.take(chunk),
      lost: () => talk.giveUp('the server connection ended'),
    });
    this.socket.write(bytes);
    try {
      return await talk.answered;
    } finally {
      limit.cancel();
      this.#taker = undefined;
    }
  }

  #gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    if (!this.socket.destroyed) this.socket.destroy();
    const taker = this.#taker;
    this.#taker = undefined;
    for (const callback of this.#onGone.splice(0)) callback();
    taker?.lost();
  }
}
