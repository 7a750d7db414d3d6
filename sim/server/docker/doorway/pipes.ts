/**
 * The tool's connections to its doorway that wait for clients, dialled ahead: as soon as one is
 * used, another is dialled. Each client is passed on to a port of loopback.
 */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../../clock.js';
import { type BackDoor, dialDoorway } from './dial.js';
import { frame, wholeFrame } from './frames.js';
import { takeBytes } from './handshake.js';
import { Passage } from './passage.js';

/** Pipes that wait for clients. */
const readyWanted = 8;
/** Pipes in all; clients beyond them wait in the container and are reset there. */
const pipesMax = 2_000;
const diallingMax = 32;
const redialEveryMs = 250;
/** A frame that says only that a client has come. */
const clientBytes = wholeFrame(frame.client).length;

export class Pipes {
  readonly #door: BackDoor;
  readonly #clock: Clock;
  readonly #targetPort: () => number;
  readonly #sockets = new Set<Socket>();
  #isOn = false;
  #ready = 0;
  #dialling = 0;
  /** Clients that wait in the container, as far as is known. */
  #waiting = 0;
  #pausing = false;

  /** @param targetPort the port of loopback that clients are passed on to */
  constructor(door: BackDoor, targetPort: () => number) {
    this.#door = door;
    this.#clock = door.clock;
    this.#targetPort = targetPort;
  }

  /** Keeps pipes ready from now on; off, those that there are go on. */
  switch(isOn: boolean): void {
    this.#isOn = isOn;
    this.#waiting = 0;
    this.#fill();
  }

  clientsWait(count: number): void {
    this.#waiting = count;
    this.#fill();
  }

  end(): void {
    this.#isOn = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  #fill(): void {
    while (this.#isOn && !this.#pausing && this.#wantsMore()) void this.#dial();
  }

  #wantsMore(): boolean {
    const wanted = readyWanted + this.#waiting;
    const coming = this.#ready + this.#dialling;
    const all = this.#sockets.size / 2 + this.#dialling;
    return coming < wanted && all < pipesMax && this.#dialling < diallingMax;
  }

  async #dial(): Promise<void> {
    this.#dialling++;
    try {
      const pipe = await dialDoorway(this.#door, 'pipe').finally(() => this.#dialling--);
      this.#keep(pipe);
      this.#ready++;
      const took = takeBytes(pipe, clientBytes, this.#clock, null);
      this.#fill();
      await took.finally(() => this.#ready--);
      this.#waiting = Math.max(0, this.#waiting - 1);
      this.#passOn(pipe);
      this.#fill();
    } catch {
      this.#pause();
    }
  }

  #passOn(pipe: Socket): void {
    const port = this.#targetPort();
    const near = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
    this.#keep(near);
    new Passage(near, pipe, {
      clock: this.#clock,
      halfOpenMsMax: null,
      onOver: () => undefined,
    });
  }

  #keep(socket: Socket): void {
    if (!this.#isOn) socket.destroy();
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#fill();
    });
  }

  /** A doorway that does not answer is not dialled at once again. */
  #pause(): void {
    if (this.#pausing || !this.#isOn) return;
    this.#pausing = true;
    this.#clock.timer(redialEveryMs, () => {
      this.#pausing = false;
      this.#fill();
    });
  }
}
