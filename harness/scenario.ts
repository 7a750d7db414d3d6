/**
 * What a scenario is: data only. It names the operation, the phases around it, the objectives it
 * is judged by by default and everything `describe` tells; it starts nothing and draws nothing.
 */
import type { ClusterEngine, LateSessions, OperationName } from '../sim/sim.js';
import type { TimingProfile } from '../sim/timing.js';

/** Where a statement comes from. */
export interface Source {
  /** A short label that the text refers to. */
  readonly label: string;
  /** A page of the AWS documentation, or a published log. */
  readonly where: string;
}

/** One thing that happens in a phase, after the one before it has ended. */
export type Step =
  /** Time passes; `--<option>` replaces the length. */
  | { readonly step: 'wait'; readonly durationMs: number; readonly option: WaitOption }
  /** An operation is started; the step ends at T0, when the operation begins to touch sessions. */
  | { readonly step: 'start'; readonly operation: OperationName }
  /** The operation that was started is waited for. */
  | { readonly step: 'finish'; readonly operation: OperationName }
  /** A fault of the endpoint, for a while. */
  | {
      readonly step: 'fault';
      readonly fault: { readonly name: string; readonly value?: number };
      readonly durationMs: number;
    }
  /** A snapshot is taken of the cluster, to go back to. */
  | { readonly step: 'snapshot' }
  /** A new cluster is made from that snapshot, and its writes are read. */
  | { readonly step: 'restore' }
  /** The instruments stop, the writes are read back, the server is asked for its version. */
  | { readonly step: 'verify' };

/** Waits that an option of `run` sets. */
export type WaitOption = 'steady' | 'settle';

export interface Phase {
  readonly name: string;
  /** True on the one phase whose begin is T0; left out when the operation never gets there. */
  readonly t0?: true;
  /** What happens in it, one sentence. */
  readonly what: string;
  readonly steps: readonly Step[];
}

/** A choice that the user has because AWS does not document the behaviour, or leaves it open. */
export interface Switch {
  readonly option: string;
  readonly values: string;
  readonly byDefault: string;
  readonly why: string;
}

/** The values that options of the operation may take; the first is taken when none is given. */
export interface Choices {
  readonly lateSessions: readonly LateSessions[];
  readonly preparedStatements: readonly ('survive' | 'lost')[];
  /** AWS version from which LAST_INSERT_ID() survives; null where there is no such function. */
  readonly lastInsertIdSince: string | null;
}

/** A published defect of the operation. */
export interface Defect {
  readonly name: string;
  readonly what: string;
  readonly source: string;
  /** AWS versions that mended it, none: not known to be mended; null: told of no version. */
  readonly fixedIn: readonly string[] | null;
  /** Whether `--fault NAME` exercises it; the others are told only. */
  readonly exercised: boolean;
}

/** A titled list of statements that `describe` prints. */
export interface Part {
  readonly heading: string;
  readonly statements: readonly string[];
}

export interface Scenario {
  /** As typed on the command line. */
  readonly name: string;
  readonly title: string;
  readonly engine: ClusterEngine;
  /** Two or three sentences. */
  readonly summary: string;
  /** As the community or AWS numbers them. */
  readonly versions: { readonly from: string; readonly to: string };
  readonly phases: readonly Phase[];
  /** Judged by when the user gives none for the same subject. */
  readonly objectives: readonly string[];
  /** Profiles of the timing table that are drawn from. */
  readonly timingProfiles: readonly TimingProfile[];
  readonly choices: Choices;
  readonly switches: readonly Switch[];
  readonly defects: readonly Defect[];
  /** The pages of `describe`, in order. */
  readonly parts: readonly Part[];
  /** What is a real server's own doing. */
  readonly real: readonly string[];
  /** What comes from a table or an assumption. */
  readonly modelled: readonly string[];
  readonly sources: readonly Source[];
}
