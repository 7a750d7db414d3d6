/** Reboots without a failover. */
import type { Duration } from './duration.js';

const rePost =
  'AWS re:Post sample of an RDS event log: shutdown at 20:11:52, restarted at 20:12:03, 11 s';
const published = 'a published reboot of a db.m6g.large took about 20 s';

export const rebootDurations = {
  'rds.reboot': {
    refusedMs: {
      typical: 8_100,
      stress: 30_000,
      sigma: 0.2,
      what: 'the engine restarts, every session is dropped: new connections are refused',
      source: `${rePost}; how they divide is as a published probe of a restarted Aurora PostgreSQL reader shows it: an assumption. Stress: twice as long as ${published}`,
      observations: 1,
      kind: 'outage',
    },
    startingUpMs: {
      typical: 2_900,
      stress: 10_000,
      sigma: 0.2,
      what: 'the engine comes up: new connections get 57P03 (Postgres) or wait for a greeting',
      source: `${rePost}; how they divide is as a published probe of a restarted Aurora PostgreSQL reader shows it: an assumption. Stress: twice as long as ${published}`,
      observations: 1,
      kind: 'outage',
    },
  },
} as const satisfies Record<string, Record<string, Duration>>;
