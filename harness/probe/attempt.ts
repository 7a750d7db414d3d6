/** One attempt of a lane: what it is asked, and how it ended. */
import type { Failure, Heartbeat, Outcome } from '../history/entry.js';
import type { ServerIdentity } from './dialect.js';
import { ownFailure } from './failure.js';

export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly error: Failure | null;
  /** What answered, where something did. */
  readonly server: ServerIdentity | null;
  /** True when a held session had to be opened anew. */
  readonly reconnected?: boolean;
  /** What was found of the heartbeats, where the lane measures replica lag. */
  readonly heartbeat?: Heartbeat;
  /**
   * When that began of which the end tells, where it was before this attempt: the dial of an
   * earlier one. Without it the poll would claim to have looked when nobody did.
   */
  readonly startNs?: number;
}

/** Something that a lane can do at a tick. Settles by the deadline, and never rejects. */
export interface Attempts {
  attempt(deadlineNs: number): Promise<AttemptEnd>;
  /** Opens what the lane holds before the first tick; null when it stands. */
  open?(timeoutMs: number): Promise<Failure | null>;
  /** A last look after the last tick, or null where there is nothing to look at. */
  finalCheck?(timeoutMs: number): Promise<AttemptEnd | null>;
  close(): Promise<void>;
}

export function failed(error: Failure): AttemptEnd {
  return { outcome: 'fail', error, server: null };
}

/** It may have happened. */
export function inDoubt(error: Failure): AttemptEnd {
  return { outcome: 'unknown', error, server: null };
}

/** Nothing was asked of the server in this attempt's time, for a reason of our own. */
export function notSent(why: string): AttemptEnd {
  return inDoubt(ownFailure('not-sent', why));
}
