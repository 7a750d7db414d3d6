/**
 * Blue/green deployments: the making of green, and two generations of switchovers. One sample with
 * times is published of a driver that watched one; for the rest there are totals.
 */
import type { Duration } from './duration.js';

const creation =
  'published report of a blue/green deployment of a tiny RDS database: 45 to 50 minutes until ' +
  'green could be switched over';
const driverSample =
  'sample in the documentation of the AWS Advanced JDBC Wrapper (Blue/Green Deployment Plugin): ' +
  'preparation 7.4 s before "in progress", post-processing 3.09 s after, blue DNS updated after ' +
  '33.1 s, completed after 65.4 s';
const announcement =
  'AWS announcement of 20 Jan 2026: typically five seconds or lower in a single Region';
const classicReport =
  'published report of an RDS for MySQL switchover, 2023: about 60 s without writes, about 30 s ' +
  'without reads';
const classicProbes =
  'published probes: 26 s and 6 failed connects by psql (Aurora PostgreSQL 16.9 to 17.6), 30 s';

export const blueGreenDurations = {
  'bg.create': {
    replicaMs: {
      typical: 1_200_000,
      stress: 3_600_000,
      sigma: 0.2,
      what: 'green is made as a copy of blue and follows it; nobody feels it',
      source: `${creation}; how that divides is an assumption`,
      observations: 1,
      kind: 'control',
    },
    upgradeMs: {
      typical: 900_000,
      stress: 3_600_000,
      sigma: 0.2,
      what: "green's engine is upgraded; nobody feels it",
      source: `${creation}; how that divides is an assumption`,
      observations: 1,
      kind: 'control',
    },
    topologyMs: {
      typical: 720_000,
      stress: 1_800_000,
      sigma: 0.2,
      what: "green gets backups, and the other members of blue's topology; nobody feels it",
      source: `${creation}; how that divides is an assumption`,
      observations: 1,
      kind: 'control',
    },
  },
  'bg.switchover': {
    // Nobody is without a database, yet drivers that watch the deployment act upon it: so it is
    // no wait that could be compressed.
    initiatedMs: {
      typical: 7_400,
      stress: 30_000,
      sigma: 0.2,
      what: 'from the call to the stop of writes: guardrails are examined, the database answers',
      source: driverSample,
      observations: 1,
      kind: 'outage',
    },
    finishMs: {
      typical: 62_300,
      stress: 120_000,
      sigma: 0.2,
      what: 'from writes being allowed to "completed"; the database answers',
      source: driverSample,
      observations: 1,
      kind: 'control',
    },
  },
  'bg.switchover.2026': {
    readOnlyMs: {
      typical: 590,
      stress: 2_000,
      sigma: 0.2,
      what: 'writes are refused on blue, sessions are still there and read',
      source: `${driverSample}; that it is so much of these 3.09 s is an assumption`,
      observations: 0,
      kind: 'outage',
    },
    refusedMs: {
      typical: 2_500,
      stress: 10_000,
      sigma: 0.2,
      what: 'sessions end, new connections are refused on both; longer where green lags longer',
      source: `${driverSample}; that it is so much of these 3.09 s is an assumption`,
      observations: 0,
      kind: 'outage',
    },
    readsFirstMs: {
      typical: 600,
      stress: 3_000,
      sigma: 0.2,
      what: 'connections are allowed again, writes not yet',
      source: `assumption that keeps the whole below what is announced; ${announcement}`,
      observations: 0,
      kind: 'outage',
    },
    staleDnsMs: {
      typical: 900,
      stress: 33_100,
      sigma: 0.2,
      what: 'the names still lead to old blue, which reads and refuses writes',
      source:
        `assumption that keeps the whole below what is announced; ${announcement}; ` +
        `stress: ${driverSample}`,
      observations: 0,
      kind: 'outage',
    },
  },
  'bg.switchover.classic': {
    readOnlyMs: {
      typical: 10_000,
      stress: 20_000,
      sigma: 0.2,
      what: 'writes are refused on blue, sessions are still there and read',
      source: `${classicReport}; how the difference divides is an assumption`,
      observations: 0,
      kind: 'outage',
    },
    refusedMs: {
      typical: 30_000,
      stress: 60_000,
      sigma: 0.2,
      what: 'sessions end, new connections are refused on both; longer where green lags longer',
      source: `${classicReport}; ${classicProbes}`,
      observations: 3,
      kind: 'outage',
    },
    readsFirstMs: {
      typical: 20_000,
      stress: 40_000,
      sigma: 0.2,
      what: 'connections are allowed again, writes not yet',
      source: `${classicReport}; how the difference divides is an assumption`,
      observations: 0,
      kind: 'outage',
    },
    staleDnsMs: {
      typical: 5_000,
      stress: 33_100,
      sigma: 0.2,
      what: 'the names still lead to old blue, which reads and refuses writes',
      source:
        'assumption: as long as the 5 s for which the names may be cached; ' +
        `stress: ${driverSample}`,
      observations: 0,
      kind: 'outage',
    },
  },
} as const satisfies Record<string, Record<string, Duration>>;
