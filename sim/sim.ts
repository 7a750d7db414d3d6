/**
 * The world as the harness sees it: a small AWS of clusters whose instances are real servers
 * behind an endpoint, and operations that run as jobs. This file is the folder's front door.
 */
import type { Clock } from './clock.js';
import type { CompareOptions } from './database/compare/clusters.js';
import type { Comparison } from './database/compare/comparison.js';
import type { FilledDatabase, OwnDatabase } from './database/own-database.js';
import type { Gate } from './endpoint/listener.js';
import type { UserLike } from './engine/user-like.js';
import type { Emit } from './events.js';
import type { OperationName, OperationParameters } from './operations/all-parameters.js';
import type { Through, ThroughAddress } from './pooling/through.js';
import type {
  AdminLogin,
  EngineName,
  ServerAddress,
  ServerProvider,
  ServerSnapshot,
} from './server/server.js';

export type { CompareOptions } from './database/compare/clusters.js';
export { type Comparison, differencesOf } from './database/compare/comparison.js';
export { comparedText } from './database/compare/told.js';
export type { Need } from './database/needs.js';
export type { OwnDatabase } from './database/own-database.js';
export type { UserLike } from './engine/user-like.js';
export type { OperationName, OperationParameters } from './operations/all-parameters.js';
export type {
  CreateBlueGreenDeploymentParameters,
  DeleteBlueGreenDeploymentParameters,
  SwitchOverBlueGreenDeploymentParameters,
} from './operations/blue-green/parameters.js';
export type { Through, ThroughAddress } from './pooling/through.js';

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

/**
 * What can go wrong of itself: published defects of zero-downtime patching, and a secondary of a
 * global database whose new engine does not start.
 */
export const patchDefects = [
  'zdp-fallback',
  'zdp-hang',
  'zdp-wrong-statement',
  'zdp-lost-roles',
  'secondary-start-failure',
] as const;
export type PatchDefect = (typeof patchDefects)[number];

/** What every operation is started with. */
export interface OperationBasics {
  readonly cluster: string;
  /** Drawn from the timing table: those of the profiles that the operation names. */
  readonly durations: readonly { readonly name: string; readonly value: number }[];
  /** Called once, at the instant the operation begins to touch what clients use: the run's T0. */
  readonly onT0?: (atNs: number) => void;
}

/** What a zero-downtime patch of an Aurora writer takes. */
export interface ZeroDowntimePatchParameters extends OperationBasics {
  /** Version of the server to patch to, such as `17.5` or `8.0.36`. */
  readonly engineVersion: string;
  /** The same as AWS names it; default: what the server's own version says. */
  readonly awsVersion?: string;
  /** A query or transaction older than this is long-running; AWS's own advice hunts 5 minutes. */
  readonly longRunningMs: number;
  /**
   * What a session still busy at the quiet-point deadline means: an ordinary restart, its own
   * end, or (MySQL alone) the end of its statement while the session stays.
   */
  readonly lateSessions: LateSessions;
  /** Undocumented by AWS for PostgreSQL, hence a switch; documented as lost for MySQL. */
  readonly preparedStatements: 'survive' | 'lost';
  /** Whether LAST_INSERT_ID() survives, on MySQL: from Aurora MySQL 3.10.0 on. Default: lost. */
  readonly lastInsertId?: 'survive' | 'lost';
  readonly defects: readonly PatchDefect[];
}

/**
 * What the minor upgrade of an Aurora global database takes: `cluster` is its primary, whose writer
 * is patched with zero downtime.
 */
export type GlobalUpgradeParameters = ZeroDowntimePatchParameters;

export const lateSessionChoices = ['restart', 'drop', 'cancel'] as const;
export type LateSessions = (typeof lateSessionChoices)[number];

/**
 * How the writer is taken from its clients: its sessions end and its port is closed, or nothing
 * passes any more and nothing closes.
 */
export const fencings = ['reset', 'black-hole'] as const;
export type Fencing = (typeof fencings)[number];

/** What a failover takes: of an Aurora cluster to a reader, of Multi-AZ to the standby. */
export interface FailoverParameters extends OperationBasics {
  /** Who is promoted; default: the first reader, or the standby. */
  readonly target?: string;
  readonly fencing: Fencing;
  /** Whether a user asked for it, or the writer was lost first. */
  readonly cause: 'requested' | 'loss';
  /** Whether the two are in the same availability zone, as events tell it. Default: `cross`. */
  readonly zone?: 'same' | 'cross';
  /** The target's server is ended before it is promoted: the failover fails. Default: it is not. */
  readonly targetFails?: boolean;
}

