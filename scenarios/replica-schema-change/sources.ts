/** Where the statements about schema changes by way of a replica come from. */
import type { Source } from '../../harness/scenario.js';

export const schemaChangeSources: readonly Source[] = [
  {
    label: 'runbook',
    where:
      'AWS Database Blog, a runbook for schema changes of RDS for MySQL and MariaDB with minimal ' +
      'downtime, by way of a replica',
  },
  {
    label: 'promoting',
    where:
      'AmazonRDS UserGuide/USER_ReadRepl.Promote: stop writing, wait until ReplicaLag is 0, then ' +
      'promote; the instance reboots; several minutes or longer',
  },
  {
    label: 'creating',
    where:
      'API reference, CreateDBInstanceReadReplica: in the same region the replica has the ' +
      'parameter group of its source',
  },
  {
    label: 'groups',
    where:
      'AmazonRDS UserGuide/USER_WorkingWithParamGroups: the values of a newly associated group ' +
      'are in force after a reboot only',
  },
  {
    label: 'writable',
    where:
      'AmazonRDS UserGuide/USER_MySQL.Replication.ReadReplicas: read replicas that take writes, ' +
      'for maintenance; and what breaks their replication',
  },
  {
    label: 'privileges',
    where:
      'AmazonRDS UserGuide/UsingWithRDS.MasterAccounts and AuroraUserGuide/' +
      'UsingWithRDS.MasterAccounts: what the first user may do',
  },
  {
    label: 'readOnlyManual',
    where:
      'MySQL Reference Manual, Server System Variables, read_only: who is refused and who is ' +
      'not, and that the change waits for locks, running statements and transactions of others',
  },
  {
    label: 'measured',
    where:
      'measured for this tool on MySQL 8.0, 8.4 and 9.7 and on MariaDB 10.11: see ' +
      'docs/decisions.md',
  },
  {
    label: 'logical',
    where:
      'PostgreSQL documentation, Logical Replication, Restrictions: neither schema changes nor ' +
      'sequences are replicated',
  },
  {
    label: 'events',
    where: 'AmazonRDS UserGuide/USER_Events.Messages: the texts and ids of events',
  },
];
