/**
 * What AWS tells during a failover. Texts and ids: AuroraUserGuide/USER_Events.Messages.html,
 * AmazonRDS UserGuide/USER_Events.Messages.html; the reasons of a Multi-AZ failover, which have no
 * id: AmazonRDS UserGuide/Concepts.MultiAZ.Failover.html. All are modelled. The order is that of
 * published logs: of an Aurora failover of 12 Sep 2026, and of Multi-AZ reboots with failover of
 * May 2026.
 */
import type { Told } from '../told.js';

const failover = ['failover'];

export const started = (target: string, zone: 'same' | 'cross'): Told => ({
  source: 'cluster',
  message: `Started ${zone} AZ failover to DB instance: ${target}`,
  eventId: zone === 'same' ? 'RDS-EVENT-0072' : 'RDS-EVENT-0073',
  categories: failover,
});

/** Of the writer before. AWS documents no id for it. */
export const newWriter: Told = {
  source: 'instance',
  message: 'A new writer was promoted. Restarting database as a reader.',
  eventId: null,
  categories: [],
};

export const completed = (target: string): Told => ({
  source: 'cluster',
  message: `Completed failover to DB instance: ${target}`,
  eventId: 'RDS-EVENT-0071',
  categories: failover,
});

export const failed: Told = {
  source: 'cluster',
  message: 'Cluster failover failed, check the health of your cluster instances and try again.',
  eventId: 'RDS-EVENT-0069',
  categories: failover,
};

export const previousAgain = (name: string): Told => ({
  source: 'cluster',
  message: `Promoting previous primary again: ${name}.`,
  eventId: 'RDS-EVENT-0070',
  categories: failover,
});

export const multiAzStarted: Told = {
  source: 'instance',
  message: 'Multi-AZ instance failover started.',
  eventId: 'RDS-EVENT-0013',
  categories: failover,
};

export const multiAzCompleted: Told = {
  source: 'instance',
  message: 'Multi-AZ instance failover completed.',
  eventId: 'RDS-EVENT-0049',
  categories: failover,
};

/** AWS tells these two where the primary comes back in the zone in which it was. */
export const activationStarted: Told = {
  source: 'instance',
  message: 'Multi-AZ instance activation started.',
  eventId: 'RDS-EVENT-0050',
  categories: failover,
};

export const activationCompleted: Told = {
  source: 'instance',
  message: 'Multi-AZ instance activation completed.',
  eventId: 'RDS-EVENT-0051',
  categories: failover,
};

export const abandoned: Told = {
  source: 'instance',
  message:
    'Abandoning user requested failover since a failover recently occurred on the database instance.',
  eventId: 'RDS-EVENT-0034',
  categories: failover,
};

const reason = (message: string): Told => ({
  source: 'instance',
  message,
  eventId: null,
  categories: [],
});

export const multiAzReasons = {
  requested: reason('The user requested a failover of the DB instance.'),
  unhealthy: reason('The primary host of the RDS Multi-AZ instance is unhealthy.'),
  unreachable: reason(
    'The primary host of the RDS Multi-AZ instance is unreachable due to loss of network connectivity.',
  ),
} as const;
