/** One port of an endpoint. Closing it makes the system itself refuse; sessions are untouched. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../clock.js';
import type { Rng } from '../rng.js';
import { openSomePort } from '../server/ports.js';

const host = '127.0.0.1';
/** While it is closed nobody keeps the port for us: whoever took it may let go of it again. */
const reopenTries = 20;
const reopenPauseMs = 100;

/**
 * What lets clients from elsewhere in to a listener's port: open while the listener is, so that
 * they are refused when others are. Neither call rejects; what goes wrong is told by the gate.
 */
export interface Gate {
  /** Clients may come, and are passed on to this port; a no-op where it is open. */
  open(port: number): Promise<void>;
  /** Whoever comes is refused; who came before stays. */
  close(): Promise<void>;
}

export class Listener {
  readonly label: string;
  readonly #onSocket: (socket: Socket) => void;
  readonly #gate: Gate | undefined;
  #server: Server | undefined;
  #port = 0;
  #change: Promise<void> = Promise.resolve();

  constructor(label: string, onSocket: (socket: Socket) => void, gate?: Gate) {
    this.label = label;
    this.#onSocket = onSocket;
    this.#gate = gate;
  }

  get port(): number {
    return this.#port;
  }

  /** Picks a free port and opens it. */
  async choosePort(stream: Rng): Promise<void> {
    await openSomePort(stream, async (port) => {
      this.#port = port;
      await this.open(null);
    });
  }

  /**
   * Opens the port; a no-op when it is open. Changes happen in the order they were asked for.
   * @param clock to try again for a while where somebody else sits on the port; null = once
   * @throws the system's error where it stays taken
   */
  open(clock: Clock | null): Promise<void> {
    return this.#next(async () => {
      for (let tries = 1; this.#server === undefined; tries++) {
        try {
          await this.#listen();
        } catch (error) {
          if (clock === null || tries === reopenTries) throw error;
          await clock.sleep(reopenPauseMs);
        }
      }
      await this.#gate?.open(this.#port);
    });
  }

  async #listen(): Promise<void> {
    const server = createServer({ noDelay: true, allowHalfOpen: true }, this.#onSocket);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port: this.#port, backlog: 2048 }, resolve);
    });
    server.on('error', () => {});
    this.#server = server;
  }

  /** Closes the port at once; connections that came through it live on. */
  close(): Promise<void> {
    return this.#next(async () => {
      this.#server?.close();
      this.#server = undefined;
      await this.#gate?.close();
    });
  }

  #next(change: () => Promise<void>): Promise<void> {
    const done = this.#change.then(change);
    this.#change = done.catch(() => {});
    return done;
  }
}
