/**
 * Inside the container: the port that applications dial, and the pipes to the tool that their
 * connections are put on. Closed, the port is really closed: the system itself refuses.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../../clock.js';
import { resetConnection } from '../../../endpoint/reset-connection.js';
import { frame, wholeFrame } from './frames.js';
import { Passage } from './passage.js';

/** Clients that may wait for a pipe, and how long; more are reset. */
const waitingMax = 1_000;
const waitMsMax = 10_000;
/** Pipes that may lie ready. */
const readyMax = 1_100;
/** How long a client may keep its side open once the server's has ended. */
const halfOpenMsMax = 60_000;

interface Waiting {
  readonly client: Socket;
  stopWaiting(): void;
}

export class PublicPort {
  readonly #port: number;
  readonly #clock: Clock;
  /** Told how many clients wait for a pipe, whenever another one does. */
  readonly #onWaiting: (count: number) => void;
  readonly #ready = new Set<Socket>();
  readonly #waiting = new Set<Waiting>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(port: number, clock: Clock, onWaiting: (count: number) => void) {
    this.#port = port;
    this.#clock = clock;
    this.#onWaiting = onWaiting;
  }

  /** @throws the system's error where the port cannot be had */
  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    const options = { noDelay: true, keepAlive: true, allowHalfOpen: true, pauseOnConnect: true };
    const server = createServer(options, (client) => this.#take(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: this.#port, backlog: 2048 }, resolve);
    });
    server.on('error', () => undefined);
    this.#server = server;
  }

  /** Closes the port at once; clients that came through it live on. */
  close(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** A connection of the tool's that waits for a client. */
  addPipe(pipe: Socket): void {
    const [first] = this.#waiting;
    if (first !== undefined) {
      first.stopWaiting();
      this.#join(first.client, pipe);
      return;
    }
    if (this.#ready.size >= readyMax) {
      pipe.destroy();
      return;
    }
    this.#ready.add(pipe);
    pipe.once('close', () => this.#ready.delete(pipe));
    pipe.resume();
  }

  /** Closes the port and every connection. */
  end(): void {
    this.close();
    for (const { stopWaiting } of this.#waiting) stopWaiting();
    for (const pipe of this.#ready) pipe.destroy();
    for (const client of this.#sockets) resetConnection(client);
  }

  #take(client: Socket): void {
    this.#sockets.add(client);
    client.once('close', () => this.#sockets.delete(client));
    client.on('error', () => undefined);
    const [pipe] = this.#ready;
    if (pipe !== undefined) {
      this.#ready.delete(pipe);
      this.#join(client, pipe);
    } else if (this.#waiting.size >= waitingMax) resetConnection(client);
    else this.#wait(client);
  }

  #wait(client: Socket): void {
    const late = this.#clock.timer(waitMsMax, () => {
      waiting.stopWaiting();
      resetConnection(client);
    });
    const waiting = {
      client,
      stopWaiting: () => {
        late.cancel();
        this.#waiting.delete(waiting);
      },
    };
    this.#waiting.add(waiting);
    this.#onWaiting(this.#waiting.size);
  }

  #join(client: Socket, pipe: Socket): void {
    pipe.write(wholeFrame(frame.client));
    new Passage(client, pipe, { clock: this.#clock, halfOpenMsMax, onOver: () => undefined });
  }
}
