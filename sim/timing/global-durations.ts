/** The managed minor upgrade of an Aurora global database. One published log stands behind it. */
import type { Duration } from './duration.js';

const globalLog =
  'published 0.5 s probes and event log of an Aurora PostgreSQL global database upgraded from ' +
  '17.4.5 to 17.5.4, 11 Apr 2026';

export const globalDurations = {
  'global.minor.pg': {
    untilSecondariesMs: {
      typical: 65_000,
      stress: 150_000,
      sigma: 0.2,
      what: 'from "upgrade started" to the restart of the secondary; all clusters stay online',
      source: `${globalLog}: from 06:20, minutes only, to 06:21:35, hence 35 to 95 s`,
      observations: 1,
      kind: 'control',
    },
    refusedMs: {
      typical: 15_300,
      stress: 45_000,
      sigma: 0.2,
      what: 'readers restart without zero downtime: new connections are refused',
      source: `${globalLog}: secondary refused from 06:21:35.2, 57P03 in the attempt of 06:21:50.5`,
      observations: 1,
      kind: 'outage',
    },
    startingUpMs: {
      typical: 5_450,
      stress: 15_000,
      sigma: 0.2,
      what: 'readers restart without zero downtime: new connections get 57P03',
      source: `${globalLog}: secondary, one attempt of 5.4 s that ended in 57P03`,
      observations: 1,
      kind: 'outage',
    },
    untilPrimaryMs: {
      typical: 43_300,
      stress: 120_000,
      sigma: 0.2,
      what: 'from the secondary being back to the attempt at zero downtime on the primary',
      source: `${globalLog}: secondary back at 06:21:56.5, primary refuses from about 06:22:39.8`,
      observations: 1,
      kind: 'control',
    },
  },
} as const satisfies Record<string, Record<string, Duration>>;
