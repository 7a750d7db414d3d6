/** What a Postgres server says about itself, in one row. */
import type { Row } from './connection.js';

/** Version and start of the postmaster: a restart shows even where the version stays. */
export const identityQuery =
  "SELECT current_setting('server_version'), to_char(pg_postmaster_start_time() " +
  `AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

export interface ServerIdentity {
  readonly version: string;
  readonly startedAt?: string;
}

/** Reads a row of `version[, start]`; distributors append their name to the version. */
export function identityOf(row: Row | undefined): ServerIdentity | null {
  const version = row?.[0]?.split(' ')[0];
  if (version === undefined || version === '') return null;
  const startedAt = row?.[1];
  return startedAt === null || startedAt === undefined ? { version } : { version, startedAt };
}
