/** One port of an endpoint. Closing it makes the system itself refuse; sessions are untouched. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Rng } from '../rng.js';

const host = '127.0.0.1';
/** Below the ephemeral range: see `docs/decisions.md`. */
const portMin = 15_000;
const portMax = 32_000;
const portTries = 50;

export class Listener {
  readonly label: string;
  readonly #onSocket: (socket: Socket) => void;
  #server: Server | undefined;
  #port = 0;
  #change: Promise<void> = Promise.resolve();

  constructor(label: string, onSocket: (socket: Socket) => void) {
    this.label = label;
    this.#onSocket = onSocket;
  }

  get port(): number {
    return this.#port;
  }

  /** Picks a free port and opens it. */
  async choosePort(stream: Rng): Promise<void> {
    for (let tries = 1; ; tries++) {
      this.#port = stream.int(portMin, portMax);
      try {
        await this.open();
        return;
      } catch (error) {
        if (tries === portTries) throw error;
      }
    }
  }

  /** Opens the port; a no-op when it is open. Changes happen in the order they were asked for. */
  open(): Promise<void> {
    return this.#next(async () => {
      if (this.#server !== undefined) return;
      const server = createServer({ noDelay: true }, this.#onSocket);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port: this.#port, backlog: 2048 }, resolve);
      });
      server.on('error', () => {});
      this.#server = server;
    });
  }

  /** Closes the port at once; connections that came through it live on. */
  close(): Promise<void> {
    return this.#next(async () => {
      this.#server?.close();
      this.#server = undefined;
    });
  }

  #next(change: () => Promise<void>): Promise<void> {
    const done = this.#change.then(change);
    this.#change = done.catch(() => {});
    return done;
  }
}
