/**
 * The threads of a run as the terminal's thread sees them: the history's writer and the
 * conductor (which has the probes' thread below it). Whichever of them dies, the others see to it
 * that the history says so.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../sim/clock.js';
import { messageOf, UserError } from '../../sim/user-error.js';
import type { RecordEntry } from '../history/entry.js';
import { note, recorder } from '../history/record.js';
import type { FromWriter, HistoryClosed, ToWriter, WriterThreadData } from '../history/worker.js';
import { openHistory } from '../history/write.js';
import type { RunPlan } from '../plan.js';
import { late, within } from '../within.js';
import type { Approval, ConductorData, FromConductor, LastWord, ToConductor } from './protocol.js';

export interface ThreadsOptions {
  readonly clock: Clock;
  readonly plan: RunPlan;
  /** The history file; its folder is there. */
  readonly history: string;
  readonly tool: ConductorData['tool'];
  readonly owner: ConductorData['owner'];
  readonly accessFile: ConductorData['accessFile'];
  readonly folder: ConductorData['folder'];
  /** Asks a person at the terminal; the signal is aborted when nobody waits for it any more. */
  readonly approve: (question: string, signal: AbortSignal) => Promise<Approval>;
  /** The thread that composes world and harness; see `cli/conductor-thread.ts`. */
  readonly conductorScript: URL;
}

/** How the threads ended. */
export interface ThreadsEnd {
  /** One sentence on why the history on disk is not whole, or null where it is. */
  readonly historyFailure: string | null;
}

export interface RunThreads {
  /**
   * Settles when the history is closed and every thread has ended, or hangs for good.
   * Rejects with a UserError where the run could not be done for a reason that a user can mend.
   */
  readonly ended: Promise<ThreadsEnd>;
  /** Whether a thread hangs that cannot be ended; `process.exit` would wait for it for ever. */
  readonly hangs: boolean;
  /** Asks for an orderly end. */
  stop(reason: string): void;
}

/** How long an orderly end may take before the conductor's thread is ended from here. */
const stopLimitMs = 30_000;
const closeLimitMs = 10_000;
/** How long a thread may take to end when told to; one that hangs in the kernel never does. */
const endLimitMs = 10_000;

export function startRun(options: ThreadsOptions): RunThreads {
  const { clock } = options;
  const writer = new WriterThread(options.history, clock);
  const conductor = startConductor(options, writer);
  const said = lastWord(conductor, options);
  let hangs = false;
  const stop = (reason: string): void => said.ask({ type: 'stop', reason });
  writer.onFailure(() => stop('the history cannot be written'));
  return {
    stop,
    ended: end(),
    get hangs() {
      return hangs || writer.hangs;
    },
  };

  async function end(): Promise<ThreadsEnd> {
    const last = await said.word;
    if (last.type === 'crashed') writer.note('conductor-failed', last.why);
    hangs = (await within(clock, endLimitMs, conductor.terminate())) === late;
    if (hangs) writer.note('conductor-hangs', 'a thread of the run hangs and does not end');
    const historyFailure = await writer.close();
    if (last.type !== 'refused') return { historyFailure };
    const { code, what, todo, exit } = last.error;
    throw new UserError(code, what, todo, exit);
  }
}

function startConductor(options: ThreadsOptions, writer: WriterThread): Worker {
  const { clock, plan, tool, owner, accessFile, folder } = options;
  const history = writer.connect();
  const probesHistory = writer.connect();
  const data: ConductorData = {
    anchor: clock.anchor,
    plan,
    tool,
    owner,
    accessFile,
    folder,
    history,
    probesHistory,
  };
  return new Worker(options.conductorScript, {
    name: 'rehearse-conductor',
    workerData: data,
    transferList: [history, probesHistory],
  });
}

type Word = LastWord | { readonly type: 'crashed'; readonly why: string };

interface Conversation {
  /** What the conductor ends with: its own last message, or how it died. */
  readonly word: Promise<Word>;
  /** From the first question on, the last word must come in time. */
  ask(message: ToConductor): void;
}

