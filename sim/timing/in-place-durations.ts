/**
 * Upgrades of an RDS instance in place. One event log with seconds is published of a minor one,
 * one outage of a major one; how that divides is taken from the former.
 */
import type { Duration } from './duration.js';

const eventLog =
  'published event log of an RDS for MySQL Multi-AZ upgrade from 8.0.42 to 8.0.44 ' +
  '(db.t4g.micro), 31 Mar 2026';
const majorReport =
  'published report of an RDS for MySQL upgrade in place from 5.7 to 8.0, 2023: 4 min 30 s ' +
  'without reads and writes';
const mysqlPage = 'AmazonRDS UserGuide/USER_UpgradeDBInstance.MySQL.Major.html';
const readerProbe =
  'published probe of an Aurora PostgreSQL reader that restarted, 11 Apr 2026: 57P03 for 5.4 s';

const share = (part: string): string =>
  `${majorReport}; ${part} as it divides in the ${eventLog}: an assumption`;
const longer =
  `stress: ${mysqlPage} says about 10 minutes in all, some longer; ` +
  'about an hour is reported of an Aurora PostgreSQL cluster';

/** Ahead of the shutdown, and behind the restart: nobody is without a database. */
const around = {
  backupMs: {
    typical: 123_000,
    stress: 600_000,
    sigma: 0.2,
    what: 'the backup before the upgrade; the database answers',
    source: `${eventLog}: 05:29:02 to 05:31:05`,
    observations: 1,
    kind: 'control',
  },
  preparationMs: {
    typical: 51_000,
    stress: 120_000,
    sigma: 0.2,
    what: 'from the end of that backup to the pre-check',
    source: `${eventLog}: 05:31:05 to 05:31:56`,
    observations: 1,
    kind: 'control',
  },
  precheckMs: {
    typical: 31_000,
    stress: 600_000,
    sigma: 0.2,
    what: 'the pre-check; the database answers',
    source: `${eventLog}: 05:31:56 to 05:32:27`,
    observations: 1,
    kind: 'control',
  },
  shutdownAfterMs: {
    typical: 27_000,
    stress: 60_000,
    sigma: 0.2,
    what: 'from the end of the pre-check to the shutdown',
    source: `${eventLog}: 05:32:27 to 05:32:54`,
    observations: 1,
    kind: 'control',
  },
  finishMs: {
    typical: 82_000,
    stress: 300_000,
    sigma: 0.2,
    what: 'from "DB instance restarted" to "The engine version upgrade finished"',
    source: `${eventLog}: 05:36:20 to 05:37:42`,
    observations: 1,
    kind: 'control',
  },
  tasksMs: {
    typical: 36_000,
    stress: 600_000,
    sigma: 0.2,
    what: 'post-upgrade tasks, to the end of the second backup',
    source: `${eventLog}: 05:37:42 to 05:38:18`,
    observations: 1,
    kind: 'control',
  },
} as const satisfies Record<string, Duration>;

/** What a new connection meets at the end of it, on Postgres. */
const startingUp = {
  typical: 5_400,
  stress: 15_000,
  sigma: 0.2,
  what: 'the last part of the outage on PostgreSQL: new connections get 57P03',
  source: `assumption: ${readerProbe}; none is published for RDS`,
  observations: 0,
  kind: 'outage',
} as const satisfies Duration;

export const inPlaceDurations = {
  'rds.minor.inplace': {
    ...around,
    secondBackupAfterMs: {
      typical: 20_000,
      stress: 60_000,
      sigma: 0.2,
      what: 'from the shutdown to the second backup',
      source: `${eventLog}: 05:32:54 to 05:33:14`,
      observations: 1,
      kind: 'outage',
    },
    downtimeAfterMs: {
      typical: 12_000,
      stress: 60_000,
      sigma: 0.2,
      what: 'from the second backup to "The downtime started": the database is down already',
      source: `${eventLog}: 05:33:14 to 05:33:26`,
      observations: 1,
      kind: 'outage',
    },
    upgradeAfterMs: {
      typical: 72_000,
      stress: 240_000,
      sigma: 0.2,
      what: 'from "The downtime started" to "The engine version upgrade started"',
      source: `${eventLog}: 05:33:26 to 05:34:38`,
      observations: 1,
      kind: 'outage',
    },
    restartAfterMs: {
      typical: 102_000,
      stress: 540_000,
      sigma: 0.2,
      what: 'from "The engine version upgrade started" to "DB instance restarted"',
      source: `${eventLog}: 05:34:38 to 05:36:20`,
      observations: 1,
      kind: 'outage',
    },
    startingUpMs: startingUp,
  },
  'rds.major.inplace': {
    ...around,
    secondBackupAfterMs: {
      typical: 26_000,
      stress: 60_000,
      sigma: 0.2,
      what: 'from the shutdown to the second backup',
      source: share('20 of 206 s'),
      observations: 0,
      kind: 'outage',
    },
    downtimeAfterMs: {
      typical: 16_000,
      stress: 60_000,
      sigma: 0.2,
      what: 'from the second backup to "The downtime started": the database is down already',
      source: share('12 of 206 s'),
      observations: 0,
      kind: 'outage',
    },
    upgradeAfterMs: {
      typical: 94_000,
      stress: 300_000,
      sigma: 0.2,
      what: 'from "The downtime started" to "The engine version upgrade started"',
      source: share('72 of 206 s'),
      observations: 0,
      kind: 'outage',
    },
    restartAfterMs: {
      typical: 134_000,
      stress: 3_180_000,
      sigma: 0.2,
      what: 'from "The engine version upgrade started" to "DB instance restarted"',
      source: `${share('102 of 206 s')}; ${longer}`,
      observations: 0,
      kind: 'outage',
    },
    startingUpMs: startingUp,
  },
} as const satisfies Record<string, Record<string, Duration>>;
