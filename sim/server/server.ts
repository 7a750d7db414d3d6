/**
 * One real database server, whoever provides it: Spec -> start() -> RunningServer -> stop() ->
 * start() again, perhaps from other binaries over the same data. Child processes and containers
 * stand behind the same types.
 */
import type { Need } from '../database/needs.js';

/** The servers that can be run. MySQL and MariaDB speak one protocol and are two flavours. */
export const engineNames = ['postgres', 'mysql', 'mariadb'] as const;
export type EngineName = (typeof engineNames)[number];

/** How people write the names. */
export const engineTitles: Readonly<Record<EngineName, string>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
};

/** Where servers come from: child processes of this tool, or containers. */
export const providerNames = ['embedded', 'docker'] as const;
export type ProviderName = (typeof providerNames)[number];

/**
 * How a server is brought down. For Postgres: SIGINT, SIGQUIT, SIGKILL of every process; for
 * MySQL and MariaDB: SIGTERM, SIGKILL, SIGKILL.
 */
export type StopMode = 'fast' | 'immediate' | 'kill';

/** What is wanted. */
export interface ServerSpec {
  /** A label for people and files, such as `writer-1`; letters, digits and dashes. */
  readonly name: string;
  readonly engine: EngineName;
  /** Version of the server itself, such as `17.4`, `8.0.36`, `10.11`. */
  readonly version: string;
  /** Server parameters, such as `{ max_connections: '200' }`. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** What its data hold from the beginning. Default: nothing but what every new server has. */
  readonly content?: ServerContent;
}

/** What servers are filled with once; providers keep it and copy it for each server. */
export interface ServerContent {
  /** Letters and digits that tell this content from any other. */
  readonly key: string;
  /** Fill again what is kept, and keep that in its place. */
  readonly refresh: boolean;
  /**
   * Fills a running server of the same engine, version and parameters, which is stopped afterwards
   * and whose data are then kept.
   */
  readonly fill: (server: Server) => Promise<void>;
}

/** Where a server listens: loopback, or the host of a Docker daemon that runs elsewhere. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** The superuser that only this tool uses; the password is random for each run. */
export interface AdminLogin {
  readonly user: string;
  readonly password: string;
  /** The database it opens first: `postgres`, `mysql`. */
  readonly database: string;
}

/**
 * The data of a server as they were at one instant, as a crash then would have left them: what a
 * snapshot of its storage holds. Goes with its server at the latest.
 */
export interface ServerSnapshot {
  /** Of the server it was taken of; the version is that of its binaries at the time. */
  readonly spec: ServerSpec;
  /** The admin in these data. */
  readonly admin: AdminLogin;
  /** Where its provider keeps it: a folder, or a volume. */
  readonly place: string;
  /** The stretch in which the server stood still; nanoseconds on the run's clock. */
  readonly frozen: { readonly fromNs: number; readonly toNs: number };
  /** Safe to call twice. */
  remove(): Promise<void>;
}

/** Instants of one start or stop, nanoseconds on the run's clock. */
export interface StartTimes {
  readonly beginNs: number;
  /** The first moment that a query could be answered. */
  readonly acceptingNs: number;
}

export interface StopTimes {
  readonly beginNs: number;
  readonly endNs: number;
}

export interface StartOptions {
  /** Other binaries over the same data: a minor upgrade is a binary swap. */
  readonly version?: string;
  readonly timeoutMs?: number;
  /** Take the place of the spec's of the same names, for this start alone. */
  readonly parameters?: Readonly<Record<string, string>>;
  /**
   * Whether it comes up to follow another server. Postgres reads it from a file beside its data
   * and takes no writes; to MySQL and MariaDB it makes no difference.
   */
  readonly standby?: boolean;
}

/** A server whose data directory exists. The same object through its stops and starts. */
export interface Server {
  readonly spec: ServerSpec;
  readonly admin: AdminLogin;
  /** Stays the same through restarts. */
  readonly address: ServerAddress;
  /** The version its binaries were asked to be, now. Ask the server itself for the truth. */
  readonly version: string;
  readonly state: 'stopped' | 'starting' | 'running' | 'frozen' | 'stopping';
  /** Process id of the server's main process on this machine, while there is one to be seen. */
  readonly pid: number | undefined;

