/**
 * The tool's line to its doorway: says whether the port is to be open, hears whether it is, and
 * dials again where it breaks. The doorway closes its port while it hears nothing from us.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../../clock.js';
import { type BackDoor, dialDoorway } from './dial.js';
import { FrameReader, frame, numberFrame, numberOf } from './frames.js';

/** How long the port may take to open or close before the caller goes on without it. */
const changeMsMax = 500;
/** How long one answer is waited for that nobody else waits for. */
const answerMsMax = 2_000;
const pingEveryMs = 2_000;
/** So many beats without a word, and the line counts as broken. */
const silentBeatsMax = 5;
const redialEveryMs = 250;

export interface ControlLineEvents {
  /** The line broke: why. Told once until it is back. */
  lost(why: string): void;
  back(): void;
  /** So many clients wait for a pipe. */
  waiting(count: number): void;
  /** The port was not open, or not closed, as soon as it should have been. */
  late(): void;
  /** The port cannot be opened: why. */
  portFailed(why: string): void;
}

interface Answer {
  readonly number: number;
  settle(): void;
}

export class ControlLine {
  readonly #door: BackDoor;
  readonly #clock: Clock;
  readonly #events: ControlLineEvents;
  readonly #answers = new Set<Answer>();
  readonly #ending = new AbortController();
  #socket: Socket | undefined;
  #wantsOpen = false;
  /** What the doorway was last told on the line there is now. */
  #isOpen = false;
  #lastNumber = 0;
  #silentBeats = 0;
  #beat: Timer | undefined;

  constructor(door: BackDoor, events: ControlLineEvents) {
    this.#door = door;
    this.#clock = door.clock;
    this.#events = events;
  }

  get isUp(): boolean {
    return this.#socket !== undefined;
  }

  /** @throws Error where the doorway does not answer */
  async connect(): Promise<void> {
    const socket = await dialDoorway(this.#door, 'control');
    if (this.#ending.signal.aborted) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    this.#silentBeats = 0;
    const reader = new FrameReader({
      data: () => undefined,
      word: (kind, payload) => this.#word(kind, payload),
    });
    socket.on('data', (chunk: Buffer) => {
      this.#silentBeats = 0;
      try {
        reader.push(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined);
      }
    });
    let why = 'it was closed';
    socket.on('error', (error) => {
      why = error.message;
    });
    socket.once('close', () => this.#broken(why));
    socket.resume();
    this.#beatOn();
    // An earlier line may have left it in either state.
    this.#isOpen = this.#wantsOpen;
    await this.#ask(this.#wantsOpen ? frame.open : frame.close, answerMsMax);
  }

  /**
   * Opens or closes the port. Resolves once the doorway says that it is so; also where the line
   * is broken, since the port is then closed, and where no answer comes in time.
   */
  async setOpen(open: boolean): Promise<void> {
    this.#wantsOpen = open;
    if (this.#socket === undefined || this.#isOpen === open) return;
    this.#isOpen = open;
    if (!(await this.#ask(open ? frame.open : frame.close, changeMsMax))) this.#events.late();
  }

  /** How long one exchange takes, milliseconds; undefined where it gets no answer. */
  async exchangeMs(): Promise<number | undefined> {
    const beginNs = this.#clock.nowNs();
    const answered = await this.#ask(frame.ping, answerMsMax);
    return answered ? (this.#clock.nowNs() - beginNs) / 1e6 : undefined;
  }

  end(): void {
    this.#ending.abort();
    this.#beat?.cancel();
    this.#socket?.destroy();
  }

  /** Whether the answer came in time. */
  #ask(kind: number, limitMs: number): Promise<boolean> {
    const number = ++this.#lastNumber;
    return new Promise((resolve) => {
      const settle = (answered: boolean): void => {
        late.cancel();
        this.#answers.delete(answer);
        resolve(answered);
      };
      const late = this.#clock.timer(limitMs, () => settle(false));
      const answer = { number, settle: () => settle(true) };
      this.#answers.add(answer);
      this.#socket?.write(numberFrame(kind, number));
    });
  }

  #word(kind: number, payload: Buffer): void {
    if (kind === frame.waiting) this.#events.waiting(numberOf(payload));
    else if (kind === frame.failed) this.#events.portFailed(payload.toString());
    else if (kind === frame.done || kind === frame.pong) {
      const number = numberOf(payload);
      for (const answer of [...this.#answers]) if (answer.number === number) answer.settle();
    }
  }

  #beatOn(): void {
    this.#beat = this.#clock.timer(pingEveryMs, () => {
      this.#silentBeats++;
      if (this.#silentBeats > silentBeatsMax)
        this.#socket?.destroy(new Error('it says nothing any more'));
      else {
        this.#socket?.write(numberFrame(frame.ping, 0));
        this.#beatOn();
      }
    });
  }

  #broken(why: string): void {
    this.#socket = undefined;
    this.#beat?.cancel();
    for (const { settle } of [...this.#answers]) settle();
    if (this.#ending.signal.aborted) return;
    this.#events.lost(why);
    void this.#redial();
  }

  async #redial(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      try {
        await this.#clock.sleep(redialEveryMs, this.#ending.signal);
        await this.connect();
        if (this.isUp) this.#events.back();
        return;
      } catch {
        // It is tried as long as the run goes on.
      }
    }
  }
}
