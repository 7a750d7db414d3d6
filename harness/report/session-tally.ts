/**
 * Counts what becomes of sessions and tells it in lines of totals, not one line a session. Pure.
 */
import type { Entry, EntryOf } from '../history/entry.js';
import { plural } from './text.js';

/** Session entries closer together than this are told together. */
const togetherNs = 250e6;

export class SessionTally {
  #preserved = 0;
  #reconnected = 0;
  #reasons = new Map<string, number>();
  #lastNs = 0;
  /** What is new since the last line. */
  #fates = 0;
  #returns = 0;

  take(entry: EntryOf<'session'>): void {
    const { stage, reason } = entry.data;
    if (stage !== 'preserved' && stage !== 'dropped' && stage !== 'reconnected') return;
    this.#lastNs = Math.max(this.#lastNs, entry.atNs);
    if (stage === 'reconnected') {
      this.#reconnected += 1;
      this.#returns += 1;
      return;
    }
    this.#fates += 1;
    if (stage === 'preserved') this.#preserved += 1;
    else {
      const why = reason ?? 'no reason given';
      this.#reasons.set(why, (this.#reasons.get(why) ?? 0) + 1);
    }
  }

  /** True when there is something to tell and this entry comes well after it. */
  due(entry: Entry): boolean {
    return this.#fates + this.#returns > 0 && entry.atNs - this.#lastNs > togetherNs;
  }

  /** The totals so far, where any of them is new. */
  flush(): { text: string[]; atNs: number } {
    const text: string[] = [];
    if (this.#fates > 0) {
      const dropped = [...this.#reasons.values()].reduce((sum, count) => sum + count, 0);
      const reasons = [...this.#reasons].map(([reason, count]) => `${reason} ${count}`);
      const why = reasons.length === 0 ? '' : `: ${reasons.join(', ')}`;
      text.push(`${this.#preserved} preserved, ${dropped} dropped${why}`);
    }
    if (this.#returns > 0) text.push(`${plural(this.#reconnected, 'session')} reconnected`);
    this.#fates = 0;
    this.#returns = 0;
    return { text, atNs: this.#lastNs };
  }
}
