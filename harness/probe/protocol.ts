/**
 * What the conductor and the instruments' worker thread say to each other. Everything here is
 * serialisable; entries do not travel on this channel but on the history port in `start`.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Anchor } from '../../sim/clock.js';
import type { UserErrorExit } from '../../sim/user-error.js';
import type { Entry, LaneSpec } from '../history/entry.js';
import type { SessionsPlan } from '../load/census.js';
import type { LedgerPlan } from '../load/ledger.js';
import type { ConnectionTarget } from './target.js';

/** One lane and whom it polls. */
export interface LanePlan {
  readonly spec: LaneSpec;
  /** Null only for lanes that poll nothing: observer and served-by. */
  readonly target: ConnectionTarget | null;
  /**
   * Of a lane that measures replica lag: whom its heartbeats are written to; whom the writer lane
   * polls unless said otherwise.
   */
  readonly heartbeatTarget?: ConnectionTarget;
  /** The writer lane's table, `schema.table`; `rehearse.probe_write` unless said otherwise. */
  readonly writeTable?: string;
  /**
   * When tick 0 is due after the common begin, milliseconds; drawn from the seed by `run`, spread
   * evenly over the interval where absent.
   */
  readonly phaseMs?: number;
}

/** Everything that the worker opens and polls. */
export interface InstrumentsPlan {
  readonly anchor: Anchor;
  readonly lanes: readonly LanePlan[];
  /** The write ledger, or null where nothing is written. */
  readonly ledger: LedgerPlan | null;
  /** Application sessions to open and hold, or null. */
  readonly sessions: SessionsPlan | null;
  /** How long all sessions together may take to open. */
  readonly openTimeoutMs: number;
  /**
   * True in a rehearsal: a session that cannot be opened ends the run before it starts. False
   * in `rehearse probe`, which must be able to watch a database that is down.
   */
  readonly mustOpen: boolean;
}

/** How many sessions of one kind are open, as the endpoint will name them. */
export interface OpenedSessions {
  /** Such as `probe held-session`, `ledger writer`, `load idle`. */
  readonly sessionKind: string;
  readonly count: number;
}

/** What was read back from the surviving writer. */
export interface ReadbackEnd {
  readonly complete: boolean;
  /** Why not, or null. */
  readonly reason: string | null;
}

export type ToInstruments =
  | { readonly type: 'start'; readonly plan: InstrumentsPlan; readonly history: MessagePort }
  | { readonly type: 'finish' }
  | { readonly type: 'count-acknowledged' }
  | { readonly type: 'readback'; readonly target: ConnectionTarget; readonly timeoutMs: number }
  /** New passwords for the targets of that name: IAM tokens live for 15 minutes. */
  | { readonly type: 'password'; readonly target: string; readonly password: string }
  | { readonly type: 'stop' };

export type FromInstruments =
  | { readonly type: 'ready'; readonly sessions: readonly OpenedSessions[] }
  | { readonly type: 'finished' }
  /** Writes so far; null where nobody writes. */
  | { readonly type: 'acknowledged'; readonly count: number | null }
  | { readonly type: 'readback'; readonly end: ReadbackEnd }
  | { readonly type: 'stopped' }
  /** Nothing more will come of this worker; the text is fit for a person. */
  | { readonly type: 'failed'; readonly text: string; readonly mendable: Mendable | null };

/** A `UserError` as it travels between threads. */
export interface Mendable {
  readonly code: string;
  readonly todo: string;
  readonly exit: UserErrorExit;
}

/** What the worker posts on the history port. */
export interface EntryMessage {
  readonly type: 'entry';
  readonly entry: Entry;
}
