/**
 * The program that runs in the doorway's container, with its arguments in the order of
 * `insideCommand`.
 * It listens on the public port when the tool says so, and passes each client on to the tool
 * through connections that the tool has dialled to the back port. Without the tool it lets
 * nobody in, and after a while it ends.
 *
 * It is copied into any image that has Node, with the few files that it imports: it may import
 * nothing else.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { type Clock, systemClock, type Timer } from '../../../clock.js';
import { FrameReader, frame, numberFrame, numberOf, wholeFrame } from './frames.js';
import { letIn } from './handshake.js';
import { PublicPort } from './public-port.js';

/** Strangers that may knock at the same time. */
const knockingMax = 200;

class Inside {
  readonly #clock: Clock;
  readonly #secret: Buffer;
  /** How long it waits for a tool that is not there. */
  readonly #aloneMsMax: number;
  readonly #port: PublicPort;
  readonly #back;
  readonly #connections = new Set<Socket>();
  #knocking = 0;
  #control: Socket | undefined;
  #alone: Timer | undefined;
  /** Openings and closings, in the order they were asked for. */
  #change: Promise<void> = Promise.resolve();

  constructor(clock: Clock, publicPort: number, secret: Buffer, aloneMsMax: number) {
    this.#clock = clock;
    this.#secret = secret;
    this.#aloneMsMax = aloneMsMax;
    this.#port = new PublicPort(publicPort, clock, (count) => {
      this.#control?.write(numberFrame(frame.waiting, count));
    });
    this.#back = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#knock(socket));
  }

  listen(backPort: number): void {
    this.#waitAlone();
    this.#back.listen({ port: backPort, backlog: 2048 });
  }

  #knock(socket: Socket): void {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    socket.on('error', () => undefined);
    if (this.#knocking >= knockingMax) {
      socket.destroy();
      return;
    }
    this.#knocking++;
    letIn(socket, this.#secret, this.#clock)
      .then(
        (kind) => (kind === 'pipe' ? this.#port.addPipe(socket) : this.#obey(socket)),
        () => socket.destroy(),
      )
      .finally(() => this.#knocking--);
  }

  #obey(socket: Socket): void {
    this.#control?.destroy();
    this.#control = socket;
    this.#alone?.cancel();
    const reader = new FrameReader({
      data: () => undefined,
      word: (kind, payload) => this.#word(socket, kind, payload),
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch {
        socket.destroy();
      }
    });
    socket.once('close', () => {
      if (this.#control !== socket) return;
      this.#control = undefined;
      this.#next(async () => this.#port.close());
      this.#waitAlone();
    });
    socket.resume();
  }

  #word(socket: Socket, kind: number, payload: Buffer): void {
    if (kind === frame.ping) socket.write(wholeFrame(frame.pong, payload));
    else if (kind === frame.open || kind === frame.close)
      this.#next(async () => {
        if (this.#control !== socket) return;
        try {
          if (kind === frame.open) await this.#port.open();
          else this.#port.close();
          socket.write(numberFrame(frame.done, numberOf(payload)));
        } catch (error) {
          const why = Buffer.from(error instanceof Error ? error.message : String(error));
          socket.write(wholeFrame(frame.failed, why.subarray(0, 400)));
        }
      });
  }

  #next(change: () => Promise<void>): void {
    this.#change = this.#change.then(change);
  }

  #waitAlone(): void {
    this.#alone?.cancel();
    this.#alone = this.#clock.timer(this.#aloneMsMax, () => {
      this.#back.close();
      this.#port.end();
      for (const socket of this.#connections) socket.destroy();
    });
  }
}

function readSecret(path: string): Buffer {
  return Buffer.from(readFileSync(path, 'utf8'), 'hex');
}

const [publicPort, backPort, aloneMsMax, secretFile = ''] = process.argv.slice(2);
const secret = readSecret(secretFile);
const inside = new Inside(systemClock(), Number(publicPort), secret, Number(aloneMsMax));
inside.listen(Number(backPort));
