/** Reads a socket step by step while a connection is being greeted, with a bound on everything. */
import type { Socket } from 'node:net';

/** What a client may send before it is let in; no sane greeting is longer. */
export const unreadBytesMax = 80_000;

/** The greeting cannot go on; the message is for the one at the other end, if for anyone. */
export class HandshakeError extends Error {
  /** @param code SQLSTATE to tell the client, or null to say nothing and close */
  constructor(
    readonly code: string | null,
    message: string,
  ) {
    super(message);
  }
}

export class HandshakeReader {
  readonly socket: Socket;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #full = false;
  #ended: string | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onEnd);
  }

  get unread(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /**
   * Waits until `take` finds something in the bytes so far.
   * @param take returns what it found and how many bytes that was, or undefined for "not yet"
   * @throws HandshakeError when the connection ends or too much was sent
   */
  async next<T>(take: (bytes: Buffer) => { found: T; bytes: number } | undefined): Promise<T> {
    for (;;) {
      const { unread } = this;
      const taken = take(unread);
      if (taken !== undefined) {
        this.#keep(unread.subarray(taken.bytes));
        return taken.found;
      }
      if (this.#ended !== undefined) throw new HandshakeError(null, this.#ended);
      if (this.#bytes > unreadBytesMax)
        throw new HandshakeError('08P01', 'too much data before the session began');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Stops reading, leaves the socket paused and gives back what was not read. */
  detach(): Buffer {
    this.socket.pause();
    this.socket.off('data', this.#onData);
    this.socket.off('end', this.#onEnd);
    this.socket.off('error', this.#onError);
    this.socket.off('close', this.#onEnd);
    const { unread } = this;
    this.#chunks = [];
    this.#bytes = 0;
    return unread;
  }

  /** Makes a waiting `next` fail; for a time limit. */
  abort(why: string): void {
    this.#ended ??= why;
    this.#wake?.();
  }

  #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > unreadBytesMax) this.#pause();
    this.#wake?.();
  };

  /** Whoever sends on while nobody wants to read it is held back, by TCP. */
  #pause(): void {
    this.#full = true;
    this.socket.pause();
  }

  #keep(unread: Buffer): void {
    this.#chunks = unread.length === 0 ? [] : [unread];
    this.#bytes = unread.length;
    if (!this.#full || this.#bytes > unreadBytesMax) return;
    this.#full = false;
    this.socket.resume();
  }

  #onEnd = (): void => this.abort('connection closed while it was being greeted');

  #onError = (error: Error): void => this.abort(error.message);
}
