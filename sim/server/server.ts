/**
 * One real database server (a process), whoever provides it: Spec -> start() -> RunningServer ->
 * stop() -> start() again, perhaps from other binaries over the same data. Embedded processes
 * come first; containers follow behind the same types.
 */

/** How a server is brought down. For Postgres: SIGINT, SIGQUIT, SIGKILL of every process. */
export type StopMode = 'fast' | 'immediate' | 'kill';

/** What is wanted. */
export interface ServerSpec {
  /** A label for people and files, such as `writer-1`; letters, digits and dashes. */
  readonly name: string;
  readonly engine: 'postgres';
  /** Community version, such as `17.4`. */
  readonly version: string;
  /** Server parameters, such as `{ max_connections: '200' }`. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Where a server listens and how its owner logs in. Only ever on loopback. */
export interface ServerAddress {
  readonly host: '127.0.0.1';
  readonly port: number;
}

/** The superuser that only this tool uses; the password is random for each run. */
export interface AdminLogin {
  readonly user: string;
  readonly password: string;
  readonly database: string;
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

/** A server whose data directory exists. The same object through its stops and starts. */
export interface Server {
  readonly spec: ServerSpec;
  readonly admin: AdminLogin;
  /** Stays the same through restarts. */
  readonly address: ServerAddress;
  /** The version its binaries were asked to be, now. Ask the server itself for the truth. */
  readonly version: string;
  readonly state: 'stopped' | 'starting' | 'running' | 'frozen' | 'stopping';
  /** Process id of the postmaster while there is one. */
  readonly pid: number | undefined;

  /**
   * Starts the server and waits until it accepts connections.
   * @param version other binaries over the same data: a minor upgrade is a binary swap
   * @throws UserError `ENGINE_START_FAILED` with the end of the server's log
   */
  start(options?: { version?: string; timeoutMs?: number }): Promise<StartTimes>;
  /** Stops it and waits for the process to be gone; after `timeoutMs` it is killed. */
  stop(mode: StopMode, options?: { timeoutMs?: number }): Promise<StopTimes>;
  /** SIGSTOP to every process of the server: it neither answers nor closes. */
  freeze(): void;
  thaw(): void;
  /** Kills one backend so that the server goes through crash recovery by itself. */
  crash(): Promise<void>;
  /** Stops it for good and removes its data directory. Safe to call twice. */
  remove(): Promise<void>;
  /** The last lines of the server's own log. */
  logTail(lines?: number): string;
}

/** Makes servers. */
export interface ServerProvider {
  readonly name: 'embedded';
  /**
   * Makes a stopped server with a data directory of its own (from a cached template).
   * @throws UserError `ENGINE_NOT_FOUND`, `ENGINE_FETCH_FORBIDDEN`, `ENGINE_FETCH_FAILED`,
   *   `PLATFORM_UNSUPPORTED`
   */
  create(spec: ServerSpec): Promise<Server>;
  /** Makes sure a version's binaries are here, fetching them (announced) where allowed. */
  prepare(version: string): Promise<void>;
}
