/**
 * Zero-downtime patches and the ordinary restarts in their place. One published probe stands
 * behind that of Aurora PostgreSQL, none behind that of Aurora MySQL.
 */
import type { Duration } from './duration.js';

const probeLog =
  'published 0.5 s probe and event log of an Aurora PostgreSQL 17.4.5 to 17.5.4 upgrade, 11 Apr 2026';
const minorUpgradePage = 'AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.MinorUpgrade.html';
const releaseNotes = 'AuroraPostgreSQLReleaseNotes/AuroraPostgreSQL.Updates.html';
const mysqlZdpPage = 'AuroraUserGuide/AuroraMySQL.Updates.ZDP.html';
const mysqlUpdatesPage = 'AuroraUserGuide/AuroraMySQL.Updates.html';
const mysqlPatchLog = 'published event log of an Aurora MySQL 2.10.0 to 2.10.1 patch, Dec 2021';

export const patchDurations = {
  'zdp.success.pg': {
    precheckMs: {
      typical: 139_000,
      stress: 300_000,
      sigma: 0.2,
      what: 'from "upgrade started" to the attempt at zero downtime; the cluster stays online',
      source: `${probeLog}: 06:20 to 06:22:39, minutes only`,
      observations: 1,
      kind: 'control',
    },
    quietPointMs: {
      typical: 1_000,
      stress: 1_000,
      sigma: 0,
      what: 'how long a quiet point is sought before an ordinary restart is done instead',
      source: `${releaseNotes} 16.4/15.8 and later: quiet-point duration cut to 1 second`,
      observations: 1,
      kind: 'limit',
    },
    refusedMs: {
      typical: 929,
      stress: 4_000,
      sigma: 0.2,
      what: 'quiet point and hand-over: new connections are refused',
      source: `${probeLog}: process 2360 ms less fast startup 1431 ms`,
      observations: 1,
      kind: 'outage',
    },
    startingUpMs: {
      typical: 1_431,
      stress: 6_000,
      sigma: 0.2,
      what: 'fast startup: new connections get 57P03, preserved sessions wait',
      source: `${probeLog}: fast startup completed in 1431425 microseconds; stress: ${minorUpgradePage} says a few seconds to about one minute`,
      observations: 1,
      kind: 'outage',
    },
    finishMs: {
      typical: 60_000,
      stress: 120_000,
      sigma: 0.2,
      what: 'from "primary instance is ready" to "engine version has been upgraded"',
      source: `${probeLog}: 06:22 to 06:23, minutes only`,
      observations: 1,
      kind: 'control',
    },
  },
  'zdp.fallback.pg': {
    refusedMs: {
      typical: 15_300,
      stress: 45_000,
      sigma: 0.2,
      what: 'ordinary restart, every session dropped: new connections are refused',
      source: `${probeLog}: reader restarted without zero downtime, refused from 06:21:35.2 to 06:21:50.5`,
      observations: 1,
      kind: 'outage',
    },
    startingUpMs: {
      typical: 5_450,
      stress: 15_000,
      sigma: 0.2,
      what: 'ordinary restart: new connections get 57P03',
      source: `${probeLog}: reader, one attempt of 5.4 s that ended in 57P03`,
      observations: 1,
      kind: 'outage',
    },
  },
  'zdp.success.mysql': {
    precheckMs: {
      typical: 199_000,
      stress: 300_000,
      sigma: 0.2,
      what: 'from "upgrading" to the attempt at zero downtime; the cluster stays online',
      source: `assumption: half of the 398 s from upgrading to available in the ${mysqlPatchLog}`,
      observations: 0,
      kind: 'control',
    },
    quietPointMs: {
      typical: 1_000,
      stress: 5_000,
      sigma: 0,
      what: 'how long a quiet point is sought before late sessions are dealt with',
      source: `assumption: the limit that ${releaseNotes} gives for Aurora PostgreSQL; none is published for Aurora MySQL`,
      observations: 0,
      kind: 'limit',
    },
    refusedMs: {
      typical: 1_000,
      stress: 4_000,
      sigma: 0.2,
      what: 'quiet point and hand-over: new connections are refused',
      source: `assumption: as the probe of Aurora PostgreSQL shows it; none is published for Aurora MySQL`,
      observations: 0,
      kind: 'outage',
    },
    startingUpMs: {
      typical: 2_000,
      stress: 16_000,
      sigma: 0.2,
      what: 'start: new connections wait for a greeting or are refused, kept sessions wait',
      source: `assumption within the few seconds to approximately one minute of ${mysqlZdpPage}; an edition of 2020 says about 5 s, the ${mysqlPatchLog} says 0 ms`,
      observations: 0,
      kind: 'outage',
    },
    finishMs: {
      typical: 199_000,
      stress: 240_000,
      sigma: 0.2,
      what: 'from the end of the attempt to "available"',
      source: `assumption: half of the 398 s from upgrading to available in the ${mysqlPatchLog}`,
      observations: 0,
      kind: 'control',
    },
  },
  'zdp.fallback.mysql': {
    refusedMs: {
      typical: 20_000,
      stress: 24_000,
      sigma: 0.2,
      what: 'ordinary restart, every session dropped: new connections are refused',
      source: `${mysqlUpdatesPage} says 20 to 30 seconds of downtime; how it divides is an assumption`,
      observations: 0,
      kind: 'outage',
    },
    startingUpMs: {
      typical: 5_000,
      stress: 6_000,
      sigma: 0.2,
      what: 'ordinary restart: new connections wait for a greeting or are refused',
      source: `${mysqlUpdatesPage} says 20 to 30 seconds of downtime; how it divides is an assumption`,
      observations: 0,
      kind: 'outage',
    },
  },
} as const satisfies Record<string, Record<string, Duration>>;
