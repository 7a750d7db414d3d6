/**
 * The threads of a run as the terminal's thread sees them: the history's writer and the
 * conductor (which has the probes' thread below it). Whichever of them dies, the others see to it
 * that the history says so.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Clock } from '../../sim/clock.js';
import { UserError } from '../../sim/user-error.js';
import type { RecordEntry } from '../history/entry.js';
import { note, recorder } from '../history/record.js';
import type { FromWriter, ToWriter, WriterThreadData } from '../history/worker.js';
import { openHistory } from '../history/write.js';
import type { RunPlan } from '../plan.js';
import type { ConductorData, FromConductor, ToConductor } from './protocol.js';

export interface ThreadsOptions {
  readonly clock: Clock;
  readonly plan: RunPlan;
  /** The history file; its folder is there. */
  readonly history: string;
  readonly tool: ConductorData['tool'];
  readonly owner: ConductorData['owner'];
  readonly accessFile: ConductorData['accessFile'];
  /** The thread that composes world and harness; see `cli/conductor-thread.ts`. */
  readonly conductorScript: URL;
}

export interface RunThreads {
  /**
   * Settles when the history is closed and every thread has ended.
   * Rejects with a UserError where the run could not be done for a reason that a user can mend.
   */
  readonly ended: Promise<void>;
  /** Asks for an orderly end. */
  stop(reason: string): void;
}

/** How long an orderly end may take before the conductor's thread is ended from here. */
const stopLimitMs = 30_000;
const closeLimitMs = 10_000;

export function startRun(options: ThreadsOptions): RunThreads {
  const { clock } = options;
  const writer = new WriterThread(options.history, clock);
  const conductor = startConductor(options, writer);
  const tell = (message: ToConductor): void => conductor.postMessage(message);
  let late = clock.timer(0, () => undefined);
  const stop = (reason: string): void => {
    tell({ type: 'stop', reason });
    late.cancel();
    late = clock.timer(stopLimitMs, () => void conductor.terminate());
  };
  writer.onFailure(() => stop('the history cannot be written'));
  return { stop, ended: end() };

  async function end(): Promise<void> {
    const said = await lastWord(conductor);
    late.cancel();
    if (said.type === 'crashed')
      writer.note(`conductor-failed`, `the conductor's thread ended: ${said.why}`);
    await conductor.terminate();
    await writer.close();
    if (said.type !== 'refused') return;
    const { code, what, todo, exit } = said.error;
    throw new UserError(code, what, todo, exit);
  }
}

function startConductor(options: ThreadsOptions, writer: WriterThread): Worker {
  const { clock, plan, tool, owner, accessFile } = options;
  const history = writer.connect();
  const probesHistory = writer.connect();
  const data: ConductorData = {
    anchor: clock.anchor,
    plan,
    tool,
    owner,
    accessFile,
    history,
    probesHistory,
  };
  return new Worker(options.conductorScript, {
    name: 'rehearse-conductor',
    workerData: data,
    transferList: [history, probesHistory],
  });
}

type LastWord = FromConductor | { readonly type: 'crashed'; readonly why: string };

/** What the conductor ends with: its own last message, or how it died. */
function lastWord(conductor: Worker): Promise<LastWord> {
  return new Promise((resolve) => {
    conductor.once('message', (message: FromConductor) => resolve(message));
    conductor.once('error', (error) =>
      resolve({ type: 'crashed', why: error instanceof Error ? error.message : String(error) }),
    );
    conductor.once('exit', (code) => resolve({ type: 'crashed', why: `it exited with ${code}` }));
  });
}

/** The thread that writes the history; where it dies, its file is finished from here. */
class WriterThread {
  readonly #worker: Worker;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #record: RecordEntry;
  #failure: string | null = null;
  #closed = false;
  #watch: () => void = () => undefined;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
    this.#worker = new Worker(new URL('../history/worker.js', import.meta.url), {
      name: 'rehearse-history',
      workerData: { path, anchor: clock.anchor } satisfies WriterThreadData,
    });
    this.#record = recorder('terminal', (entry) => this.#post({ type: 'entry', entry }));
    this.#worker.once('error', (error) => this.#fail(String(error)));
    this.#worker.once('exit', (code) => {
      if (!this.#closed) this.#fail(`it exited with ${code}`);
    });
  }

  onFailure(watch: () => void): void {
    this.#watch = watch;
  }

  /** A port for one more producer. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ type: 'connect', port: port2 } satisfies ToWriter, [port2]);
    return port1;
  }

  /** An error in our own voice: the verdict becomes unknown. */
  note(code: string, text: string): void {
    note(this.#record, this.#clock, 'error', code, text);
  }

  /** Waits until everything is in the file and the thread has ended. */
  async close(): Promise<void> {
    // Set before it is asked: it ends by itself as soon as it has answered.
    this.#closed = true;
    const answer = this.#failure === null ? await this.#askToClose() : null;
    await this.#worker.terminate();
    if (this.#failure === null && answer?.lost === 0) return;
    const why = this.#failure ?? answer?.failure ?? 'it did not close in time';
    this.#finishFile(`the history's thread failed: ${why}`, answer?.lost ?? 0);
  }

  #askToClose(): Promise<FromWriter | null> {
    return new Promise((resolve) => {
      const late = this.#clock.timer(closeLimitMs, () => resolve(null));
      const settle = (answer: FromWriter | null): void => {
        late.cancel();
        resolve(answer);
      };
      this.#worker.once('message', (answer: FromWriter) => settle(answer));
      this.#worker.once('exit', () => settle(null));
      this.#post({ type: 'close' });
    });
  }

  #post(message: ToWriter): void {
    this.#worker.postMessage(message);
  }

  #fail(why: string): void {
    this.#failure ??= why;
    this.#watch();
  }

  /** Says in the file itself what became of its writer, where the disk still takes it. */
  #finishFile(text: string, lost: number): void {
    try {
      const file = openHistory(this.#path, { clock: this.#clock });
      const record = recorder('terminal-last', (entry) => file.write(entry));
      note(record, this.#clock, 'error', 'history-failed', `${text}; ${lost} entries are lost`);
      file.close();
    } catch {
      // The disk that lost the history cannot take this either; the verdict is unknown anyway,
      // because the entry that says that the run finished is missing.
    }
  }
}
