/**
 * Bounds what clients that have not proved who they are can take of the server. It counts a
 * connection from the first byte on, and has a limit for them; a client that only dials and waits
 * would hold one. So the oldest of those that wait is let go when there are too many: should its
 * client answer after all, it is dialled again.
 */

/** Well below `max_connections` of the smallest Aurora instances, which is 45. */
const slotsMax = 16;

/** A server connection that was made for a client which has not answered yet. */
export interface WaitingDial<T> {
  readonly dialled: T;
  /** The client has answered. @returns undefined where the connection was let go meanwhile */
  take(): T | undefined;
}

export class DialSlots<T> {
  readonly #hangUp: (dialled: T) => void;
  readonly #waiting = new Set<T>();
  readonly #queue: (() => void)[] = [];
  #dialling = 0;

  constructor(hangUp: (dialled: T) => void) {
    this.#hangUp = hangUp;
  }

  /**
   * Dials in its turn.
   * @throws what `dial` throws
   */
  async dial(dial: () => Promise<T>): Promise<WaitingDial<T>> {
    if (this.#dialling === slotsMax) await new Promise<void>((go) => this.#queue.push(go));
    else this.#dialling++;
    try {
      return this.#wait(await dial());
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#dialling--;
      else next();
    }
  }

  #wait(dialled: T): WaitingDial<T> {
    const [oldest] = this.#waiting;
    if (oldest !== undefined && this.#waiting.size === slotsMax) {
      this.#waiting.delete(oldest);
      this.#hangUp(oldest);
    }
    this.#waiting.add(dialled);
    return { dialled, take: () => (this.#waiting.delete(dialled) ? dialled : undefined) };
  }
}
