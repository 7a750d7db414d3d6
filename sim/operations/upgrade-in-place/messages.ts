/**
 * What RDS tells of an upgrade in place: texts and order as a published event log of an RDS for
 * MySQL upgrade from 8.0.42 to 8.0.44 shows them (31 Mar 2026); ids and categories as in AmazonRDS
 * UserGuide/USER_Events.Messages.html. All are modelled. No final text is published for a major
 * upgrade of an instance, so that there is none here.
 */
import type { Told } from '../told.js';

export { restarted, rolledBack, shutDown } from '../zero-downtime-patch/messages.js';

const of = (category: string, eventId: string, message: string): Told => ({
  source: 'instance',
  message,
  eventId,
  categories: [category],
});

export const backingUp = of('backup', 'RDS-EVENT-0001', 'Backing up DB instance');
export const backedUp = of('backup', 'RDS-EVENT-0002', 'Finished DB Instance backup');

export const precheckStarted = of(
  'maintenance',
  'RDS-EVENT-0264',
  'The pre-check started for the DB engine version upgrade.',
);
export const precheckFinished = of(
  'maintenance',
  'RDS-EVENT-0265',
  'The pre-check finished for the DB engine version upgrade.',
);

export const cannotBeUpgraded = (why: string): Told =>
  of(
    'notification',
    'RDS-EVENT-0158',
    `Database instance is in a state that cannot be upgraded: ${why}.`,
  );

export const downtimeStarted = of(
  'maintenance',
  'RDS-EVENT-0266',
  'The downtime started for the DB instance.',
);
export const upgradeStarted = of(
  'maintenance',
  'RDS-EVENT-0267',
  'The engine version upgrade started.',
);
export const upgradeFinished = of(
  'maintenance',
  'RDS-EVENT-0268',
  'The engine version upgrade finished.',
);
export const tasksInProgress = of(
  'maintenance',
  'RDS-EVENT-0269',
  'The post-upgrade tasks are in progress.',
);

export const minorComplete = (from: string, to: string): Told => ({
  source: 'instance',
  message:
    'Database instance engine minor version upgrade complete. ' +
    `Previous version: ${from}. New version: ${to}.`,
  eventId: null,
  categories: [],
});

/** Of a major upgrade of MySQL that was rolled back. */
export const mysqlRolledBack = (why: string): Told =>
  of('failure', 'RDS-EVENT-0188', `The DB instance is in a state that can't be upgraded. ${why}`);
