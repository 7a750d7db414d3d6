/** A major version upgrade of an RDS instance in place. */
import type { OtherEngine, Part, Scenario } from '../harness/scenario.js';
import { finishedThenFromSnapshot, fromSnapshot, nothingBegun } from './way-back.js';

const process =
  'AmazonRDS UserGuide/USER_UpgradeDBInstance.PostgreSQL.MajorVersion.Process: what to look for, ' +
  'and what happens';
const mysqlMajor =
  'AmazonRDS UserGuide/USER_UpgradeDBInstance.MySQL.Major: pre-checks, rollback, the 10 minutes ' +
  'that it typically takes';
const mariadbMajor = 'AmazonRDS UserGuide/USER_UpgradeDBInstance.MariaDB.Major';
const events = 'AmazonRDS UserGuide/USER_Events.Messages: the texts and ids of events';
const eventLog =
  'a published event log of an RDS for MySQL upgrade from 8.0.42 to 8.0.44, 31 Mar 2026: none is ' +
  'published of a major one';
const report =
  'a published report of an RDS for MySQL upgrade from 5.7 to 8.0 in 2023: 4 min 30 s without ' +
  'reads and writes';
const restoring = 'AmazonRDS UserGuide/USER_RestoreFromSnapshot: restoring creates a new instance';

const order: Part = {
  heading: 'In this order [eventLog]',
  statements: [
    'A backup, then the pre-check: the database answers, but for the moment in which a copy of ' +
      'its files is taken here.',
    'T0: "DB instance shutdown". Half a minute later an event says that the downtime started.',
    '"The engine version upgrade started.", then "DB instance restarted": clients are back.',
    '"The engine version upgrade finished.", tasks and a backup. No last text of a major upgrade ' +
      'is published, so none is told.',
  ],
};

const refusals: Part = {
  heading: 'What refuses the upgrade, with no outage at all',
  statements: [
    'a target version that is not newer, or that RDS does not go to from there',
    'a call without AllowMajorVersionUpgrade: see --allow-major-version-upgrade',
    'an instance that is not available, for instance because it is being upgraded already',
  ],
};

const wayBack: Part = {
  heading: 'Rollback [restoring]',
  statements: [
    'There is no way back but the snapshot: restoring it makes a new instance of the old version ' +
      'at a new address, and writes since then are not in it.',
    '--rollback rehearses it, and counts the acknowledged writes that are not there.',
  ],
};

const quicker: Part = {
  heading: 'How to be quicker',
  statements: [
    'The outage lasts as long as published: four and a half minutes. --timing engine takes what ' +
      'the servers here take, --timing FILE your own lengths.',
  ],
};

const mysqlFailure: Part = {
  heading: 'When the new version does not start',
  statements: [
    'The old one runs again over what there was at the shutdown: no write is lost. An event says ' +
      'so, RDS-EVENT-0188 of MySQL and 0270 of MariaDB [mysqlMajor, events]; the run fails.',
  ],
};

const mysqlClients: Part = {
  heading: 'What clients see',
  statements: [
    'Sessions end, new connections are refused until the new version answers.',
    'Defaults of the new version: character sets, SQL modes, authentication. The user of your ' +
      'application logs in with what it had.',
    'A COMMIT whose answer never came is in doubt: the write may be there.',
  ],
};

const mysqlParts: readonly Part[] = [
  order,
  {
    heading: 'The pre-check [mysqlMajor]',
    statements: [
      'Of what RDS looks for, the part that a server can be asked: triggers without a definer, ' +
        'obsolete SQL modes, elements of ENUM or SET longer than 255 characters.',
      'XA transactions that are prepared, as the MySQL manual wants them ended.',
      'As warnings: names that become reserved words, accounts with mysql_native_password.',
      'What blocks ends the upgrade before the shutdown: nobody notices.',
    ],
  },
  mysqlClients,
  mysqlFailure,
  refusals,
  wayBack,
  quicker,
];

const mariadbParts: readonly Part[] = [
  order,
  {
    heading: 'The pre-check [mariadbMajor]',
    statements: [
      'RDS lists none for MariaDB. Here XA transactions that are prepared are warned of.',
    ],
  },
  mysqlClients,
  mysqlFailure,
  refusals,
  wayBack,
  quicker,
];

const other = (
  engine: OtherEngine['engine'],
  from: string,
  to: string,
  parts: readonly Part[],
): OtherEngine => ({
  engine,
  versions: { from, to },
  timingProfiles: ['rds.major.inplace'],
  parts,
});

