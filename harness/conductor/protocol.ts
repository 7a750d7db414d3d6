/**
 * What the terminal's thread and the conductor's say to each other. Entries do not travel here
 * but on the ports of the history's thread.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Anchor } from '../../sim/clock.js';
import type { UserErrorExit } from '../../sim/user-error.js';
import type { RunPlan } from '../plan.js';

/** Given to the conductor's thread when it is made. */
export interface ConductorData {
  readonly anchor: Anchor;
  readonly plan: RunPlan;
  readonly tool: { readonly name: string; readonly version: string };
  readonly owner: { readonly pid: number; readonly hostId: string };
  /** Where to write how a client of the user's own connects, while the run lasts; or null. */
  readonly accessFile: string | null;
  /** The run's folder, for what a step of the user's may need as a file. */
  readonly folder: string;
  /** For what the conductor and the world tell. */
  readonly history: MessagePort;
  /** For what the probes and the load tell; handed on to their thread. */
  readonly probesHistory: MessagePort;
}

/** What a person said to a question; `nobody`: there is nobody any more who could. */
export type Approval = 'yes' | 'no' | 'nobody';

export type ToConductor =
  | { readonly type: 'stop'; readonly reason: string }
  | { readonly type: 'approval'; readonly answer: Approval };

/** A `UserError` as it travels between threads. */
export interface ErrorMessage {
  readonly code: string;
  readonly what: string;
  readonly todo: string;
  readonly exit: UserErrorExit;
}

/** A person is asked; one question at a time. */
export type FromConductor = LastWord | { readonly type: 'question'; readonly question: string };

/** What the conductor ends with. */
export type LastWord =
  | { readonly type: 'ended'; readonly completed: boolean; readonly reason: string | null }
  /** The run could not be done, for a reason that a user can mend. */
  | { readonly type: 'refused'; readonly error: ErrorMessage };
