/**
 * How one server follows another: physical streaming for Postgres, binary log with GTIDs for MySQL
 * and MariaDB. A follower's data begin as a copy of its source's.
 */
import type { EngineName, ServerAddress } from '../../server/server.js';
import type { Login } from '../../sim.js';
import type { Instance } from '../instance.js';
import { mysqlReplication } from './mysql.js';
import { postgresReplication } from './postgres.js';

/** What a follower says of itself. */
export interface FollowerState {
  /** `streaming`: connected to its source; `connecting`: not now; `broken`: it cannot go on. */
  readonly state: 'streaming' | 'connecting' | 'broken';
  /** Why it cannot, in the server's own words. */
  readonly why: string | null;
}

export interface Replication {
  /** Parameters that the server of the nth member (from 1) needs from its first start. */
  parametersOf(ordinal: number): Readonly<Record<string, string>>;
  /** Makes the login that followers use, on the first writer before its data are copied. */
  prepare(source: Instance, login: Login): Promise<void>;
  /**
   * Lets a running copy of the source's data, started with `standby`, follow it, read-only for
   * everybody but our admin. Also for a follower that shall follow another source from now on.
   * @param link where the source is dialled
   */
  follow(replica: Instance, link: ServerAddress, login: Login): Promise<void>;
  /**
   * Resolves when the replica has applied all that the source had written when this was called.
   * @throws Error where that takes longer than `timeoutMs`, or following is broken
   */
  catchUp(replica: Instance, source: Instance, timeoutMs: number): Promise<void>;
  /** Ends following: what was received is applied, then the server takes writes. */
  promote(replica: Instance, timeoutMs: number): Promise<void>;
  /** The follower applies what it received so much later. Zero: at once. */
  delayApply(replica: Instance, delayMs: number): Promise<void>;
  state(replica: Instance): Promise<FollowerState>;
}

export function replicationOf(engine: EngineName): Replication {
  return engine === 'postgres' ? postgresReplication : mysqlReplication(engine);
}
