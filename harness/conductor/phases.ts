/** Records the phases of a run: each one ends at the instant at which the next begins. */
import type { RecordEntry } from '../history/entry.js';

export interface Phases {
  /** Begins a phase, ending the one before it. */
  enter(name: string, atNs: number, t0?: boolean): void;
  /** Ends the current phase, if there is one. */
  leave(atNs: number): void;
}

export function phases(record: RecordEntry): Phases {
  let current: string | undefined;
  const write = (name: string, edge: 'begin' | 'end', atNs: number, t0: boolean): void =>
    record({
      atNs,
      clock: 'harness',
      kind: 'phase',
      subject: {},
      data: t0 ? { name, edge, t0 } : { name, edge },
    });
  const leave = (atNs: number): void => {
    if (current !== undefined) write(current, 'end', atNs, false);
    current = undefined;
  };
  return {
    leave,
    enter: (name, atNs, t0 = false) => {
      leave(atNs);
      current = name;
      write(name, 'begin', atNs, t0);
    },
  };
}
