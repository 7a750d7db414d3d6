/**
 * The server connections of a pooling endpoint: never more than so many, lent to one session at a
 * time, and asked for in the order in which they are wanted. Whoever waits longer than the borrow
 * timeout gets none. While the server is out of reach one dial after the other tries it, whoever
 * waits; the first that succeeds lets all of them go on.
 */
import type { Clock, Timer } from '../clock.js';

/** A server connection as the pool sees it. */
export interface PoolServer {
  /** As whom and with what it was logged in: only sessions with the same may use it. */
  readonly key: string;
  /** Where it was dialled. */
  readonly target: string;
  /** Who used it last; undefined = nobody did. */
  lastUser: object | undefined;
  readonly isGone: boolean;
  /** Calls back when its end is there; at once if it is. */
  onGone(callback: () => void): void;
  /** Says goodbye. */
  close(): void;
}

/** A session that wants a server connection. */
export interface Borrower<S> {
  readonly key: string;
  readonly user: object;
  /** Dials and logs in. @throws `Refused` where the server said no, else: it is out of reach */
  open(): Promise<S>;
  /** Makes one that another session used fit for this one. @throws where it is not to be had */
  prepare(server: S): Promise<void>;
}

/** The server said no to the login, for good: its words are the client's. */
export class Refused extends Error {
  /** @param words an error as it goes over the wire, for a client that was just let in or waits */
  constructor(
    readonly words: Buffer,
    text: string,
  ) {
    super(text);
  }
}

/** None was to be had within the borrow timeout. */
export class BorrowTimedOut extends Error {
  constructor() {
    super('timed out waiting for a server connection');
  }
}

/** Nobody waits any more. */
export class BorrowGivenUp extends Error {}

export interface ServerPoolOptions {
  readonly clock: Clock;
  readonly connectionsMax: number;
  readonly borrowTimeoutMs: number;
  /** Between two tries to reach a server that is out of reach. */
  readonly retryMs: number;
  /** Where the writer is dialled now. */
  readonly target: () => string;
  /** The server went out of reach, or is back. */
  readonly onReach: (isReached: boolean) => void;
}

interface Waiting<S> {
  readonly borrower: Borrower<S>;
  readonly signal: AbortSignal;
  readonly sinceNs: number;
  readonly resolve: (server: S) => void;
  readonly reject: (error: Error) => void;
  limit: Timer;
}

/** More waiting than this are turned away: nobody's pool is asked for so much. */
const waitingMax = 10_000;

export class ServerPool<S extends PoolServer> {
  readonly #options: ServerPoolOptions;
  readonly #idle: S[] = [];
  readonly #all = new Set<S>();
  #waiting: Waiting<S>[] = [];
  #opening = 0;
  #isReached = true;
  #retry: Timer | undefined;
  #closed = false;
  #waitedNsMax = 0;
  #waitedCount = 0;

  constructor(options: ServerPoolOptions) {
    this.#options = options;
  }

  /** Server connections that are open or being opened. */
  get size(): number {
    return this.#all.size + this.#opening;
  }

