/** The conductor's handle on the worker thread that polls and writes. */
import type { MessagePort } from 'node:worker_threads';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../sim/clock.js';
import { UserError } from '../../sim/user-error.js';
import { late, within } from '../within.js';
import type {
  FromInstruments,
  InstrumentsPlan,
  OpenedSessions,
  ReadbackEnd,
  ToInstruments,
} from './protocol.js';
import type { ConnectionTarget } from './target.js';

export interface ProbeWorkerOptions {
  readonly clock: Clock;
  /** The compiled thread entry; the tests, which run from source, name it. */
  readonly script?: URL;
}

interface Wanted {
  readonly type: FromInstruments['type'];
  readonly resolve: (message: FromInstruments) => void;
  readonly reject: (error: Error) => void;
}

/** How much longer than the plan allows the conductor waits before it gives the worker up. */
const graceMs = 5_000;
/** How long the thread may take to end when told to; one that hangs in the kernel never does. */
const endMsMax = 10_000;

/**
 * Probes and load in a thread of their own. Every method has a deadline and rejects with an
 * Error whose text is fit for an error note when the worker fails, dies or is late.
 */
export class ProbeWorker {
  readonly #worker: Worker;
  readonly #clock: Clock;
  #wanted: Wanted | null = null;
  #failure: Error | null = null;
  #ended = false;
  #watch: (error: Error) => void = () => {};
  readonly #exited: Promise<void>;

  constructor(options: ProbeWorkerOptions) {
    this.#clock = options.clock;
    this.#worker = new Worker(options.script ?? new URL('./worker.js', import.meta.url), {
      name: 'rehearse-probes',
      env: environmentWithoutPostgres(process.env),
    });
    this.#worker.on('message', (message: FromInstruments) => this.#take(message));
    this.#worker.on('error', (error) => this.#fail(new Error(`the probes' thread: ${error}`)));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        if (!this.#ended) this.#fail(new Error(`the probes' thread ended by itself (${code})`));
        this.#ended = true;
        resolve();
      });
    });
  }

  /** Called once when the worker fails at a time when nobody waits for it. */
  onFailure(watch: (error: Error) => void): void {
    this.#watch = watch;
  }

  /**
   * Opens every session, begins to tick, and resolves when all of it stands.
   * Rejects with a UserError `SESSIONS_UNOPENED` where one that must open does not.
   * @param history the port of the history writer; it is transferred
   */
  async start(plan: InstrumentsPlan, history: MessagePort): Promise<readonly OpenedSessions[]> {
    const wait = plan.openTimeoutMs + graceMs;
    const answer = await this.#ask({ type: 'start', plan, history }, 'ready', wait, [history]);
    return answer.type === 'ready' ? answer.sessions : [];
  }

  /** Stops ticking, waits for what is in flight, checks idle sessions, verifies and closes. */
  async finish(timeoutMs = 60_000): Promise<void> {
    await this.#ask({ type: 'finish' }, 'finished', timeoutMs);
  }

  /** Reads the ledger's table whole from `target` and records what it found. */
  async readback(target: ConnectionTarget, timeoutMs = 30_000): Promise<ReadbackEnd> {
    const wait = timeoutMs + graceMs;
    const answer = await this.#ask({ type: 'readback', target, timeoutMs }, 'readback', wait);
    return answer.type === 'readback' ? answer.end : { complete: false, reason: 'no answer' };
  }

  /** How many writes the server has acknowledged so far; null where nobody writes. */
  async acknowledged(timeoutMs = 10_000): Promise<number | null> {
    const answer = await this.#ask({ type: 'count-acknowledged' }, 'acknowledged', timeoutMs);
    return answer.type === 'acknowledged' ? answer.count : null;
  }

  /** Sets the password of new connections to the targets of that name. */
  password(target: string, password: string): void {
    if (!this.#ended) this.#post({ type: 'password', target, password });
  }

  /**
   * Ends the thread, closing whatever is still open. Safe to call twice; never rejects.
   * @returns false where the thread does not end: it hangs, and is left to the end of the process
   */
  async stop(timeoutMs = 3_000): Promise<boolean> {
    if (!this.#ended && this.#failure === null && this.#wanted === null)
      await this.#ask({ type: 'stop' }, 'stopped', timeoutMs).catch(() => {});
    this.#ended = true;
    const end = Promise.all([this.#worker.terminate(), this.#exited]);
    return (await within(this.#clock, endMsMax, end)) !== late;
  }

  #post(message: ToInstruments, transfer: readonly MessagePort[] = []): void {
    this.#worker.postMessage(message, [...transfer]);
  }

  async #ask(
    message: ToInstruments,
    type: FromInstruments['type'],
    timeoutMs: number,
    transfer: readonly MessagePort[] = [],
  ): Promise<FromInstruments> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#ended) throw new Error("the probes' thread has ended");
    if (this.#wanted !== null) throw new Error("the probes' thread is still at its last task");
    return new Promise((resolve, reject) => {
      const timer = this.#clock.timer(timeoutMs, () => {
        this.#wanted = null;
        reject(new Error(`the probes' thread gave no "${type}" within ${timeoutMs} ms`));
      });
      this.#wanted = {
        type,
        resolve: (answer) => {
          timer.cancel();
          resolve(answer);
        },
        reject: (error) => {
          timer.cancel();
          reject(error);
        },
      };
      this.#post(message, transfer);
    });
  }

  #take(message: FromInstruments): void {
    if (message.type === 'failed') {
      const { text, mendable } = message;
      this.#fail(
        mendable === null
          ? new Error(text)
          : new UserError(mendable.code, text, mendable.todo, mendable.exit),
      );
      return;
    }
    const wanted = this.#wanted;
    if (wanted === null || wanted.type !== message.type) return;
    this.#wanted = null;
    wanted.resolve(message);
  }

  #fail(error: Error): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    const wanted = this.#wanted;
    this.#wanted = null;
    if (wanted === null) this.#watch(error);
    else wanted.reject(error);
  }
}

/** `pg` reads PGOPTIONS, PGSSLMODE and the like behind one's back: the plan alone decides. */
function environmentWithoutPostgres(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^PG[A-Z]/.test(name)));
}
