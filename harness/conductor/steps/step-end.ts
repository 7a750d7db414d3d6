/** How a step ended, and what it works with. */
import type { Cluster, Sim } from '../../../sim/sim.js';
import type { RunContext } from '../../run.js';
import type { RunClusters } from '../clusters.js';
import type { Approval } from '../protocol.js';

/** The world of a run, once it is there. */
export interface StepWorld {
  readonly run: RunContext;
  readonly sim: Sim;
  readonly clusters: RunClusters;
}

export interface StepContext extends StepWorld {
  /**
   * Aborted when the run is stopped or the step's time is up. A step then ends what it has begun,
   * and settles in whatever way.
   */
  readonly signal: AbortSignal;
}

/** What a step printed, as far as it is kept. */
export interface KeptOutput {
  readonly text: string;
  /** Bytes that are not in it. */
  readonly leftOut: number;
}

export type StepEnd =
  | { readonly ok: true; readonly said: string; readonly output?: KeptOutput }
  | {
      readonly ok: false;
      /** Stable: `step-failed`, `step-timed-out`, `step-target-unknown`, … */
      readonly code: string;
      /** In the words of whoever refused, where somebody did. */
      readonly why: string;
      readonly output?: KeptOutput;
    };

export function done(said = ''): StepEnd {
  return { ok: true, said };
}

export function failed(why: string, code = 'step-failed'): StepEnd {
  return { ok: false, code, why };
}

/** What shells and approvals need from outside the world. */
export interface Outside {
  /** The variables in which a client of the user's finds that cluster. */
  readonly environment: (cluster: Cluster) => Readonly<Record<string, string>>;
  /** Asks a person. @throws the signal's reason */
  readonly approve: (question: string, signal: AbortSignal) => Promise<Approval>;
}
