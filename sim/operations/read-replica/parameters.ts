/** What the operations on read replicas are started with. */
import type { OperationBasics } from '../../sim.js';

/** CreateDBInstanceReadReplica; `cluster` is the source. */
export interface CreateReadReplicaParameters extends OperationBasics {
  /** The record that is made for it, which holds the replica as its only instance. */
  readonly replica: string;
}

/**
 * Waits until the replica `cluster` has all that its source has: what ReplicaLag = 0 is meant to
 * tell.
 */
export interface WaitForReplicaParameters extends OperationBasics {
  /** After so long it is given up. */
  readonly timeoutMs: number;
}

/** PromoteReadReplica; `cluster` is the replica. */
export type PromoteReadReplicaParameters = OperationBasics;

/** DeleteDBInstance of the only instance of `cluster`. */
export type DeleteInstanceParameters = OperationBasics;

/** What becomes of sessions on the old server when an application is told of another address. */
export const repointedSessions = ['reconnect', 'stay'] as const;
export type RepointedSessions = (typeof repointedSessions)[number];

/** The application's configuration is changed: no call of AWS's. */
export interface RepointParameters extends OperationBasics {
  /** The record whose instances take the place of those of `cluster`. */
  readonly to: string;
  /** `reconnect`: it is restarted, and its sessions end; `stay`: until they end themselves. */
  readonly sessions: RepointedSessions;
}