  get idle(): number {
    return this.#idle.length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many requests had to wait since this was asked last, and the longest of their waits. */
  takeWaits(): { readonly count: number; readonly nsMax: number } {
    const waits = { count: this.#waitedCount, nsMax: this.#waitedNsMax };
    this.#waitedCount = 0;
    this.#waitedNsMax = 0;
    return waits;
  }

  /**
   * Waits for a server connection that is this session's until it gives it back.
   * @param signal aborted by a client that leaves
   * @throws BorrowTimedOut, BorrowGivenUp, Refused
   */
  borrow(borrower: Borrower<S>, signal: AbortSignal): Promise<S> {
    if (this.#closed || signal.aborted || this.#waiting.length >= waitingMax)
      return Promise.reject(new BorrowGivenUp());
    return new Promise((resolve, reject) => {
      const sinceNs = this.#options.clock.nowNs();
      const unlimited: Timer = { cancel: () => undefined };
      const waiting = { borrower, signal, sinceNs, resolve, reject, limit: unlimited };
      signal.addEventListener('abort', () => this.#leave(waiting, new BorrowGivenUp()), {
        once: true,
      });
      this.#waiting.push(waiting);
      this.#limit(waiting);
      this.#lend();
    });
  }

  /** The session needs it no more; the next one may have it. */
  giveBack(server: S): void {
    if (server.isGone) return;
    if (server.target === this.#options.target()) this.#idle.push(server);
    else server.close();
    this.#lend();
  }

  /** It is of no use to anybody else. */
  discard(server: S): void {
    server.close();
  }

  /** Connections to a server that is not the writer any more are let go. */
  retarget(): void {
    const now = this.#options.target();
    for (const server of this.#idle.splice(0)) {
      if (server.target === now) this.#idle.push(server);
      else server.close();
    }
    this.#lend();
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    for (const waiting of [...this.#waiting]) {
      this.#forget(waiting);
      waiting.reject(new BorrowGivenUp());
    }
    for (const server of this.#all) server.close();
  }

  #forget(waiting: Waiting<S>): boolean {
    const at = this.#waiting.indexOf(waiting);
    if (at === -1) return false;
    this.#waiting.splice(at, 1);
    waiting.limit.cancel();
    return true;
  }

  /** Serves those who wait, the first first, as far as there is something to serve them with. */
  #lend(): void {
    if (this.#closed) return;
    for (const waiting of [...this.#waiting]) {
      const server = this.#fitting(waiting.borrower);
      if (server !== undefined) void this.#hand(server, waiting);
      else if (!this.#mayOpen()) break;
      else void this.#openFor(waiting);
    }
  }

  /** One that the session used last itself is taken first, then one that nobody used. */
  #fitting({ key, user }: Borrower<S>): S | undefined {
    const target = this.#options.target();
    const fit = this.#idle.filter((one) => one.key === key && one.target === target);
    const taken =
      fit.find((one) => one.lastUser === user) ??
      fit.find((one) => one.lastUser === undefined) ??
      fit[0];
    if (taken !== undefined) this.#idle.splice(this.#idle.indexOf(taken), 1);
    return taken;
  }

  #mayOpen(): boolean {
    if (!this.#isReached && (this.#opening > 0 || this.#retry !== undefined)) return false;
    if (this.size < this.#options.connectionsMax) return this.#opening < this.#waiting.length;
    // One of another user gives way; whoever waits is served once it has ended.
    this.#idle.shift()?.close();
    return false;
  }

  async #hand(server: S, waiting: Waiting<S>): Promise<void> {
    this.#forget(waiting);
    const { borrower } = waiting;
    try {
      if (server.lastUser !== borrower.user) await borrower.prepare(server);
      if (server.isGone) throw new Error('it ended meanwhile');
    } catch {
      server.close();
      this.#again(waiting);
      return;
    }
    server.lastUser = borrower.user;
    this.#noteWait(waiting);
    waiting.resolve(server);
  }

  /** It goes on waiting, as the one who has waited longest. */
  #again(waiting: Waiting<S>): void {
    if (waiting.signal.aborted || this.#closed) {
      waiting.reject(new BorrowGivenUp());
      return;
    }
    this.#waiting.unshift(waiting);
    this.#limit(waiting);
    this.#lend();
  }

  #limit(waiting: Waiting<S>): void {
    const { clock, borrowTimeoutMs } = this.#options;
    const leftMs = borrowTimeoutMs - (clock.nowNs() - waiting.sinceNs) / 1e6;
    waiting.limit = clock.timer(leftMs, () => this.#leave(waiting, new BorrowTimedOut()));
  }

  #leave(waiting: Waiting<S>, error: Error): void {
    if (!this.#forget(waiting)) return;
    this.#noteWait(waiting);
    waiting.reject(error);
  }

  /** Opened for whoever waits first when it is there: that need not be the one it was begun for. */
  async #openFor({ borrower, reject }: Waiting<S>): Promise<void> {
    this.#opening++;
    try {
      const server = await borrower.open();
      this.#opening--;
      this.#opened(server);
    } catch (error) {
      this.#opening--;
      if (error instanceof Refused) {
        const own = this.#waiting.find((one) => one.reject === reject);
        if (own !== undefined && this.#forget(own)) reject(error);
        this.#lend();
      } else this.#outOfReach();
    }
  }

  #opened(server: S): void {
    if (this.#closed) {
      server.close();
      return;
    }
    this.#all.add(server);
    server.onGone(() => {
      this.#all.delete(server);
      const at = this.#idle.indexOf(server);
      if (at !== -1) this.#idle.splice(at, 1);
      this.#lend();
    });
    this.#reach(true);
    this.giveBack(server);
  }

  #outOfReach(): void {
    if (this.#closed) return;
    this.#reach(false);
    if (this.#retry !== undefined) return;
    this.#retry = this.#options.clock.timer(this.#options.retryMs, () => {
      this.#retry = undefined;
      this.#lend();
    });
  }

  #reach(isReached: boolean): void {
    if (isReached) {
      this.#retry?.cancel();
      this.#retry = undefined;
    }
    if (isReached === this.#isReached) return;
    this.#isReached = isReached;
    this.#options.onReach(isReached);
  }

  #noteWait({ sinceNs }: Waiting<S>): void {
    this.#waitedCount++;
    this.#waitedNsMax = Math.max(this.#waitedNsMax, this.#options.clock.nowNs() - sinceNs);
  }
}
