/** What `describe` tells of blue/green deployments. */
import type { Part } from '../../harness/scenario.js';

const order: Part = {
  heading: 'In this order [creating, switching]',
  statements: [
    'Green is made as a copy of blue with its readers, upgraded, and follows it; blue serves. ' +
      'The tasks of the deployment are told one after the other.',
    'SwitchoverBlueGreenDeployment: the guardrails. If one refuses, nothing was changed.',
    'T0: writes are refused on both sides. Then connections end on both, and new ones are refused.',
    'Green gets what it lacks; on PostgreSQL its sequences are advanced to where those of blue ' +
      'are. Thousands of them take time, and nobody has a database meanwhile.',
    'The names of blue lead to green, clients with an old answer still come to old blue. ' +
      'Connections are allowed again, then writes.',
  ],
};

const guardrails: Part = {
  heading: 'The guardrails [switching]',
  statements: [
    'Green follows blue, is not degraded, and is no further behind than --lag-limit.',
    'Nobody writes on green; no write and no DDL on blue lasts longer than --long-write.',
    'Blue follows nobody itself and, on PostgreSQL, has no other logical followers.',
    'Each is asked of the real servers; how far green is behind, by waiting for it.',
  ],
};

const clients: Part = {
  heading: 'What clients see',
  statements: [
    'Writes get 1290 (MySQL, MariaDB) or 25006 (PostgreSQL), reads go on.',
    'Sessions end: a lost connection, 57P01 on PostgreSQL. New connections are refused.',
    'Connections again: reads by old blue or by green, writes refused a moment longer.',
    'Then everything, on the new version. A COMMIT whose answer never came is in doubt.',
  ],
};

const rollback: Part = {
  heading: 'When it does not get to its end [switching]',
  statements: [
    'Whatever stops it before the names change, --switchover-timeout too, rolls everything back: ' +
      'blue takes connections and writes, green goes on following. RDS-EVENT-0249 says so, and ' +
      '0252 (RDS) or 0261 (Aurora) say why.',
    'To see it: --any-timeout true --switchover-timeout 3s --lag-limit 1m --fault lag=8s@T0-6s. ' +
      'Without --lag-limit a guardrail refuses the same.',
  ],
};

const afterwards: Part = {
  heading: 'Afterwards [switching, considerations]',
  statements: [
    'There is no way back: replication has ended, none runs the other way, and old blue lacks ' +
      'every write since.',
    'Old blue is called -old1 and is read-only: on RDS until its parameter is changed and it is ' +
      'rebooted, on Aurora until the deployment is deleted.',
    'A new writer of MySQL tells its binary log position: who follows from outside begins there.',
  ],
};

const drivers: Part = {
  heading: 'What drivers are told [driver]',
  statements: [
    'mysql.rds_topology, rds_tools.show_topology() and get_blue_green_fast_switchover_metadata() ' +
      'answer on both sides, with AVAILABLE, SWITCHOVER_INITIATED, SWITCHOVER_IN_PROGRESS, ' +
      "SWITCHOVER_IN_POST_PROCESSING and SWITCHOVER_COMPLETED. The application's user may read " +
      'them; on AWS somebody has to grant that.',
    'Names do not resolve here: a driver that dials them needs its own way to these ports.',
  ],
};

const degraded: Part = {
  heading: 'Green of PostgreSQL is degraded by [considerations]',
  statements: [
    'DDL on blue, large objects on blue: logical replication carries neither over. A guardrail ' +
      'refuses the switchover; the deployment must be made again.',
    'A table without a primary key: an UPDATE or DELETE of it fails on blue itself, from the ' +
      'making of green on. Such tables are listed when green is made, unlogged ones too.',
    'A large transaction: one process applies it, and what comes behind it waits.',
  ],
};

export const blueGreenParts: readonly Part[] = [
  order,
  guardrails,
  clients,
  degraded,
  rollback,
  afterwards,
  drivers,
];

/** The binary log carries everything over. */
export const binaryLogParts: readonly Part[] = blueGreenParts.filter((part) => part !== degraded);
