/**
 * Read replicas of an RDS instance: their making and their promotion. AWS gives no length of
 * either, and nobody has published one with times.
 */
import type { Duration } from './duration.js';

const promotionPage = 'AmazonRDS UserGuide/USER_ReadRepl.Promote.html';
const rePost =
  'AWS re:Post sample of an RDS event log: shutdown at 20:11:52, restarted at 20:12:03, 11 s';
const asReboot =
  `assumption: the promotion reboots the instance (${promotionPage}), taken as long as an ` +
  `ordinary reboot: ${rePost}; how it divides is an assumption too`;
const wholePromotion =
  `assumption: ${promotionPage} says several minutes or longer, depending on size; 5 minutes in ` +
  'all, 15 as stress, how they divide is ours';

export const readReplicaDurations = {
  'replica.create': {
    createMs: {
      typical: 300_000,
      stress: 2_700_000,
      sigma: 0.2,
      what: 'from the call to the replica being available; the source answers',
      source: 'assumption: AWS gives no length; it grows with what the source holds',
      observations: 0,
      kind: 'control',
    },
    deleteMs: {
      typical: 120_000,
      stress: 600_000,
      sigma: 0.2,
      what: 'from the call that deletes an instance to its end; nobody uses it any more',
      source: 'assumption: AWS gives no length',
      observations: 0,
      kind: 'control',
    },
  },
  'replica.promote': {
    untilRebootMs: {
      typical: 60_000,
      stress: 180_000,
      sigma: 0.2,
      what: 'from the call, at which replication ends, to the reboot of the instance',
      source: wholePromotion,
      observations: 0,
      kind: 'outage',
    },
    refusedMs: {
      typical: 8_100,
      stress: 30_000,
      sigma: 0.2,
      what: 'the promoted instance reboots: new connections are refused there',
      source: asReboot,
      observations: 0,
      kind: 'outage',
    },
    startingUpMs: {
      typical: 2_900,
      stress: 10_000,
      sigma: 0.2,
      what: 'it comes up: new connections get 57P03 (Postgres) or wait for a greeting there',
      source: asReboot,
      observations: 0,
      kind: 'outage',
    },
    finishMs: {
      typical: 230_000,
      stress: 680_000,
      sigma: 0.2,
      what: 'from the end of the reboot to "available": a backup, where backups are on',
      source: wholePromotion,
      observations: 0,
      kind: 'outage',
    },
  },
} as const satisfies Record<string, Record<string, Duration>>;
