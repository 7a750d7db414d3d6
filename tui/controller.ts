/** A screen without its terminal: keys come in, pictures go out. */
import type { RunView } from '../harness/view/run-view.js';
import type { UserError } from '../sim/user-error.js';
import { type FrameLine, frame, type Picture, surroundings } from './frame.js';
import { type Happening, happenings } from './happenings.js';
import { keyOf } from './keys.js';
import type { Size } from './layout.js';
import { firstState, isLookingAround, pressed, type ScreenState } from './screen-state.js';
import { Listeners, type Source } from './source.js';

export interface ScreenActions {
  /** What `q` and Ctrl-C do. */
  readonly quit: () => void;
  /** Writes a report and gives its path; left out where there is nowhere to write to. */
  readonly report?: () => Promise<string>;
}

export interface ControllerOptions extends ScreenActions {
  readonly source: Source;
  readonly size: Size;
  readonly ascii: boolean;
}

export class ScreenController {
  readonly #options: ControllerOptions;
  readonly #listeners = new Listeners();
  readonly #unsubscribe: () => void;
  #state: ScreenState = firstState;
  #size: Size;
  #version = 0;
  #stopping: string | null = null;
  #question: { readonly text: string; readonly answer: (word: 'yes' | 'no') => void } | null = null;
  #told: { view: RunView; version: number; list: readonly Happening[] } | null = null;
  #drawn: { readonly version: number; readonly lines: readonly FrameLine[] } | null = null;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#size = options.size;
    this.#unsubscribe = options.source.subscribe(() => this.#change());
  }

  readonly subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** Changes with every picture. */
  readonly version = (): number => this.#version;

  /** The picture as it is now. */
  lines(): readonly FrameLine[] {
    if (this.#drawn?.version !== this.#version)
      this.#drawn = { version: this.#version, lines: frame(this.#picture, this.#size) };
    return this.#drawn.lines;
  }

  /** Whether somebody looks at something else than what is newest. */
  get isLookedAt(): boolean {
    return isLookingAround(this.#state);
  }

  resize(size: Size): void {
    this.#size = size;
    this.#change();
  }

  /** Says that the run is about to end. */
  stopping(why: string): void {
    this.#stopping = why;
    this.say(why);
  }

  /** Said in the last line until the next key. */
  say(notice: string): void {
    this.#state = { ...this.#state, notice };
    this.#change();
  }

  /** Asks in the last line; a `y` or an `n` answers. Rejects with the signal's reason. */
  ask(question: string, signal: AbortSignal): Promise<'yes' | 'no'> {
    return new Promise((resolve, reject) => {
      const answered = (settle: () => void): void => {
        signal.removeEventListener('abort', onAbort);
        this.#question = null;
        this.#change();
        settle();
      };
      const onAbort = (): void => answered(() => reject(signal.reason));
      this.#question = { text: question, answer: (word) => answered(() => resolve(word)) };
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
      this.#change();
    });
  }

  /** Takes a key by its name; one that means nothing does nothing. */
  press(name: string): void {
    const { source } = this.#options;
    if (this.#question !== null && (name === 'y' || name === 'n')) {
      this.#question.answer(name === 'y' ? 'yes' : 'no');
      return;
    }
    const key = keyOf(name, source.mode.kind);
    if (key === undefined) return;
    if (key.command === 'quit') {
      this.#options.quit();
      return;
    }
    if (key.command === 'report') {
      void this.#report();
      return;
    }
    if (source.press(key.command)) this.#state = { ...this.#state, notice: null };
    else {
      const around = surroundings(this.#picture, this.#size);
      const digit = Number(name);
      this.#state = pressed(this.#state, key.command, around, Number.isInteger(digit) ? digit : 0);
    }
    this.#change();
  }

  /** Lets go of its source. */
  close(): void {
    this.#unsubscribe();
    this.#options.source.close();
  }

  get #picture(): Picture {
    const { source, ascii } = this.#options;
    const { view, report, mode } = source;
    return {
      ...{ view, report, mode, ascii },
      happenings: this.#happenings(),
      state: this.#state,
      stopping: this.#stopping,
      question: this.#question?.text ?? null,
    };
  }

  #happenings(): readonly Happening[] {
    const { view } = this.#options.source;
    const { version } = view;
    // A replay that goes back begins a new view.
    if (this.#told?.view !== view || this.#told.version !== version)
      this.#told = { view, version, list: happenings(view.told) };
    return this.#told.list;
  }

  async #report(): Promise<void> {
    const { report } = this.#options;
    if (report === undefined) return;
    try {
      this.say(`written: ${await report()}`);
    } catch (error) {
      this.say(`no report was written: ${whatOf(error)}`);
    }
  }

  #change(): void {
    this.#version += 1;
    this.#listeners.tell();
  }
}

function whatOf(error: unknown): string {
  if (error instanceof Error && 'what' in error) return (error as UserError).what;
  return error instanceof Error ? error.message : String(error);
}