  /**
   * Starts the server and waits until it accepts connections.
   * @throws UserError `ENGINE_START_FAILED` with the end of the server's log
   */
  start(options?: StartOptions): Promise<StartTimes>;
  /** Stops it and waits for the process to be gone; after `timeoutMs` it is killed. */
  stop(mode: StopMode, options?: { timeoutMs?: number }): Promise<StopTimes>;
  /** SIGSTOP to every process of the server: it neither answers nor closes. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /**
   * Freezes the running server, copies its data, and thaws it. A snapshot of AWS's storage stalls
   * nobody; this one does.
   * @throws UserError `SNAPSHOT_FAILED`; the server runs on
   */
  snapshot(): Promise<ServerSnapshot>;
  /**
   * Lets the server crash and come back by itself where it can (Postgres: one backend is killed);
   * else it is killed and started again.
   */
  crash(): Promise<void>;
  /** Stops it for good and removes its data directory. Safe to call twice. */
  remove(): Promise<void>;
  /** The last lines of the server's own log. */
  logTail(lines?: number): string;
}

/** A version that a provider could run here. */
export interface EngineOffer {
  readonly engine: EngineName;
  /** As the server itself says it where it was asked, else as it is asked for. */
  readonly version: string;
  /** Where it comes from: a program's path, a package, an image. */
  readonly from: string;
  /** `here`: nothing need be fetched; `fetchable`: it would be, announced, when asked for. */
  readonly state: 'here' | 'fetchable';
}

/** Makes servers. */
export interface ServerProvider {
  readonly name: ProviderName;
  /**
   * Makes a stopped server with data of its own (from a cached template).
   * @throws UserError `ENGINE_NOT_FOUND`, `ENGINE_FETCH_FORBIDDEN`, `ENGINE_FETCH_FAILED`,
   *   `PLATFORM_UNSUPPORTED`, `DOCKER_UNREACHABLE`, `IMAGE_NOT_FOUND`
   */
  create(spec: ServerSpec): Promise<Server>;
  /**
   * Makes a stopped server of its own with the data of a snapshot, of the snapshot's version; it
   * recovers from the crash when it is started. The snapshot can be used again.
   * @param name as in a `ServerSpec`
   * @param parameters take the place of the snapshot's of the same names
   * @throws UserError what `create` throws, and `SNAPSHOT_FAILED`
   */
  restore(
    snapshot: ServerSnapshot,
    name: string,
    parameters?: Readonly<Record<string, string>>,
  ): Promise<Server>;
  /**
   * Makes a stopped server of another major version with all that a Postgres server holds, by
   * pg_upgrade; the old one is stopped for it and stays as it was. Left out, or null: the programs
   * of both versions are not to be had together.
   * @throws UserError `ENGINE_START_FAILED` with what pg_upgrade says
   */
  upgraded?(server: Server, version: string): Promise<Server | null>;
  /**
   * Where that server can dial what this process listens on: loopback, or this machine's address
   * in the run's own network, which the server is put into.
   * @throws UserError `SERVER_CANNOT_DIAL` where it runs on another machine
   */
  hostFor(server: Server): Promise<string>;
  /** Makes sure a version can be run here, fetching it (announced) where that is allowed. */
  prepare(engine: EngineName, version: string): Promise<void>;
  /**
   * Those of the needs that servers of this version surely lack, as far as that can be known
   * before one is started. Nothing where it cannot.
   */
  lacking(engine: EngineName, version: string, needs: readonly Need[]): Promise<readonly Need[]>;
  /** What this machine can run through this provider; empty where it cannot be used at all. */
  offers(): Promise<readonly EngineOffer[]>;
  /** Removes every server that was made here and is still there. Safe to call twice. */
  close(): Promise<void>;
}
