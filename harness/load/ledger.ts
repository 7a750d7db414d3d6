import type { ConnectionTarget } from '../probe/postgres/target.js';

/** The writer workload behind "was any acknowledged write lost?". */
export interface LedgerPlan {
  readonly target: ConnectionTarget;
  /** Sessions that write; each numbers its own writes from 1. */
  readonly sessions: number;
  /** Writes per second and session; a session still busy with its last write skips its turn. */
  readonly ratePerSecond: number;
  /** How long one write, reconnect included, may take. */
  readonly timeoutMs: number;
}
