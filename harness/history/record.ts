/** Numbers the entries of one producer and hands them on, whole, to whoever writes the file. */
import type { Clock } from '../../sim/clock.js';
import { type Entry, type EntryDraft, entryVersion, type RecordEntry } from './entry.js';

/** Makes the recorder of one producer; `write` gets each finished entry, in order. */
export function recorder(producer: string, write: (entry: Entry) => void): RecordEntry {
  let seq = 0;
  return (draft: EntryDraft) => {
    write({ v: entryVersion, seq: seq++, producer, ...draft } as Entry);
  };
}

/** A note in our own voice, at the instant it is made. */
export function note(
  record: RecordEntry,
  clock: Clock,
  level: 'info' | 'warning' | 'error',
  code: string | null,
  text: string,
): void {
  record({
    atNs: clock.nowNs(),
    clock: 'harness',
    kind: 'note',
    subject: {},
    data: { level, code, text },
  });
}
