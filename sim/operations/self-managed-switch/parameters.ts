/** What the operations of a blue/green deployment done by hand are started with. */
import type { OperationBasics } from '../../sim.js';

/** A cluster of the team's own is made that follows `cluster`. */
export interface CreateGreenParameters extends OperationBasics {
  /** The record that is made for it. */
  readonly green: string;
  /** Version of its server; that of blue: it is not upgraded. */
  readonly engineVersion: string;
  /** The same as AWS names it; default: what the server's own version says. */
  readonly awsVersion?: string;
}

/** New clients of the readers' name come to another cluster, a share of them after the other. */
export interface ShiftReadsParameters extends OperationBasics {
  /** Whose writer takes them. */
  readonly to: string;
  /** Percent, in the order in which they are tried; 0 gives all of them back. */
  readonly shares: readonly number[];
}

/** What becomes of the values of sequences; MySQL carries its counters with the rows. */
export const sequenceChoices = ['advance', 'leave'] as const;
export type SequenceChoice = (typeof sequenceChoices)[number];

/** The names that clients dial are led to another cluster, by a change of DNS. */
export interface SwitchByDnsParameters extends OperationBasics {
  /**
   * The record whose instances take the place of those of `cluster`. One that follows is promoted;
   * one that does not is what was switched from before, which takes writes again.
   */
  readonly to: string;
  /** Whether the old side takes no writes any more before the names change. */
  readonly readOnlyFirst: boolean;
  /** Whether a follower is waited for until it has everything. */
  readonly lagCheck: boolean;
  readonly sequences: SequenceChoice;
  /**
   * The names are led back to the side that had them before: nothing is done where they still lead
   * there. Default: false.
   */
  readonly isWayBack?: boolean;
}
