/** What of a zero-downtime patch differs between the engines. */
import type { Session } from '../../endpoint/session.js';
import type { CheckData } from '../../events.js';
import type { Told } from '../told.js';
import type { DropReason } from './reasons.js';

/** How many sessions are examined or re-attached at a time. */
export const atOnceMax = 32;

export type DropSession = (session: Session, reason: DropReason, why?: string) => void;

/** Something that a preserved session has lost all the same. */
export interface Loss {
  readonly what: string;
  /** Clients seldom look at it later than at once: no reason to call the session broken. */
  readonly minor?: true;
}

/** A parked session, examined, with all that it takes to give it a new server connection. */
export interface Carried {
  readonly session: Session;
  /**
   * Gives the detached session a connection to the new server and puts its state there.
   * @returns why it could not be put back, or null, and what is lost all the same
   */
  attach(): Promise<{ readonly failure: string | null; readonly lost: readonly Loss[] }>;
}

/** Named checks around the patch. They never reject, and keep nobody from anything. */
export interface Runbook {
  before(): Promise<readonly CheckData[]>;
  /** Once the new engine runs. */
  after(): Promise<readonly CheckData[]>;
}

export interface Edition {
  /** What a runbook for this engine looks at; null where there is none. */
  readonly runbook: Runbook | null;
  /** Timing profiles that the operation draws from. */
  readonly success: 'zdp.success.pg' | 'zdp.success.mysql';
  readonly fallback: 'zdp.fallback.pg' | 'zdp.fallback.mysql';
  /** Told on the way to T0, once the prechecks have passed. */
  readonly begun: readonly Told[];
  /** Told when new connections succeed again. @param startupUs since the new engine was started */
  started(startupUs: number): readonly Told[];
  /** Told at the end of a patch that succeeded. */
  readonly ending: {
    /** At once, whether or not the new engine is the one that runs. */
    readonly online: readonly Told[];
    /** Behind it, where it is. */
    readonly patched: readonly Told[];
    /** When the control plane is done. */
    complete(from: string, to: string): readonly Told[];
  };
  /** Why these busy sessions are dropped now; those that may come to rest are left out. */
  blockers(busy: readonly Session[]): Promise<ReadonlyMap<Session, DropReason>>;
  /** Ends the statements of sessions that are busy at the deadline; the sessions stay. */
  cancel(busy: readonly Session[]): Promise<void>;
  /** Ends on the server what would keep it from going down soon. */
  beforeStop(): Promise<void>;
  /** Examines the parked sessions; those that cannot be preserved are dropped with their reason. */
  examine(parked: readonly Session[], drop: DropSession): Promise<Carried[]>;
}
