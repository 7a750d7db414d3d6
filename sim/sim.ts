/**
 * The world as the harness sees it: a small AWS of clusters whose instances are real servers
 * behind an endpoint, and operations that run as jobs. This file is the folder's front door.
 */
import type { Clock } from './clock.js';
import type { Emit } from './events.js';
import type { AdminLogin, ServerAddress, ServerProvider } from './server/server.js';

/** A fault that AWS would answer to a call, such as `InvalidDBClusterStateFault`. */
export interface AwsFault {
  readonly code: string;
  readonly message: string;
}

export type JobStatus = 'running' | 'succeeded' | 'failed' | 'aborted';

/** An operation under way. */
export interface Job {
  readonly id: string;
  readonly operation: string;
  readonly status: JobStatus;
  /** Settles when the job has ended, in whatever way; never rejects. */
  readonly finished: Promise<JobEnd>;
  /** Asks it to stop at the next safe point and leave the cluster usable. */
  abort(reason: string): void;
}

export interface JobEnd {
  readonly status: Exclude<JobStatus, 'running'>;
  /** One sentence where it did not succeed. */
  readonly reason: string | null;
}

/** What a zero-downtime patch of Aurora PostgreSQL takes. */
export interface ZeroDowntimePatchParameters {
  readonly cluster: string;
  /** Community version to patch to, such as `17.5`. */
  readonly engineVersion: string;
  /** Drawn from the timing table: profiles `zdp.success.pg` and `zdp.fallback.pg`. */
  readonly durations: readonly { readonly name: string; readonly value: number }[];
  /** A query or transaction older than this is long-running; AWS's own advice hunts 5 minutes. */
  readonly longRunningMs: number;
  /** What a session still busy at the quiet-point deadline means. */
  readonly lateSessions: 'restart' | 'drop';
  /** Undocumented by AWS for PostgreSQL, hence a switch. */
  readonly preparedStatements: 'survive' | 'lost';
  /** Published defects to exercise. */
  readonly defects: readonly ('zdp-fallback' | 'zdp-hang')[];
  /** Called once, at the instant the operation begins to touch sessions: the run's T0. */
  readonly onT0?: (atNs: number) => void;
}

export interface OperationParameters {
  'zero-downtime-patch': ZeroDowntimePatchParameters;
}
export type OperationName = keyof OperationParameters;

export type StartedOrRefused =
  | { readonly job: Job; readonly fault?: undefined }
  | { readonly job?: undefined; readonly fault: AwsFault };

/** A database role that clients may use, with the random password of this run. */
export interface Login {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** An address that clients dial. */
export interface EndpointAddress {
  /** As AWS would name it: `demo.cluster-….eu-central-1.rds.amazonaws.com`; not resolvable here. */
  readonly name: string;
  readonly host: '127.0.0.1';
  readonly port: number;
}

export interface ClusterOptions {
  readonly identifier: string;
  readonly engine: 'aurora-postgresql';
  /** Community version, such as `17.4`. */
  readonly version: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Changed parameters that wait for a reboot: their presence makes a patch refuse. */
  readonly pendingParameters?: readonly string[];
}

/** A cluster record with its members; one member for now. */
export interface Cluster {
  readonly identifier: string;
  readonly status: string;
  readonly writer: EndpointAddress;
  readonly reader: EndpointAddress;
  /** PEM of the authority that signed the endpoint's certificate. */
  readonly caPem: string;
  /** An RDS-like role without superuser rights, owner of its database. */
  readonly application: Login;
  /** The instruments' role, owner of the schema `rehearse` in the same database. */
  readonly instrument: Login;
  /** The server behind the endpoint now, for reading back and for asking its version. */
  readonly serverAddress: ServerAddress;
  readonly serverAdmin: AdminLogin;
  /** Asks the server itself. */
  serverVersion(): Promise<{ version: string; versionText: string }>;
  /** Starts a fault of the chain at once; returns what ends it. See `sim/endpoint/faults`. */
  injectFault(fault: FaultRequest): { end(): void };
}

/** A fault wanted at the endpoint. */
export interface FaultRequest {
  /** `latency`, `refuse`, `reset`, `black-hole`, `drop-sessions`, `cut-after`. */
  readonly name: string;
  /** Milliseconds, bytes or a share in [0, 1], as the fault's description says. */
  readonly value?: number;
}

export interface Sim {
  createCluster(options: ClusterOptions): Promise<Cluster>;
  /** Validates at once and refuses with the fault that AWS would give; else the job runs. */
  start<O extends OperationName>(
    operation: O,
    parameters: OperationParameters[O],
  ): StartedOrRefused;
  /** Ends every job, endpoint and server. Safe to call twice. */
  close(): Promise<void>;
}

export interface SimOptions {
  readonly clock: Clock;
  readonly seed: string;
  readonly emit: Emit;
  readonly provider: ServerProvider;
}
