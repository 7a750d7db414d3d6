/**
 * Failovers: of an Aurora cluster to a reader, and of an RDS Multi-AZ instance to its standby. One
 * published probe stands behind the former, AWS's own range behind the latter.
 */
import type { Duration } from './duration.js';

const psqlLog =
  'published log of one INSERT a second by psql through an Aurora PostgreSQL failover, 29 Aug 2020';
const auroraPage = 'AuroraUserGuide/Concepts.AuroraHighAvailability.html';
const multiAzPage = 'AmazonRDS UserGuide/Concepts.MultiAZ.Failover.html';
const multiAzLogs =
  'published event logs of RDS Multi-AZ reboots with failover, PostgreSQL, May 2026';
const eventsPage = 'AmazonRDS UserGuide/USER_Events.Messages.html';

export const failoverDurations = {
  'aurora.failover.direct.pg': {
    precheckMs: {
      typical: 5_500,
      stress: 10_000,
      sigma: 0.2,
      what: 'from "Started failover" to the end of the old writer; it still takes writes',
      source: `${psqlLog}: event at 11:44:23, last row at 28.0, first error in the attempt of 29.0`,
      observations: 1,
      kind: 'control',
    },
    refusedMs: {
      typical: 2_000,
      stress: 8_000,
      sigma: 0.2,
      what: 'the old writer is gone: sessions end, new connections are refused (or get no answer)',
      source: `${psqlLog}: one attempt refused, 57P03 from the attempt of 11:44:32 on; stress: ${auroraPage} says typically less than 60 seconds in all`,
      observations: 1,
      kind: 'outage',
    },
    startingUpMs: {
      typical: 3_000,
      stress: 17_000,
      sigma: 0.2,
      what: 'the old writer comes up as a reader, the promoted reader as the writer: 57P03',
      source: `${psqlLog}: three attempts a second apart; stress: ${auroraPage} says typically less than 60 seconds in all`,
      observations: 1,
      kind: 'outage',
    },
    staleDnsMs: {
      typical: 5_000,
      stress: 35_000,
      sigma: 0.2,
      what: 'the writer name still leads to the old writer, a reader now: writes get 25006',
      source: `${psqlLog}: five attempts a second apart, as long as the 5 s for which AWS lets the name be cached; stress: a client that caches it for 30 s more`,
      observations: 1,
      kind: 'outage',
    },
    finishMs: {
      typical: 8_000,
      stress: 15_000,
      sigma: 0.2,
      what: 'from the new writer in use to "Completed failover"',
      source: `${psqlLog}: first row at 11:44:40.0, event at 48`,
      observations: 1,
      kind: 'control',
    },
  },
  'aurora.failover.direct.mysql': {
    precheckMs: {
      typical: 5_500,
      stress: 10_000,
      sigma: 0.2,
      what: 'from "Started failover" to the end of the old writer; it still takes writes',
      source: `assumption: as in the ${psqlLog}; no probe is published for Aurora MySQL`,
      observations: 0,
      kind: 'control',
    },
    refusedMs: {
      typical: 2_000,
      stress: 8_000,
      sigma: 0.2,
      what: 'the old writer is gone: sessions end, new connections are refused (or get no answer)',
      source: `assumption within the less than 60 seconds of ${auroraPage}, divided as in the ${psqlLog}`,
      observations: 0,
      kind: 'outage',
    },
    startingUpMs: {
      typical: 3_000,
      stress: 17_000,
      sigma: 0.2,
      what: 'the two come up in their new roles: new connections wait for a greeting',
      source: `assumption within the less than 60 seconds of ${auroraPage}, divided as in the ${psqlLog}`,
      observations: 0,
      kind: 'outage',
    },
    staleDnsMs: {
      typical: 5_000,
      stress: 35_000,
      sigma: 0.2,
      what: 'the writer name still leads to the old writer, a reader now: writes get 1290',
      source: `${auroraPage}: the name may be cached for 5 s; how long it really is, is an assumption`,
      observations: 0,
      kind: 'outage',
    },
    finishMs: {
      typical: 8_000,
      stress: 15_000,
      sigma: 0.2,
      what: 'from the new writer in use to "Completed failover"',
      source: `assumption: as in the ${psqlLog}; none is published for Aurora MySQL`,
      observations: 0,
      kind: 'control',
    },
  },
  'rds.multiaz.failover': {
    precheckMs: {
      typical: 12_000,
      stress: 130_000,
      sigma: 0.2,
      what: 'from the reboot with failover being asked for to "failover started"',
      source: `${multiAzLogs}: 9 to 12 s in four of them, about 130 s in the others`,
      observations: 4,
      kind: 'control',
    },
    awayMs: {
      typical: 60_000,
      stress: 120_000,
      sigma: 0.2,
      what: 'the primary is gone and the standby takes over: nobody answers',
      source: `${multiAzPage}: typically 60 to 120 seconds, here its two ends. ${multiAzLogs} shows 10 to 13 s as felt by psql, once 41 s, on a database that does little`,
      observations: 0,
      kind: 'outage',
    },
    staleDnsMs: {
      typical: 5_000,
      stress: 35_000,
      sigma: 0.2,
      what: 'the name still leads to where the primary was',
      source: `assumption: a name cached for 5 s; stress: a client that caches it for 30 s more. ${eventsPage} says that DNS propagation may take a few minutes`,
      observations: 0,
      kind: 'outage',
    },
    finishMs: {
      typical: 34_000,
      stress: 45_000,
      sigma: 0.2,
      what: 'from "DB instance restarted" to "failover completed"',
      source: `${multiAzLogs}: 9 to 45 s, 34 s in the middle`,
      observations: 12,
      kind: 'control',
    },
    againMs: {
      typical: 180_000,
      stress: 180_000,
      sigma: 0,
      what: 'a failover asked for within this time of another one is abandoned',
      source: `assumption: ${eventsPage} (RDS-EVENT-0034) says "recently" and no number; ${multiAzLogs} shows some 4 minutes apart that were not`,
      observations: 0,
      kind: 'limit',
    },
  },
} as const satisfies Record<string, Record<string, Duration>>;
