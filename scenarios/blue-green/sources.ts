/** Where the statements about blue/green deployments come from. */
import type { Source } from '../../harness/scenario.js';

export const blueGreenSources: readonly Source[] = [
  {
    label: 'overview',
    where:
      'AmazonRDS UserGuide/blue-green-deployments-overview and AuroraUserGuide/' +
      'blue-green-deployments-overview: what green is, and what replication it follows by',
  },
  {
    label: 'creating',
    where:
      'AmazonRDS UserGuide/blue-green-deployments-creating and AuroraUserGuide/' +
      'blue-green-deployments-creating',
  },
  {
    label: 'replication',
    where:
      'AmazonRDS UserGuide/blue-green-deployments-replication-type: physical for a minor version ' +
      'of RDS for PostgreSQL, logical for a major one',
  },
  {
    label: 'considerations',
    where:
      'AmazonRDS UserGuide/blue-green-deployments-considerations and AuroraUserGuide/' +
      'blue-green-deployments-considerations: what logical replication does not carry over',
  },
  {
    label: 'switching',
    where:
      'AmazonRDS UserGuide/blue-green-deployments-switching and AuroraUserGuide/' +
      'blue-green-deployments-switching: timeout, guardrails, the steps in order, what is after',
  },
  {
    label: 'api',
    where:
      'Amazon RDS API Reference: CreateBlueGreenDeployment, SwitchoverBlueGreenDeployment, ' +
      'DeleteBlueGreenDeployment, BlueGreenDeployment, BlueGreenDeploymentTask',
  },
  {
    label: 'events',
    where: 'AmazonRDS UserGuide/USER_Events.Messages: the texts and ids of events',
  },
  {
    label: 'announced',
    where:
      'AWS, What is New, 20 Jan 2026: switchovers of typically five seconds or lower in a single ' +
      'Region, two with the AWS JDBC driver',
  },
  {
    label: 'reports',
    where:
      'published reports: RDS for MySQL 2023, about 60 s without writes and 30 s without reads; ' +
      'Aurora PostgreSQL 16.9 to 17.6, 26 s with psql; another one of 30 s; a deployment of a ' +
      'tiny database made in 45 to 50 minutes',
  },
  {
    label: 'driver',
    where:
      'documentation of the AWS Advanced JDBC Wrapper, Blue/Green Deployment Plugin: what ' +
      'drivers ask, the statuses that they are told, and a sample with times',
  },
];
