/**
 * A client of a pooling endpoint: logged in there, and lent a server connection for each
 * transaction or statement. What it sends while it has none waits, and TCP holds it back. Once
 * pinned it keeps its connection until it leaves.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.js';
import { resetConnection } from '../endpoint/reset-connection.js';
import type { PinReason } from './pinning.js';
import type { ServerConnection } from './server-connection.js';
import {
  type Borrower,
  BorrowGivenUp,
  BorrowTimedOut,
  Refused,
  type ServerPool,
} from './server-pool.js';

/** What the protocol keeps of a session: which answers are due, what pins it, what it says. */
export interface Books {
  /** All that was asked was answered. */
  readonly isQuiet: boolean;
  readonly inTransaction: boolean;
  readonly pin: PinReason | undefined;
  /** What somebody sent that no protocol allows, in a sentence. */
  readonly violation: string | undefined;
  /**
   * Walks over what the client sent.
   * @returns what is the server's of it, and whether the client says goodbye behind that
   */
  fromClient(chunk: Buffer): { readonly toServer: Buffer; readonly leaves: boolean };
  /** Walks over what the server sent, before or after it is passed on. */
  fromServer(chunk: Buffer): void;
  /** Whether that client, which has no server connection, says goodbye with this. */
  saysGoodbye(chunk: Buffer): boolean;
  /** Another server connection, on which nothing is under way. */
  attached(): void;
  /** What the client is told when its request waited too long, or its server connection is gone. */
  readonly timedOut: Buffer;
  readonly lost: Buffer;
  violationNotice(text: string): Buffer;
}

/** Why the endpoint ended a session. */
export type SessionFate =
  | 'left'
  | 'in-transaction'
  | 'in-statement'
  | 'pinned'
  | 'timed-out'
  | 'idle-timeout'
  | 'refused'
  | 'violation'
  | 'closed';

export interface PooledSessionOptions<S extends ServerConnection> {
  readonly clock: Clock;
  readonly client: Socket;
  readonly raw: Socket;
  /** What the client sent right behind its greeting. */
  readonly unread: Buffer;
  readonly books: Books;
  readonly pool: ServerPool<S>;
  readonly borrower: Omit<Borrower<S>, 'user'>;
  readonly onPinned: (reason: PinReason) => void;
  readonly onClosed: (session: PooledSession<S>, fate: SessionFate) => void;
}

/** What a client may send ahead of a server connection before it is not read any more. */
const heldBytesMax = 256 * 1024;
/** How long a client that was told to go may take to read what was sent. */
const clientEndMsMax = 5_000;

export class PooledSession<S extends ServerConnection> {
  readonly #options: PooledSessionOptions<S>;
  readonly #books: Books;
  #server: S | undefined;
  #borrowing: AbortController | undefined;
  /** What waits for a server connection. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isPinned = false;
  /** The client said goodbye, or sends nothing more, behind what is still to be answered. */
  #leaves = false;
  #isClosed = false;
  #idleSinceNs: number;

