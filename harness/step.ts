/**
 * What can happen in a phase: one step after the other, each begun when the one before it has
 * ended. Data only; `harness/conductor/steps/` has a file for each kind that does something.
 */
import type {
  ClusterOptions,
  FaultRequest,
  OperationBasics,
  OperationName,
  OperationParameters,
} from '../sim/sim.js';

/** What the plan gives to an operation that takes it, so that no scenario says it. */
type GivenByPlan =
  | keyof OperationBasics
  | 'engineVersion'
  | 'awsVersion'
  | 'longRunningMs'
  | 'lateSessions'
  | 'preparedStatements'
  | 'lastInsertId'
  | 'defects';

/** What a scenario itself says of an operation: the operation's parameters without the plan's. */
export type OperationSettings<O extends OperationName> = Omit<OperationParameters[O], GivenByPlan>;

type WithSettings<S> =
  Record<string, never> extends S ? { readonly settings?: S } : { readonly settings: S };

/**
 * Whom a step is about, looked up when the step begins: `primary`; `replica`, the one cluster that
 * follows it; or the identifier of a cluster or an instance that the world has by then.
 */
export type StepTarget = string;

/** What may differ between servers; `mariadb` takes what `mysql` has where it has nothing. */
export type ByServer<T> = T | { readonly [S in ClusterOptions['server']]?: T };

/**
 * With which values of switches there is a phase or a step: `{ path: ['compatible'] }`, by the
 * names of switches whose setting is `choice` or `skip`. All that are named must agree.
 */
export type When = Readonly<Record<string, readonly string[]>>;

/** What every step may say. */
export interface StepBasics {
  /** Default: it is there whatever the switches are. */
  readonly when?: When;
  /** As it is told; default: what it does, in a few words. */
  readonly name?: string;
  /** How long it may take, milliseconds. Default: by its kind, `stepTimeoutsMs`. */
  readonly timeoutMs?: number;
  /**
   * The run goes on where it fails, which is a warning then. Default: a step that fails ends the
   * procedure: what comes behind it is left out, up to the verification, and nothing can pass.
   */
  readonly mayFail?: boolean;
  /**
   * What takes it back. Done by `--abort-at` for every step that was begun, the latest first;
   * these steps themselves in the order in which they stand here.
   */
  readonly undo?: readonly Step[];
}

type OperationOf<K extends string> = {
  [O in OperationName]: {
    readonly step: K;
    readonly operation: O;
    /** The cluster that it is for. Default: `primary`. */
    readonly on?: StepTarget;
  } & WithSettings<OperationSettings<O>>;
}[OperationName];

/** An operation is started; the step ends at T0, when it begins to touch what clients use. */
export type StartStep = StepBasics & OperationOf<'start'>;

/** An operation from its start to its end. */
export type OperationStep = StepBasics & OperationOf<'operation'>;

/** Who asks: our admin, at the server itself, or the application, through the endpoint. */
export type SqlLogin = 'admin' | 'application';

/** Statements, one after the other in one session; the first that fails ends the step. */
export interface SqlStep extends StepBasics {
  readonly step: 'sql';
  readonly on: StepTarget;
  readonly as: SqlLogin;
  /** Where nothing is named for the server at hand, nothing is done. */
  readonly statements: ByServer<readonly string[]>;
}

/** What is waited for. */
export type Condition =
  /** The first value of the first row. One of `equals`, `atMost`, `atLeast`. */
  | {
      readonly condition: 'sql';
      readonly on: StepTarget;
      readonly as: SqlLogin;
      readonly statement: ByServer<string>;
      /** Compared as text, as the server writes it; null is NULL, or no row. */
      readonly equals?: string | number | boolean | null;
      readonly atMost?: number;
      readonly atLeast?: number;
    }
  /** What the primary had when the step began has come to the replica. */
  | { readonly condition: 'caught-up'; readonly of: StepTarget }
  /** What the primary writes is to be seen at the replica no later than that. */
  | { readonly condition: 'lag'; readonly of: StepTarget; readonly atMostMs: number }
  /** The status that the control plane shows of a cluster or an instance, such as `available`. */
  | { readonly condition: 'status'; readonly of: StepTarget; readonly equals: string }
  /** A GET is answered with that status. */
  | { readonly condition: 'http'; readonly url: string; readonly status: number };

/** Asks until something is so. That it never is within `timeoutMs` is a failure of the step. */
export interface WaitUntilStep extends StepBasics {
  readonly step: 'wait-until';
  readonly until: Condition;
  readonly timeoutMs: number;
  /** Between two questions, milliseconds. Default: 200. */
  readonly everyMs?: number;
}

/**
 * A command, run by `/bin/sh`, which finds the application's login in DATABASE_URL and PG* or
 * MYSQL_*. A code other than 0 is a failure. Whatever it leaves running ends with it.
 */
