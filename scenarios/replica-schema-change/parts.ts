/** The pages of `describe` about schema changes by way of a replica. */
import type { Part } from '../../harness/scenario.js';

export const schemaChangeParts: readonly Part[] = [
  {
    heading: 'In this order [runbook]',
    statements: [
      'The source has a parameter group of its own. A read replica is made, given another group ' +
        'and rebooted: only then is it writable whatever becomes of the source [creating, groups].',
      'The schema is changed on the replica while replication goes on; with --path incompatible ' +
        'only when the source takes no writes any more.',
      'T0: the group of the source is changed to read-only. It takes effect some time later, and ' +
        'the window begins: whoever writes is refused.',
      'The replica is waited for until it has everything the source has [promoting]. The runbook ' +
        'leaves this out: --skip lag-check.',
      'It is promoted: replication ends, and it reboots [promoting]. Rows that the source wrote ' +
        'since the change are converted: the runbook converts those alone that were there before.',
      'More replicas are made of it, it is tested, and repaired or given up where tests fail.',
      'The application is told of it. The window ends with the first write there.',
    ],
  },
  {
    heading: 'What clients see',
    statements: [
      'MySQL and MariaDB: 1290 for every write in the window; Postgres: 25006. Reads go on, on ' +
        'the source, until the application is told of the other server.',
      'Who has his sessions kept (--repoint-sessions stay) goes on getting 1290 or 25006 behind ' +
        'it.',
      'An open transaction at the flip: see --open-transaction.',
    ],
  },
  {
    heading: 'How writes are lost',
    statements: [
      'The replica is promoted before it received them. Nothing of that is waited for: --fault ' +
        'lag=3s --skip lag-check counts them.',
      'Whoever may write on a read-only server goes on writing on the source, behind the back of ' +
        'the promoted one: --user-like rds-master on MySQL [privileges]. The ledger then writes ' +
        'as that user.',
      'On Postgres a transaction that was open at the flip commits, and so does any session that ' +
        'sets default_transaction_read_only off.',
      'ReplicaLag is 0 where nothing that was received waits, however much is still on its way: ' +
        'here the two servers are compared.',
    ],
  },
  {
    heading: 'What breaks replication',
    statements: [
      'A column that the source still writes and the replica dropped: MySQL and MariaDB stop ' +
        'with an error of conversion (1677, on MySQL 9.7 13146), Postgres says that a replicated ' +
        'column is missing and tries again. The check of the lag finds it, and nothing is ' +
        'promoted; see --path incompatible-early.',
    ],
  },
  {
    heading: 'The way back',
    statements: [
      'Up to the change of address: delete the replica, let the source take writes [runbook]. ' +
        'Nothing is lost.',
      'Behind it: writes on the promoted server are nowhere else. Nothing replicates back, and ' +
        'the schema is another one; going back to the source loses them all.',
    ],
  },
  {
    heading: 'How to be quicker',
    statements: [
      'The promotion keeps clients waiting for minutes, and that is not compressed. --timing ' +
        'engine takes what the servers here take, --timing FILE your own lengths.',
      'Without a MySQL or MariaDB on the machine: --engine postgres.',
    ],
  },
];