  constructor(options: PooledSessionOptions<S>) {
    this.#options = options;
    this.#books = options.books;
    this.#idleSinceNs = options.clock.nowNs();
    const { client, unread } = options;
    client.on('data', this.#fromClient);
    client.on('error', () => this.#close('left'));
    client.on('end', () => this.#leave());
    client.on('close', () => this.#close('left'));
    if (unread.length > 0) client.unshift(unread);
    client.resume();
  }

  get isPinned(): boolean {
    return this.#isPinned;
  }

  /** Whether nothing of it is under way or waits. */
  get isIdle(): boolean {
    return this.#borrowing === undefined && (this.#server === undefined || this.#isBetween);
  }

  /** Whether it waits for a server connection. */
  get isWaiting(): boolean {
    return this.#borrowing !== undefined;
  }

  /** All that was asked is answered, and no transaction is open. */
  get #isBetween(): boolean {
    return this.#books.isQuiet && !this.#books.inTransaction;
  }

  /** Since when it has asked nothing; undefined while it is at work. */
  get idleSinceNs(): number | undefined {
    return this.isIdle ? this.#idleSinceNs : undefined;
  }

  /** Whom its server connection leads to; undefined while it has none. */
  get target(): string | undefined {
    return this.#server?.target;
  }

  /** Ends it; its server connection goes with it. */
  end(fate: 'idle-timeout' | 'closed'): void {
    this.#close(fate);
  }

  /** Its server is the writer no more: what was under way there is cancelled. */
  cancel(): void {
    const server = this.#server;
    if (server === undefined) return;
    server.give(undefined);
    this.#serverGone(server);
  }

  readonly #fromClient = (chunk: Buffer): void => {
    if (this.#isClosed || this.#leaves) return;
    this.#idleSinceNs = this.#options.clock.nowNs();
    if (this.#server !== undefined) {
      this.#forward(chunk, this.#server);
      return;
    }
    if (this.#held.length === 0 && this.#books.saysGoodbye(chunk)) {
      this.#close('left');
      return;
    }
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    // It is read on for a while: a client that leaves is noticed by that alone.
    if (this.#heldBytes > heldBytesMax) this.#options.client.pause();
    if (this.#borrowing === undefined) void this.#borrow();
  };

  async #borrow(): Promise<void> {
    const { pool, borrower } = this.#options;
    const borrowing = new AbortController();
    this.#borrowing = borrowing;
    try {
      const server = await pool.borrow({ ...borrower, user: this }, borrowing.signal);
      this.#borrowing = undefined;
      if (this.#isClosed) pool.giveBack(server);
      else this.#attach(server);
    } catch (error) {
      this.#borrowing = undefined;
      if (error instanceof BorrowTimedOut) this.#close('timed-out', this.#books.timedOut);
      else if (error instanceof Refused) this.#close('refused', error.words);
      else if (error instanceof BorrowGivenUp) this.#close('closed');
      else throw error;
    }
  }

  #attach(server: S): void {
    this.#server = server;
    this.#books.attached();
    server.give({ take: this.#fromServer, lost: () => this.#serverGone(server) });
    this.#heldBytes = 0;
    for (const chunk of this.#held.splice(0))
      if (this.#server === server) this.#forward(chunk, server);
    if (!this.#isClosed && !server.socket.writableNeedDrain) this.#options.client.resume();
  }

  #forward(chunk: Buffer, server: S): void {
    const { toServer, leaves } = this.#books.fromClient(chunk);
    const { violation, pin } = this.#books;
    if (violation !== undefined) {
      this.#close('violation', this.#books.violationNotice(violation));
      return;
    }
    if (pin !== undefined && !this.#isPinned) {
      this.#isPinned = true;
      this.#options.onPinned(pin);
    }
    if (toServer.length > 0 && !server.socket.write(toServer)) this.#awaitDrain(server);
    if (leaves) this.#leave();
  }

  /** A server that reads slowly holds its client back. */
  #awaitDrain(server: S): void {
    this.#options.client.pause();
    server.socket.once('drain', () => {
      if (this.#server === server && !this.#isClosed) this.#options.client.resume();
    });
  }

  readonly #fromServer = (chunk: Buffer): void => {
    const server = this.#server;
    if (server === undefined || this.#isClosed) return;
    const { client } = this.#options;
    const isFull = !client.write(chunk);
    this.#books.fromServer(chunk);
    if (this.#books.violation !== undefined) {
      this.#close('violation');
      return;
    }
    if (this.#leaves && this.#books.isQuiet) this.#close('left');
    else if (this.#isBetween && !this.#isPinned) this.#release(server);
    else if (isFull) {
      server.socket.pause();
      client.once('drain', () => {
        if (this.#server === server) server.socket.resume();
      });
    }
  };

  /** Its transaction, or its statement, is over. */
  #release(server: S): void {
    this.#idleSinceNs = this.#options.clock.nowNs();
    this.#detach(server);
    this.#options.pool.giveBack(server);
    // It may have been held back for a server connection that is not its own any more.
    this.#options.client.resume();
  }

  #detach(server: S): void {
    server.give(undefined);
    this.#server = undefined;
  }

  #serverGone(server: S): void {
    if (this.#server !== server || this.#isClosed) return;
    const { inTransaction, lost } = this.#books;
    const isBetween = this.#isBetween;
    this.#detach(server);
    server.close();
    if (isBetween) this.#close('pinned', lost);
    else this.#close(inTransaction ? 'in-transaction' : 'in-statement', lost);
  }

  /** What was sent before the client leaves has its effect, and its answer where it still reads. */
  #leave(): void {
    this.#leaves = true;
    if (this.#server === undefined || this.#books.isQuiet) this.#close('left');
  }

  #close(fate: SessionFate, notice: Buffer = Buffer.alloc(0)): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = [];
    this.#borrowing?.abort();
    const server = this.#server;
    if (server !== undefined) {
      this.#detach(server);
      // With what may be left of the session on it, nobody else gets it.
      this.#options.pool.discard(server);
    }
    this.#endClient(fate, notice);
    this.#options.onClosed(this, fate);
  }

  #endClient(fate: SessionFate, notice: Buffer): void {
    const { client, raw, clock } = this.#options;
    client.removeAllListeners('data');
    client.resume();
    if (fate === 'left') {
      client.destroy();
      return;
    }
    if (notice.length > 0) client.write(notice);
    let limit: Timer | undefined;
    client.once('close', () => limit?.cancel());
    limit = clock.timer(clientEndMsMax, () => resetConnection(raw, client));
    client.end();
  }
}
