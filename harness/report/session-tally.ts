/** Counts what becomes of sessions and tells it in one line, not one line each. Pure. */
import type { Entry, EntryOf } from '../history/entry.js';
import { plural } from './text.js';

/** Session entries closer together than this are told together. */
const togetherNs = 250e6;

export class SessionTally {
  #preserved = 0;
  #reconnected = 0;
  #reasons = new Map<string, number>();
  #lastNs = 0;

  take(entry: EntryOf<'session'>): void {
    const { stage, reason } = entry.data;
    if (stage !== 'preserved' && stage !== 'dropped' && stage !== 'reconnected') return;
    this.#lastNs = Math.max(this.#lastNs, entry.atNs);
    if (stage === 'preserved') this.#preserved += 1;
    if (stage === 'reconnected') this.#reconnected += 1;
    if (stage === 'dropped') {
      const why = reason ?? 'no reason given';
      this.#reasons.set(why, (this.#reasons.get(why) ?? 0) + 1);
    }
  }

  /** True when there is something to tell and this entry comes well after it. */
  due(entry: Entry): boolean {
    return this.#any() && entry.atNs - this.#lastNs > togetherNs;
  }

  /** What was counted, and begins anew. */
  flush(): { text: string[]; atNs: number } {
    const atNs = this.#lastNs;
    const text: string[] = [];
    const dropped = [...this.#reasons.values()].reduce((sum, count) => sum + count, 0);
    if (this.#preserved + dropped > 0) {
      const reasons = [...this.#reasons].map(([reason, count]) => `${reason} ${count}`);
      const why = reasons.length === 0 ? '' : `: ${reasons.join(', ')}`;
      text.push(`${this.#preserved} preserved, ${dropped} dropped${why}`);
    }
    if (this.#reconnected > 0) text.push(`${plural(this.#reconnected, 'session')} reconnected`);
    this.#preserved = 0;
    this.#reconnected = 0;
    this.#reasons = new Map();
    return { text, atNs };
  }

  #any(): boolean {
    return this.#preserved + this.#reconnected + this.#reasons.size > 0;
  }
}
