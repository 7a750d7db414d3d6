/**
 * What a fault of a cluster is: something bad that happens to its servers, its replication, its
 * names or its endpoints. One file per fault beside this one; `index.ts` lists them.
 */
import type { FaultValue, SessionsOf } from '../../endpoint/faults/fault.js';
import { UserError } from '../../user-error.js';
import type { ClusterRecord } from '../cluster.js';
import type { Instance } from '../instance.js';

/** Whom a fault is about where the user names nobody. */
export type Meets = 'writer' | 'followers' | 'all' | 'writer-name';

/** Where a fault happens. */
export interface FaultPlace {
  readonly cluster: ClusterRecord;
  readonly name: string;
  /** Whom it is about now. */
  readonly instances: readonly Instance[];
  /** What the user named; undefined where nobody was. */
  readonly target: string | undefined;
  readonly sessions: SessionsOf | undefined;
  /** Aborted when it is to end. */
  readonly ended: AbortSignal;
  /** Aborted when the cluster goes: nothing need be as before any more. */
  readonly closing: AbortSignal;
}

/** A fault that is going on. */
export interface BegunFault {
  /**
   * Settles when all that it does is done: it then ends by itself. Absent: it goes on until it is
   * ended. Rejects where it could not be done.
   */
  readonly done?: Promise<void>;
  /** Restores what was before. */
  end?(): void | Promise<void>;
  /** Why it has met nothing, as a clause; null where it has. */
  unmet?(): string | null;
}

/** A kind of fault that can be asked for. */
export interface ClusterFaultKind {
  readonly name: string;
  readonly what: string;
  /** What the value means, or null when it takes none. */
  readonly value: FaultValue | null;
  readonly meets: Meets;
  /** Whether it can be narrowed to sessions of the application or of the instruments. */
  readonly takesSessions?: boolean;
  /** `replication`: what clients feel of the writer is not this fault's doing. */
  readonly touches: 'clients' | 'replication';
  /**
   * Begins at once.
   * @throws UserError `FAULT_CANNOT_BEGIN`, and those of its values
   */
  begin(place: FaultPlace, value: number): BegunFault;
}

export function cannotBegin(name: string, why: string, todo: string): UserError {
  return new UserError('FAULT_CANNOT_BEGIN', `The fault ${name} cannot begin: ${why}.`, todo);
}