/** What a reboot without failover takes. */
export interface RebootParameters extends OperationBasics {
  /** Default: the writer. */
  readonly instance?: string;
}

/** What an upgrade of an RDS instance in place takes. */
export interface UpgradeInPlaceParameters extends OperationBasics {
  /** Version of the server to upgrade to, such as `17.5`, `8.0.44`, `11.8`. */
  readonly engineVersion: string;
  /** The same as AWS names it; default: what the server's own version says. */
  readonly awsVersion?: string;
  /** Without it a step to another major version is refused. */
  readonly allowMajorVersionUpgrade: boolean;
}

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

/** Where clients in containers dial the writer endpoint. */
export interface DoorwayAddress {
  /** The name it has on that network. */
  readonly host: string;
  readonly port: number;
  readonly network: string;
}

/** Lets clients from elsewhere in to an endpoint's port. Made closed. */
export interface Doorway extends Gate {
  readonly address: DoorwayAddress;
  /**
   * Ends every connection through it and takes it away. Safe to call twice.
   * @throws UserError `DOCKER_LOST` with the names of what may be left
   */
  remove(): Promise<void>;
}

/**
 * Engines as the RDS API names them: those of Aurora's clusters, and those of RDS's instances,
 * each of which is a cluster record with a writer, and a standby where it is Multi-AZ.
 */
export const clusterEngines = [
  'aurora-postgresql',
  'aurora-mysql',
  'postgres',
  'mysql',
  'mariadb',
] as const;
export type ClusterEngine = (typeof clusterEngines)[number];

export interface ClusterOptions {
  readonly identifier: string;
  readonly engine: ClusterEngine;
  /** The server that stands for it: `mariadb` for `aurora-mysql` is a stand-in. */
  readonly server: EngineName;
  /** Version of that server, such as `17.4`. */
  readonly version: string;
  /** The engine version as AWS names it, such as `17.4.5` or `8.0.mysql_aurora.3.05.2`. */
  readonly awsVersion?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** What its server is filled with before the endpoint opens. */
  readonly database?: ClusterDatabase;
  /** What the application's user may do. Default: `application`. */
  readonly userLike?: UserLike;
  /** Changed parameters that wait for a reboot: their presence makes a patch refuse. */
  readonly pendingParameters?: readonly string[];
  /**
   * Whether clusters shall be able to follow it by replication of what is written, as a read
   * replica or a green one does: on Postgres its log is made for that (`rds.logical_replication`).
   * Default: false.
   */
  readonly takesReplicas?: boolean;
  /** What its instances use from the beginning. Default: the group that nobody can change. */
  readonly parameterGroup?: {
    readonly name: string;
    readonly values: Readonly<Record<string, string>>;
  };
  /** The members besides the writer, in order. Default: none. */
  readonly members?: readonly Exclude<InstanceRole, 'writer'>[];
  /** Default: `eu-central-1`, not told. */
  readonly region?: string;
  /**
   * The cluster whose secondary it becomes, in an Aurora global database named after that one: all
   * of its instances are readers, the first one besides `members`, and follow the primary's
   * writer. Server, version, parameters, logins and data are the primary's.
   */
  readonly globalPrimary?: string;
}

/**
 * What an instance is in its cluster now. A `standby` is the one of Multi-AZ that nobody can reach
 * before it has taken over.
 */
export type InstanceRole = 'writer' | 'reader' | 'standby';

/** The user's own database, and who hears of its loading. */
export interface ClusterDatabase {
  readonly own: OwnDatabase;
  /** Told in one sentence what is going on, now and then. */
  readonly tell: (text: string) => void;
  /** Aborted to give the loading up. */
  readonly stop?: AbortSignal;
}

