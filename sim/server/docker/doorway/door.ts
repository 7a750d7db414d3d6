/** The tool's end of a doorway, wherever the other end runs. */
import type { Gate } from '../../../endpoint/listener.js';
import { ControlLine } from './control-line.js';
import type { BackDoor } from './dial.js';
import { Pipes } from './pipes.js';

/** A sentence about the doorway, for people. */
export type TellDoorway = (level: 'info' | 'warning', code: string, text: string) => void;

/** How many are timed when the other end is reached. */
export const exchanges = 20;
const connectEveryMs = 100;

export class Door implements Gate {
  readonly #door: BackDoor;
  readonly #line: ControlLine;
  readonly #pipes: Pipes;
  readonly #ending = new AbortController();
  #target = 0;

  constructor(door: BackDoor, tell: TellDoorway) {
    this.#door = door;
    this.#pipes = new Pipes(door, () => this.#target);
    this.#line = new ControlLine(door, {
      lost: (why) => {
        this.#pipes.switch(false);
        tell(
          'warning',
          'doorway-lost',
          `the doorway was lost (${why}): until it is back, containers are refused by it, not by ` +
            'the endpoint',
        );
      },
      back: () => {
        this.#pipes.switch(true);
        tell('warning', 'doorway-back', 'the doorway is back');
      },
      waiting: (count) => this.#pipes.clientsWait(count),
      late: () =>
        tell(
          'warning',
          'doorway-late',
          'the port of the doorway did not open or close as soon as those of the endpoint',
        ),
      portFailed: (why) =>
        tell('warning', 'doorway-port', `the doorway cannot open its port: ${why}`),
    });
  }

  /**
   * Reaches the other end, which may only be starting.
   * @param whyHopeless asked now and then; undefined while there is hope
   * @returns how long one exchange takes, milliseconds (median)
   * @throws Error where there is none within the time
   */
  async connect(limitMs: number, whyHopeless: () => Promise<string | undefined>): Promise<number> {
    const { clock } = this.#door;
    const untilNs = clock.nowNs() + limitMs * 1e6;
    for (let tries = 1; !this.#line.isUp; tries++) {
      try {
        await this.#line.connect();
      } catch (error) {
        const hopeless = tries % 5 === 0 ? await whyHopeless() : undefined;
        if (hopeless !== undefined) throw new Error(hopeless);
        if (clock.nowNs() > untilNs) throw error;
        await clock.sleep(connectEveryMs, this.#ending.signal);
      }
    }
    this.#pipes.switch(true);
    const tookMs: number[] = [];
    for (let count = 0; count < exchanges; count++) {
      const ms = await this.#line.exchangeMs();
      if (ms !== undefined) tookMs.push(ms);
    }
    return tookMs.sort((a, b) => a - b)[Math.floor(tookMs.length / 2)] ?? Number.NaN;
  }

  async open(port: number): Promise<void> {
    this.#target = port;
    await this.#line.setOpen(true);
  }

  async close(): Promise<void> {
    await this.#line.setOpen(false);
  }

  /** Ends every connection through it. */
  end(): void {
    this.#ending.abort();
    this.#line.end();
    this.#pipes.end();
  }
}
