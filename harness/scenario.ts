/**
 * What a scenario is: data only. It names the operation, the phases around it, the objectives it
 * is judged by by default and everything `describe` tells; it starts nothing and draws nothing.
 */
import type { ClusterEngine, InstanceRole, LateSessions, OperationName } from '../sim/sim.js';
import type { TimingProfile, timingTable } from '../sim/timing.js';
import type { OperationSettings, Step, WayBack, When } from './step.js';

export type {
  ApprovalStep,
  ByServer,
  CompareStep,
  Condition,
  HttpStep,
  OperationSettings,
  OperationStep,
  ShellStep,
  SqlLogin,
  SqlStep,
  StartStep,
  Step,
  StepBasics,
  StepTarget,
  SurveyStep,
  WaitOption,
  WaitUntilStep,
  WayBack,
  When,
} from './step.js';

/** Where a statement comes from. */
export interface Source {
  /** A short label that the text refers to. */
  readonly label: string;
  /** A page of the AWS documentation, or a published log. */
  readonly where: string;
}

export interface Phase {
  readonly name: string;
  /**
   * True on the one phase whose begin is T0. Behind the `start` of an operation it is entered by
   * that, or left out where the operation never gets there. Without a phase of this kind T0 is
   * when the first operation begins to touch clients.
   */
  readonly t0?: true;
  /** What happens in it, one sentence. */
  readonly what: string;
  readonly steps: readonly Step[];
  /** Default: it is there whatever the switches are. */
  readonly when?: When;
  /** That the servers refuse writes in it: those acknowledged all the same are told. */
  readonly refusesWrites?: true;
  /** The documented way back from its end, for `--abort-at`. Default: none is known. */
  readonly back?: WayBack;
}

/** A cluster of the run. */
export interface ClusterShape {
  readonly identifier: string;
  /** A secondary follows the primary across regions, as in an Aurora global database. */
  readonly role: 'primary' | 'secondary';
  /** Default: `eu-central-1`, not told. */
  readonly region?: string;
  /** Its members besides the first, in order. */
  readonly members: readonly Exclude<InstanceRole, 'writer'>[];
  /** Whether an operation makes a replica of it that is a cluster of its own. Default: false. */
  readonly takesReplicas?: boolean;
  /**
   * Whether the ledger writes as the application's user where that has the privileges of RDS's
   * first user, on MySQL and MariaDB: there it matters who writes. Default: as the instruments'.
   */
  readonly privilegedWrites?: boolean;
  /** A group of its own, which can be changed. Default: that of AWS, which cannot. */
  readonly parameterGroup?: {
    readonly name: string;
    readonly values: Readonly<Record<string, string>>;
  };
}

/** The clusters of a run; the primary comes first. */
export interface Topology {
  readonly clusters: readonly ClusterShape[];
}

/** A duration of the timing table, whatever its profile: `precheckMs`. */
export type DurationName = {
  [P in TimingProfile]: keyof (typeof timingTable)[P];
}[TimingProfile];

/**
 * What a switch sets, by `--set NAME=VALUE` (its option without the dashes) or by the option
 * itself. A setting of an operation has its default in the `settings` of the step that starts it,
 * and is given as one of `allowed` or, where there is no such list, as a duration in milliseconds.
 */
export type SwitchSetting =
  | {
      [O in OperationName]: {
        readonly of: 'operation';
        readonly operation: O;
        readonly name: keyof OperationSettings<O> & string;
        readonly allowed: readonly (string | number | boolean)[] | null;
      };
    }[OperationName]
  /**
   * A length of the timing table, in every profile of the scenario that has one of that name: what
   * is given is taken as it is, and divided by nothing.
   */
  | { readonly of: 'timing'; readonly name: DurationName }
  /** How many readers the primary has. */
  | { readonly of: 'readers'; readonly max: number }
  /** How long the steps of that name wait. */
  | { readonly of: 'wait'; readonly step: string }
  /** Which phases and steps there are, by their `when`. The first value is the default. */
  | { readonly of: 'choice'; readonly allowed: readonly [string, ...string[]] }
  /**
   * Leaves out phases and steps, by their `when`: `--skip lag-check`, whose name is
   * `skip-lag-check`, is `false` unless it is given, and then `true`.
   */
  | { readonly of: 'skip' };

/** A choice that the user has because AWS does not document the behaviour, or leaves it open. */
export interface Switch {
  /** As typed: `--stale-dns`. */
  readonly option: string;
  readonly values: string;
  readonly byDefault: string;
  readonly why: string;
  /** Left out where the option is one that `run` has for itself, such as `--long-running`. */
  readonly setting?: SwitchSetting;
}

/**
 * Of a zero-downtime patch alone: the values that its options may take; the first is taken when
 * none is given.
 */
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

/** What may be otherwise where a scenario exists for another engine. */
export interface OtherEngine
  extends Pick<Scenario, 'engine' | 'versions' | 'timingProfiles'>,
    Partial<
      Pick<Scenario, 'phases' | 'topology' | 'objectives' | 'switches' | 'defects' | 'parts'>
    > {}

export interface Scenario {
  /** As typed on the command line. */
  readonly name: string;
  readonly title: string;
  /** The engine that is taken unless `--engine` names another one. */
  readonly engine: ClusterEngine;
  /** The other engines that it exists for. Default: none. */
  readonly otherEngines?: readonly OtherEngine[];
  /** Two or three sentences. */
  readonly summary: string;
  /** As the community or AWS numbers them; the same twice where no version changes. */
  readonly versions: { readonly from: string; readonly to: string };
  /** What becomes of the version. */
  readonly upgrade: 'none' | 'minor' | 'major';
  /** Default: one cluster without other members. */
  readonly topology?: Topology;
  readonly phases: readonly Phase[];
  /** Judged by when the user gives none for the same subject. */
  readonly objectives: readonly string[];
  /** Profiles of the timing table that are drawn from. */
  readonly timingProfiles: readonly TimingProfile[];
  /**
   * Durations that pass between the call and T0, of every profile or of one. Default: none, T0 is
   * at the call.
   */
  readonly beforeT0?: readonly (DurationName | `${TimingProfile}.${DurationName}`)[];
  /** Of a zero-downtime patch alone. */
  readonly choices?: Choices;
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
