/** Lets entries that say the same share the objects that say it: a history has millions. */
import type { Entry, EntryOf } from './entry.js';

const keptMax = 1_000;

export class SharedParts {
  readonly #known = new Map<string, object>();

  /** The entry, with parts of earlier ones where they are equal. */
  share(entry: Entry): Entry {
    if (entry.kind !== 'poll' && entry.kind !== 'write') return entry;
    const subject = this.#one(entry.subject);
    if (entry.kind === 'write') return Object.assign(entry, { subject });
    return Object.assign(entry, { subject, data: this.shareOf(entry.data) });
  }

  /** The same for a poll by itself. */
  shareOf(poll: EntryOf<'poll'>['data']): EntryOf<'poll'>['data'] {
    const { error, server } = poll;
    if (error === null && server === null) return poll;
    return Object.assign(poll, {
      error: error === null ? null : this.#one(error),
      server: server === null ? null : this.#one(server),
    });
  }

  #one<T extends object>(part: T): T {
    const text = JSON.stringify(part);
    const known = this.#known.get(text);
    if (known !== undefined) return known as T;
    if (this.#known.size < keptMax) this.#known.set(text, part);
    return part;
  }
}