export interface ShellStep extends StepBasics {
  readonly step: 'shell';
  readonly command: string;
  /** Where it runs; default: where the tool was started. */
  readonly folder?: string;
}

/** One request. It goes to that address alone: a redirection is an answer like others. */
export interface HttpStep extends StepBasics {
  readonly step: 'http';
  /** Default: GET. */
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What it must be answered with. Default: 200 to 299. */
  readonly status?: number;
}

/**
 * Compares what two databases hold: schema, users, what numbers new rows, and rows. Each difference
 * is told as a check. Writes should be quiet: what changes meanwhile is not compared. A replica
 * that still follows is waited for a while first.
 */
export interface CompareStep extends StepBasics {
  readonly step: 'compare';
  /** Also the name that a step `survey` gave to what was there before. */
  readonly from: StepTarget;
  readonly to: StepTarget;
  /** `same`: a difference is a failure of the step. Default: it is told, and no more. */
  readonly expect?: 'same';
}

/** Remembers what a database holds now, for a `compare` to come. */
export interface SurveyStep extends StepBasics {
  readonly step: 'survey';
  readonly on: StepTarget;
  /** What the `compare` calls it. */
  readonly as: string;
}

/** A person is asked, at the terminal; `--yes` says yes to all. Anything but yes is a failure. */
export interface ApprovalStep extends StepBasics {
  readonly step: 'approval';
  readonly question: string;
}

/** Waits that an option of `run` sets. */
export type WaitOption = 'steady' | 'settle';

/** One thing that happens in a phase, after the one before it has ended. */
export type Step =
  /** Time passes; `--<option>` replaces the length where it names one. */
  | (StepBasics & {
      readonly step: 'wait';
      readonly durationMs: number;
      readonly option?: WaitOption;
    })
  | StartStep
  /** The operation that was started is waited for. */
  | (StepBasics & { readonly step: 'finish'; readonly operation: OperationName })
  | OperationStep
  /** A fault of the primary, for a while. */
  | (StepBasics & {
      readonly step: 'fault';
      readonly fault: FaultRequest;
      readonly durationMs: number;
    })
  | SqlStep
  | WaitUntilStep
  | ShellStep
  | HttpStep
  | ApprovalStep
  | CompareStep
  | SurveyStep
  /** A snapshot is taken of the primary, to go back to. */
  | (StepBasics & { readonly step: 'snapshot' })
  /** A new cluster is made from that snapshot, and its writes are read. */
  | (StepBasics & { readonly step: 'restore' })
  /** The way back from a phase is gone: put there by `--abort-at`. */
  | (StepBasics & WayBackStep)
  /** The instruments stop, the writes are read back, the server is asked for its version. */
  | (StepBasics & {
      readonly step: 'verify';
      /** Which version it is by then: that of before where the run went back. Default: `to`. */
      readonly version?: 'from' | 'to';
    });

export type StepKind = Step['step'];

/**
 * The documented way back from within a phase, as far as the phase has gone by its end. With
 * `--abort-at` it is really gone, and what it loses is counted.
 */
export interface WayBack {
  /**
   * Whether there is one at all. That writes are lost on it is not said here: that is counted.
   * Without one nothing is done, and the run says so.
   */
  readonly possible: boolean;
  /**
   * Whether it leads to a server that has nothing of what was written since: then the phase is a
   * point of no return as soon as one write was acknowledged behind it. Default: false.
   */
  readonly losesWritesSince?: boolean;
  /** One sentence, with the label of its source in brackets. */
  readonly what: string;
  /**
   * Done in order. Then come the undo steps of all that was done so far, the latest first: leave
   * out here what they take back. An operation that was only started in the phase goes on: begin
   * with its `finish`, or with what AWS documents to stop it.
   */
  readonly steps: readonly Step[];
}

interface WayBackStep {
  readonly step: 'way-back';
  /** The phase that is backed out of. */
  readonly from: string;
  /** Null: none is written for it. */
  readonly back: WayBack | null;
}

/** A step whose kind is known. */
export type StepOf<K extends StepKind> = Extract<Step, { readonly step: K }>;

/** How long a step of a kind may take that says nothing else, milliseconds; null: no limit. */
export const stepTimeoutsMs: Readonly<Record<StepKind, number | null>> = {
  wait: null,
  // The limit of an operation follows from its durations.
  start: null,
  finish: null,
  operation: null,
  fault: null,
  sql: 60_000,
  // It always names its own.
  'wait-until': null,
  shell: 300_000,
  http: 30_000,
  approval: 3_600_000,
  compare: 180_000,
  survey: 180_000,
  snapshot: null,
  restore: null,
  'way-back': null,
  verify: null,
};
