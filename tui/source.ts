/** Where a screen's picture comes from: a run under way, or a replay. */
import type { RunReport } from '../harness/verdict/run-report.js';
import type { RunView } from '../harness/view/run-view.js';
import type { Command } from './keys.js';
import type { Mode } from './sections/header.js';

export interface Source {
  readonly view: RunView;
  /** As of some instant not long ago. */
  readonly report: RunReport;
  readonly mode: Mode;
  /** Calls back whenever there is something new to draw, four times a second at most. */
  subscribe(listener: () => void): () => void;
  /** Does what a key asks of the source; false where it is none of its business. */
  press(command: Command): boolean;
  /** Ends its timers. */
  close(): void;
}

/** How often there is a new picture. */
export const publishEveryMs = 250;

/** Those who want to be told. */
export class Listeners {
  readonly #listeners = new Set<() => void>();

  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