export const rdsMajorInPlace: Scenario = {
  name: 'rds-major-in-place',
  title: 'RDS: major version upgrade in place',
  engine: 'postgres',
  otherEngines: [
    other('mysql', '8.0.44', '8.4.7', mysqlParts),
    other('mariadb', '10.11', '11.8', mariadbParts),
  ],
  summary:
    'Upgrades an instance to another major version where it is. After a backup and a pre-check ' +
    'nobody has a database for minutes; then the new version answers at the same address, with ' +
    'every row, sequence and user. There is no way back but the snapshot.',
  versions: { from: '16.14', to: '17.5' },
  upgrade: 'major',
  phases: [
    {
      name: 'steady',
      back: nothingBegun,
      what: 'Sessions and probes run against the old version.',
      steps: [{ step: 'wait', durationMs: 6_000, option: 'steady' }],
    },
    {
      name: 'prepare',
      back: finishedThenFromSnapshot('upgrade-in-place', 'restoring'),
      what: 'The upgrade is asked for: backup and pre-check, the database answers.',
      steps: [
        {
          step: 'start',
          operation: 'upgrade-in-place',
          settings: { allowMajorVersionUpgrade: true },
        },
      ],
    },
    {
      name: 'upgrade',
      back: fromSnapshot('restoring'),
      t0: true,
      what: 'Shutdown, the data taken to the new version, restart; then tasks behind it.',
      steps: [{ step: 'finish', operation: 'upgrade-in-place' }],
    },
    {
      name: 'settle',
      back: fromSnapshot('restoring'),
      what: 'Sessions and probes run against the new version.',
      steps: [{ step: 'wait', durationMs: 3_000, option: 'settle' }],
    },
    {
      name: 'verify',
      what: 'Probes stop, every acknowledged write is looked for, the server is asked what it is.',
      steps: [{ step: 'verify' }],
    },
  ],
  objectives: ['writer.downtime <= 15m', 'writes.lost == 0', 'writes.duplicated == 0'],
  timingProfiles: ['rds.major.inplace'],
  beforeT0: ['backupMs', 'preparationMs', 'precheckMs', 'shutdownAfterMs'],
  switches: [
    {
      option: '--allow-major-version-upgrade',
      values: 'true | false',
      byDefault: 'true',
      why: 'Without it RDS refuses the call; the run then shows that nothing happened.',
      setting: {
        of: 'operation',
        operation: 'upgrade-in-place',
        name: 'allowMajorVersionUpgrade',
        allowed: [true, false],
      },
    },
  ],
  defects: [],
  parts: [
    order,
    {
      heading: 'The pre-check [process]',
      statements: [
        'prepared transactions, columns of reg* types but regclass and regtype, columns of the ' +
          'type unknown, logical replication slots, invalid databases',
        'extensions in use that the new version does not have',
        'What it finds ends the upgrade before the shutdown: nobody notices.',
      ],
    },
    {
      heading: 'How the data come to the new version',
      statements: [
        'RDS uses pg_upgrade. Where images have the programs of both versions, so does this; ' +
          'else roles, schemas (pg_dump), rows (COPY), sequences and large objects are moved to ' +
          'a server of the new version. The run says which, and how long it took: that length ' +
          'is not that of AWS.',
        'Planner statistics are not carried over, by RDS neither before version 18: the first ' +
          'queries may be slow, and ANALYZE is due [process].',
        'Extensions come in the version that the new server offers; RDS leaves them as they are ' +
          'until ALTER EXTENSION UPDATE.',
      ],
    },
    {
      heading: 'What clients see',
      statements: [
        'Sessions end with 57P01. New connections are refused, the last of them get 57P03.',
        'A COMMIT whose answer never came is in doubt: the write may be there.',
      ],
    },
    {
      heading: 'When it does not work',
      statements: [
        'The old version runs again over what there was at the shutdown: no write is lost, an ' +
          'event says that the rollback succeeded [events], and the run does not pass.',
      ],
    },
    refusals,
    wayBack,
    quicker,
  ],
  real: [
    'two servers of the named versions, and everything in the one taken to the other',
    'the rows of every table, sequences and users, counted before and compared afterwards',
    'the pre-check, asked from the server itself',
    'every connection, refusal and error that a client gets on the wire',
    'the writes: each one acknowledged by COMMIT is looked for afterwards',
  ],
  modelled: [
    'how long each part takes: one published outage, divided as in the log of a minor upgrade',
    'the texts and the order of the events, as in that log [eventLog, events]',
    'control-plane waits are divided by --pace; what clients feel never is',
    '57P03 at the end of the outage, and for how long: an assumption',
  ],
  sources: [
    { label: 'process', where: process },
    { label: 'mysqlMajor', where: mysqlMajor },
    { label: 'mariadbMajor', where: mariadbMajor },
    { label: 'events', where: events },
    { label: 'eventLog', where: eventLog },
    { label: 'report', where: report },
    { label: 'restoring', where: restoring },
  ],
};
