/**
 * What RDS tells of read replicas and of instances that come and go; texts, ids and categories:
 * AmazonRDS UserGuide/USER_Events.Messages.html. AWS documents no event for a promotion as such,
 * and no order: that is ours. All are modelled.
 */
import type { Told } from '../told.js';

export { backedUp, backingUp } from '../upgrade-in-place/messages.js';

const of = (category: string, eventId: string, message: string): Told => ({
  source: 'instance',
  message,
  eventId,
  categories: [category],
});

export const created = of('creation', 'RDS-EVENT-0005', 'DB instance created.');
export const deleted = of('deletion', 'RDS-EVENT-0003', 'DB instance deleted.');

/** Of a replica that is promoted. */
export const replicationTerminated = of(
  'read replica',
  'RDS-EVENT-0057',
  'Replication streaming has been terminated.',
);

/** Of a replica whose replication is broken. */
export const replicationStopped = of('read replica', 'RDS-EVENT-0045', 'Replication has stopped.');
