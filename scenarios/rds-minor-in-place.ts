/** A minor version upgrade of an RDS Multi-AZ instance in place. */
import type { OtherEngine, Scenario } from '../harness/scenario.js';
import { finishedThenFromSnapshot, fromSnapshot, nothingBegun } from './way-back.js';

const upgrading =
  'AmazonRDS UserGuide/USER_UpgradeDBInstance.Upgrading: upgrading an instance, and what of it ' +
  'is unavailable meanwhile';
const multiAz =
  'AmazonRDS UserGuide/USER_UpgradeDBInstance.PostgreSQL.MinorVersion and ' +
  'USER_UpgradeDBInstance.MySQL.Minor: of a Multi-AZ instance both are upgraded at the same time';
const events = 'AmazonRDS UserGuide/USER_Events.Messages: the texts and ids of events';
const eventLog =
  'a published event log of an RDS for MySQL Multi-AZ upgrade from 8.0.42 to 8.0.44, ' +
  '31 Mar 2026: shut down for 206 s, the application reported without a database for 5 min 48 s';
const restoring = 'AmazonRDS UserGuide/USER_RestoreFromSnapshot: restoring creates a new instance';

const other = (engine: OtherEngine['engine'], from: string, to: string): OtherEngine => ({
  engine,
  versions: { from, to },
  timingProfiles: ['rds.minor.inplace'],
});

export const rdsMinorInPlace: Scenario = {
  name: 'rds-minor-in-place',
  title: 'RDS Multi-AZ: minor version upgrade in place',
  engine: 'postgres',
  otherEngines: [other('mysql', '8.0.42', '8.0.44'), other('mariadb', '10.11.13', '10.11.14')],
  summary:
    'Upgrades the instance and its standby to a newer minor version at the same time. There ' +
    'is no failover in it: from the shutdown to the restart, minutes later, nobody has a ' +
    'database. The servers are really stopped and the newer ones really started over the same ' +
    'data.',
  versions: { from: '17.4', to: '17.5' },
  upgrade: 'minor',
  topology: {
    clusters: [{ identifier: 'rehearsal', role: 'primary', members: ['standby'] }],
  },
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
          settings: { allowMajorVersionUpgrade: false },
        },
      ],
    },
    {
      name: 'upgrade',
      back: fromSnapshot('restoring'),
      t0: true,
      what: 'Shutdown, both engines replaced, restart; then tasks behind a database that answers.',
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
  objectives: ['writer.downtime <= 10m', 'writes.lost == 0', 'writes.duplicated == 0'],
  timingProfiles: ['rds.minor.inplace'],
  beforeT0: ['backupMs', 'preparationMs', 'precheckMs', 'shutdownAfterMs'],
  switches: [],
  defects: [],
  parts: [
    {
      heading: 'In this order [eventLog]',
      statements: [
        'A backup, then the pre-check: the database answers, but for the moment in which a copy ' +
          'of its files is taken here.',
        'T0: "DB instance shutdown". Half a minute later an event says that the downtime started.',
        '"The engine version upgrade started.", then "DB instance restarted": clients are back.',
        '"The engine version upgrade finished.", tasks and a backup: nobody notices.',
      ],
    },
    {
      heading: 'What clients see',
      statements: [
        'Sessions end: 57P01 on PostgreSQL, a lost connection on MySQL and MariaDB.',
        'New connections are refused all the time; on PostgreSQL the last of them get 57P03.',
        'Multi-AZ does not help: both instances are upgraded at the same time [multiAz].',
        'A COMMIT whose answer never came is in doubt: the write may be there.',
        'What the application adds with its pool and its retries comes on top: in the published ' +
          'case 206 s of shutdown were 348 s for the application [eventLog].',
      ],
    },
    {
      heading: 'What refuses the upgrade, with no outage at all',
      statements: [
        'a target version that is not newer, or of another major version',
        'an instance that is not available, for instance because it is being upgraded already',
      ],
    },
    {
      heading: 'When the new version does not start',
      statements: [
        'The old one runs again over the same data, an event says that the rollback succeeded ' +
          '[events], and the run does not pass.',
      ],
    },
    {
      heading: 'Rollback [restoring]',
      statements: [
        'There is no way back to a lower version in place: restoring a snapshot makes a new ' +
          'instance at a new address, and writes since then are not in it.',
        '--rollback rehearses it, and counts the acknowledged writes that are not there.',
      ],
    },
    {
      heading: 'How to be quicker',
      statements: [
        'The outage lasts as long as published: three and a half minutes. --timing engine takes ' +
          'what the servers here take, --timing FILE your own lengths.',
      ],
    },
  ],
  real: [
    'both servers, their replication, the stop and the start of both versions over their data',
    'the backup ahead of it, which is what a server that does not start is rolled back to',
    'every connection, refusal and error that a client gets on the wire',
    'the writes: each one acknowledged by COMMIT is looked for afterwards',
  ],
  modelled: [
    'how long each part takes: one published event log stands behind the typical values',
    'the texts and the order of the events, as in that log [eventLog, events]',
    'the second backup, taken while the instance is shut down, is not another one on PostgreSQL',
    'control-plane waits are divided by --pace; what clients feel never is',
    '57P03 at the end of the outage, and for how long: an assumption',
  ],
  sources: [
    { label: 'upgrading', where: upgrading },
    { label: 'multiAz', where: multiAz },
    { label: 'events', where: events },
    { label: 'eventLog', where: eventLog },
    { label: 'restoring', where: restoring },
  ],
};
