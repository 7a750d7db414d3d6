/**
 * The line format of the published polling loop (`date`, a new psql connection, `sleep 0.5`): the
 * local time at which the attempt began, then the version or the error. Attempts here end out of
 * order, so a line waits until those of all earlier ticks are printed.
 */
import { type Anchor, wallClockAt } from '../../sim/clock.js';
import type { EntryOf } from '../history/entry.js';

type Poll = EntryOf<'poll'>['data'];

/** `YYYY-MM-DD HH:MM:SS.mmm`, local time, as `date` prints it. */
export function localTime(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day} ${time}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

export class PublishedLines {
  readonly #anchor: Anchor;
  #next = 0;
  /** Ended before an earlier tick did; no more of them than a lane has in flight. */
  readonly #early = new Map<number, Poll>();

  constructor(anchor: Anchor) {
    this.#anchor = anchor;
  }

  /** Takes a poll of the new-connection lane and gives the lines that are due now. */
  take(poll: Poll): string[] {
    if (poll.tick === null) return [];
    this.#early.set(poll.tick, poll);
    const lines: string[] = [];
    for (;;) {
      const next = this.#early.get(this.#next);
      if (next === undefined) return lines;
      this.#early.delete(this.#next++);
      const line = this.#line(next);
      if (line !== null) lines.push(line);
    }
  }

  /** A tick that we did not send has no line: nobody looked. */
  #line({ startNs, outcome, server, error }: Poll): string | null {
    if (error?.kind === 'not-sent') return null;
    const at = localTime(wallClockAt(this.#anchor, startNs));
    if (outcome === 'ok') return `${at} ${server?.version ?? 'ok'}`;
    return `${at} error: ${error?.message ?? 'no answer'}`;
  }
}
