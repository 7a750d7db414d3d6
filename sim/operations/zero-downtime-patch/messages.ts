/**
 * What Aurora tells during a zero-downtime patch: texts and order as a published event log of an
 * Aurora PostgreSQL 17.4.5 to 17.5.4 upgrade shows them (11 Apr 2026). AWS documents no event id
 * for the ZDP texts; the others are in AuroraUserGuide/USER_Events.Messages.html. All are modelled.
 */
import type { Told } from '../told.js';

const maintenance = ['maintenance'];

export const clusterRemainsOnline: Told = {
  source: 'cluster',
  message: 'Database cluster engine minor version upgrade started. Cluster remains online.',
  eventId: 'RDS-EVENT-0286',
  categories: maintenance,
};

export const cannotBeUpgraded = (why: string): Told => ({
  source: 'cluster',
  message: `Database cluster is in a state that cannot be upgraded: ${why}`,
  eventId: 'RDS-EVENT-0174',
  categories: maintenance,
});

export const attempting = (source: 'cluster' | 'instance'): Told => ({
  source,
  message: 'Attempting to upgrade the database with zero downtime.',
  eventId: null,
  categories: [],
});

export const walSendersAdjusted: Told = {
  source: 'instance',
  message:
    'The parameter max_wal_senders was set to a value incompatible with replication. It has been adjusted from 10 to 20.',
  eventId: null,
  categories: [],
};

export const fastStartup = (microseconds: number): Told => ({
  source: 'instance',
  message: `Aurora fast startup completed in [${microseconds}] microseconds.`,
  eventId: null,
  categories: [],
});

export const finished = (
  source: 'cluster' | 'instance',
  instance: string,
  tookMs: number,
  preserved: number,
  dropped: number,
): Told => ({
  source,
  message: `Attempt to upgrade the database instance '${instance}' with zero downtime finished. The process took ${tookMs} ms, ${preserved} connections preserved, ${dropped} connections dropped. See the database error log for details.`,
  eventId: null,
  categories: [],
});

export const shutDown: Told = {
  source: 'instance',
  message: 'DB instance shutdown',
  eventId: 'RDS-EVENT-0004',
  categories: ['availability'],
};

export const restarted: Told = {
  source: 'instance',
  message: 'DB instance restarted',
  eventId: 'RDS-EVENT-0006',
  categories: ['availability'],
};

export const rolledBack: Told = {
  source: 'instance',
  message: 'The DB engine version upgrade failed. The engine version upgrade rollback succeeded.',
  eventId: 'RDS-EVENT-0270',
  categories: maintenance,
};

export const online: Told = {
  source: 'cluster',
  message: 'Database cluster is online. The primary instance is ready for connections.',
  eventId: null,
  categories: [],
};

export const finishedOnAll: Told = {
  source: 'cluster',
  message: 'Database cluster engine version upgrade finished on all instances.',
  eventId: null,
  categories: [],
};

export const complete = (from: string, to: string): Told => ({
  source: 'cluster',
  message: `Database cluster engine minor version upgrade complete. Previous version: ${from}. New version: ${to}.`,
  eventId: null,
  categories: [],
});

/** In a published event log of an Aurora MySQL 2.10.0 to 2.10.1 patch (2021). */
export const patched: Told = {
  source: 'cluster',
  message: 'Database cluster has been patched',
  eventId: 'RDS-EVENT-0173',
  categories: maintenance,
};

export const upgraded: Told = {
  source: 'cluster',
  message: 'Database cluster engine version has been upgraded.',
  eventId: 'RDS-EVENT-0173',
  categories: maintenance,
};