/** A cluster record with its members. */
export interface Cluster {
  readonly identifier: string;
  readonly engine: ClusterEngine;
  /** What its members really are. */
  readonly server: EngineName;
  readonly status: string;
  readonly writer: EndpointAddress;
  readonly reader: EndpointAddress;
  /** Its instances as they are now, in the order in which they were made. */
  readonly instances: readonly ClusterInstance[];
  /** Where the writer is dialled from containers; null where there is no such place. */
  readonly doorway: DoorwayAddress | null;
  /** PEM of the authority that signed the endpoint's certificate. */
  readonly caPem: string;
  /** An RDS-like role without superuser rights, owner of its database. */
  readonly application: Login;
  /** What its server was filled with; null where it was not. */
  readonly database: FilledDatabase | null;
  /**
   * The instruments' role, owner of the schema `rehearse`: in the application's database on
   * Postgres, where a schema is part of one; a database of that name on MySQL, where it is not.
   */
  readonly instrument: Login;
  /** The server behind the endpoint now, for reading back and for asking its version. */
  readonly serverAddress: ServerAddress;
  readonly serverAdmin: AdminLogin;
  /** Asks the server itself. */
  serverVersion(): Promise<{ version: string; versionText: string }>;
  /**
   * CreateDBClusterSnapshot. It goes with the cluster, unlike AWS's manual snapshots.
   * @throws UserError `SNAPSHOT_FAILED`; the cluster goes on
   */
  snapshot(identifier: string): Promise<ClusterSnapshot>;
  /**
   * Starts a fault at once; returns what ends it. See `docs/adding-a-fault.md`.
   * @throws UserError `FAULT_UNKNOWN`, `FAULT_VALUE_INVALID`, `FAULT_TARGET_UNKNOWN`,
   *   `FAULT_CANNOT_BEGIN`
   */
  injectFault(fault: FaultRequest): RunningFault;
}

/** A cluster's data at one instant, and who may log in there. */
export interface ClusterSnapshot {
  readonly identifier: string;
  /** The cluster that it is of. */
  readonly cluster: string;
  readonly engine: ClusterEngine;
  readonly awsVersion: string;
  readonly application: Login;
  readonly instrument: Login;
  /**
   * The stretch in which its server stood still, nanoseconds: the freeze is ours, a snapshot of
   * AWS's storage does not stall. What was answered before it is in the snapshot.
   */
  readonly frozen: ServerSnapshot['frozen'];
  readonly stored: ServerSnapshot;
}

/** An instance of a cluster as it is now. */
export interface ClusterInstance {
  readonly identifier: string;
  readonly role: InstanceRole;
  readonly status: string;
  /** Where clients dial the instance itself. */
  readonly address: EndpointAddress;
}

/** A fault that is wanted. */
export interface FaultRequest {
  /** Such as `latency`, `crash`, `lag`: those that `sim/cluster/faults/index.ts` lists. */
  readonly name: string;
  /** Milliseconds, bytes, a count or a share in [0, 1], as the fault's description says. */
  readonly value?: number;
  /** `writer`, `reader`, `readers`, or an instance. Default: whom the fault usually meets. */
  readonly target?: string;
  /** Of the sessions only these, where the fault can choose. Default: all. */
  readonly sessions?: 'application' | 'instrument';
}

export interface RunningFault {
  /** What can be undone at once is undone on return; resolves when all is. Never rejects. */
  end(): Promise<void>;
}

export interface Sim {
  createCluster(options: ClusterOptions): Promise<Cluster>;
  /**
   * RestoreDBClusterFromSnapshot, and CreateDBInstance for its writer: a new cluster at a new
   * address, of the snapshot's version and with its logins. There is no downgrade in place. Waits
   * until it is available; no job.
   * @throws UserError what the provider throws
   */
  restoreCluster(snapshot: ClusterSnapshot, identifier: string): Promise<Cluster>;
  /** The cluster records that there are now, whoever made them, in the order of their making. */
  clusters(): readonly Cluster[];
  /** CreateDBParameterGroup: a group without values. @throws Error where there is one already */
  createParameterGroup(name: string): void;
  /**
   * Compares what the writers of two clusters hold: schema, users, what numbers new rows, and rows.
   * Tells the checks of the second. Writes should be quiet meanwhile; what changes is not compared.
   * @param from a cluster, or the name that `survey` gave to what one held before
   * @throws UserError `COMPARE_UNKNOWN`, `COMPARE_ENGINES_DIFFER`
   */
  compare(from: string, to: string, options?: CompareOptions): Promise<Comparison>;
  /**
   * Remembers under that name what a cluster's writer holds now.
   * @throws UserError `COMPARE_UNKNOWN`; Error where its server cannot be asked
   */
  survey(cluster: string, name: string): Promise<void>;
  /** Puts it before a cluster's writer, until the world ends. @throws UserError `THROUGH_FAILED` */
  putThrough(cluster: string, through: Through): Promise<ThroughAddress>;
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
  /** For the writer of the first cluster that is made; removed with the world. */
  readonly doorway?: Doorway;
}
