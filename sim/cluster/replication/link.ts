/**
 * The way from a follower to its source: a relay of our own that the follower dials, so that what
 * is shipped can be delayed or cut off. What was not shipped is lost with the source.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../clock.js';
import { newSeed, rng } from '../../rng.js';
import { openSomePort } from '../../server/ports.js';
import type { ServerAddress } from '../../server/server.js';
import { DelayedPipe } from './delayed-pipe.js';

/** After so long a connection is taken for a stream, whatever was said on it. */
const talkMsMax = 5_000;

export class ReplicationLink {
  readonly #clock: Clock;
  readonly #host: string;
  readonly #pipes = new Set<DelayedPipe>();
  /** Those of them from the source to the follower. */
  readonly #shipped = new Set<DelayedPipe>();
  readonly #sockets = new Set<Socket>();
  /** Followers that dialled while it was partitioned. The source has not heard of them. */
  readonly #unheard = new Set<Socket>();
  #source: ServerAddress;
  #server: Server | undefined;
  #port = 0;
  #delayMs = 0;
  #isPartitioned = false;
  #isRefusing = false;

  /** @param host where the follower can dial it: loopback, or an address of this run's network */
  constructor(clock: Clock, source: ServerAddress, host = '127.0.0.1') {
    this.#clock = clock;
    this.#source = source;
    this.#host = host;
  }

  /** Where the follower dials. */
  get address(): ServerAddress {
    return { host: this.#host, port: this.#port };
  }

  async open(): Promise<void> {
    await openSomePort(rng(newSeed(), 'ports'), async (port) => {
      this.#port = port;
      await this.#listen();
    });
  }

  /** Followers that are connected are cut off and find the other source when they dial again. */
  leadTo(source: ServerAddress): void {
    this.#source = source;
    this.cut();
  }

  /**
   * What the source ships comes so much later from now on; zero: at once. What is said before a
   * stream begins is not delayed: a follower would take many times the delay to come back.
   */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
    for (const pipe of this.#shipped) pipe.delay(delayMs);
  }

  /** Nothing passes while it is partitioned: neither side hears that the other is away. */
  partition(isPartitioned: boolean): void {
    this.#isPartitioned = isPartitioned;
    for (const pipe of this.#pipes) pipe.hold(isPartitioned);
    if (isPartitioned) return;
    for (const follower of this.#unheard) this.#lead(follower);
    this.#unheard.clear();
  }

  /** Breaks what is connected now, and whatever dials while it refuses. */
  refuse(isRefusing: boolean): void {
    this.#isRefusing = isRefusing;
    if (isRefusing) this.cut();
  }

  /** Breaks what is connected now; the follower may dial again. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Closes it for good. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.cut();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (follower) => this.#join(follower));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: this.#host, port: this.#port }, () => {
        server.off('error', reject);
        server.on('error', () => {});
        this.#server = server;
        resolve();
      });
    });
  }

  #join(follower: Socket): void {
    if (this.#isRefusing) {
      follower.on('error', () => {});
      follower.resetAndDestroy();
      return;
    }
    this.#sockets.add(follower);
    follower.on('error', () => {});
    follower.on('close', () => {
      this.#sockets.delete(follower);
      this.#unheard.delete(follower);
    });
    if (this.#isPartitioned) this.#unheard.add(follower);
    else this.#lead(follower);
  }

  #lead(follower: Socket): void {
    const source = connect({ ...this.#source, noDelay: true });
    const shipped = new DelayedPipe(this.#clock, source, follower, 0);
    // What the follower says is not delayed: it is what it has got that lags.
    const said = new DelayedPipe(this.#clock, follower, source, 0);
    const pipes = [shipped, said];
    const streams = (): void => {
      presumed.cancel();
      follower.off('data', watch);
      this.#shipped.add(shipped);
      shipped.delay(this.#delayMs);
    };
    const watch = (chunk: Buffer): void => {
      if (beginsStream(chunk)) streams();
    };
    const presumed = this.#clock.timer(talkMsMax, streams);
    follower.on('data', watch);
    for (const pipe of pipes) this.#pipes.add(pipe);
    this.#sockets.add(source);
    source.on('error', () => {});
    source.on('close', () => this.#sockets.delete(source));
    for (const socket of [source, follower])
      socket.on('close', () => {
        for (const pipe of pipes) {
          pipe.end();
          this.#pipes.delete(pipe);
        }
        this.#shipped.delete(shipped);
        source.destroy();
        follower.destroy();
      });
  }
}

/** COM_BINLOG_DUMP and COM_BINLOG_DUMP_GTID, and what a standby of Postgres says. */
const dumpCommands: readonly number[] = [0x12, 0x1e];
const startReplication = 'START_REPLICATION';

/** Whether a follower asks for the stream, with what it says of itself over by then. */
function beginsStream(chunk: Buffer): boolean {
  const isDump = chunk[3] === 0 && dumpCommands.includes(chunk[4] ?? 0);
  return isDump || chunk.includes(startReplication);
}