function lastWord(conductor: Worker, { clock, approve }: ThreadsOptions): Conversation {
  let settle: (word: Word) => void = () => undefined;
  const crashed = (why: string): void =>
    settle({ type: 'crashed', why: `the conductor's thread ${why}` });
  const word = new Promise<Word>((resolve) => {
    settle = resolve;
  });
  const over = new AbortController();
  const answer = async (question: string): Promise<void> => {
    const given = await approve(question, over.signal).catch((): Approval => 'nobody');
    conductor.postMessage({ type: 'approval', answer: given } satisfies ToConductor);
  };
  conductor.on('message', (message: FromConductor) => {
    if (message.type === 'question') void answer(message.question);
    else settle(message);
  });
  conductor.once('error', (error) => crashed(`ended: ${messageOf(error)}`));
  conductor.once('exit', (code) => crashed(`ended: it exited with ${code}`));
  let limit: Timer | null = null;
  void word.then(() => {
    limit?.cancel();
    over.abort();
  });
  return {
    word,
    ask: (message) => {
      over.abort();
      conductor.postMessage(message);
      limit ??= clock.timer(stopLimitMs, () =>
        crashed(`did not end within ${stopLimitMs / 1e3} s of being asked to`),
      );
    },
  };
}

/** The thread that writes the history; where it dies, its file is finished from here. */
class WriterThread {
  readonly #worker: Worker;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #record: RecordEntry;
  #failure: string | null = null;
  #closed = false;
  #hangs = false;
  #exited = false;
  #watch: () => void = () => undefined;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
    this.#worker = new Worker(new URL('../history/worker.js', import.meta.url), {
      name: 'rehearse-history',
      workerData: { path, anchor: clock.anchor } satisfies WriterThreadData,
    });
    this.#record = recorder('terminal', (entry) => this.#post({ type: 'entry', entry }));
    this.#worker.on('message', (message: FromWriter) => {
      if (message.type === 'failed') this.#fail(message.failure);
    });
    this.#worker.once('error', (error) => this.#fail(String(error)));
    this.#worker.once('exit', (code) => {
      this.#exited = true;
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

  /** Whether the thread did not end. */
  get hangs(): boolean {
    return this.#hangs;
  }

  /**
   * Waits until everything is in the file and the thread has ended.
   * @returns one sentence on why the file is not whole, or null where it is
   */
  async close(): Promise<string | null> {
    // Set before it is asked: it ends by itself as soon as it has answered.
    this.#closed = true;
    const answer = await this.#askToClose();
    this.#hangs = (await within(this.#clock, endLimitMs, this.#worker.terminate())) === late;
    if (this.#failure === null && answer?.lost === 0) return null;
    const why = this.#failure ?? answer?.failure ?? 'its thread did not close in time';
    const lost = answer === null ? '' : `; ${answer.lost} entries are lost`;
    const text = `the history could not be written: ${why}${lost}`;
    // A thread that hangs may yet write, and what it hangs in would take us too.
    if (!this.#hangs) this.#finishFile(text);
    return text;
  }

  #askToClose(): Promise<HistoryClosed | null> {
    if (this.#exited) return Promise.resolve(null);
    return new Promise((resolve) => {
      const limit = this.#clock.timer(closeLimitMs, () => resolve(null));
      const settle = (answer: HistoryClosed | null): void => {
        limit.cancel();
        resolve(answer);
      };
      this.#worker.on('message', (answer: FromWriter) => {
        if (answer.type === 'closed') settle(answer);
      });
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
  #finishFile(text: string): void {
    try {
      const file = openHistory(this.#path, { clock: this.#clock });
      const record = recorder('terminal-last', (entry) => file.write(entry));
      note(record, this.#clock, 'error', 'history-failed', text);
      file.close();
    } catch {
      // The disk that lost the history cannot take this either; the verdict is unknown anyway,
      // because the entry that says that the run finished is missing.
    }
  }
}
