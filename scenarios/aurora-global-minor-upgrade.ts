/** The managed minor upgrade of an Aurora PostgreSQL global database: two regions, one call. */
import type { Scenario } from '../harness/scenario.js';
import { auroraPostgresZdp } from './aurora-postgres-zdp.js';
import { finishedThenFromSnapshot, fromSnapshot, nothingBegun } from './way-back.js';

const globalUpgrade =
  'AuroraUserGuide/aurora-global-database-upgrade: upgrading an Aurora global database';
const globalLog =
  'published 0.5 s probes of both regions and the event log of a global database upgraded from ' +
  '17.4.5 to 17.5.4, 11 Apr 2026';

export const auroraGlobalMinorUpgrade: Scenario = {
  name: 'aurora-global-minor-upgrade',
  title: 'Aurora PostgreSQL: managed minor upgrade of a global database',
  engine: 'aurora-postgresql',
  summary:
    'One call upgrades a primary in one region and a secondary that follows it in another. The ' +
    'secondary is restarted on the new version first, with every session dropped; the primary ' +
    'is patched with zero downtime afterwards. If anything fails, all goes back to the version ' +
    'before.',
  versions: { from: '17.4', to: '17.5' },
  upgrade: 'minor',
  topology: {
    clusters: [
      { identifier: 'rehearsal', role: 'primary', region: 'us-east-1', members: [] },
      { identifier: 'rehearsal-tokyo', role: 'secondary', region: 'ap-northeast-1', members: [] },
    ],
  },
  phases: [
    {
      name: 'steady',
      back: nothingBegun,
      what: 'Sessions and probes run against the old version in both regions.',
      steps: [{ step: 'wait', durationMs: 6_000, option: 'steady' }],
    },
    {
      name: 'prepare',
      back: finishedThenFromSnapshot('global-upgrade', 'restoring'),
      what: 'The upgrade is asked for; all clusters stay online.',
      steps: [{ step: 'start', operation: 'global-upgrade' }],
    },
    {
      name: 'upgrade',
      back: fromSnapshot('restoring'),
      t0: true,
      what: 'The secondary restarts on the new version, then the primary is patched.',
      steps: [{ step: 'finish', operation: 'global-upgrade' }],
    },
    {
      name: 'settle',
      back: fromSnapshot('restoring'),
      what: 'Sessions and probes run against the new version.',
      steps: [{ step: 'wait', durationMs: 3_000, option: 'settle' }],
    },
    {
      name: 'verify',
      what: 'Probes stop, acknowledged writes are looked for, the servers are asked what they are.',
      steps: [{ step: 'verify' }],
    },
  ],
  objectives: [
    'new-connection.downtime <= 60s',
    'secondary/new-connection.downtime <= 60s',
    'held-session.failed == 0',
    'sessions.broken == 0',
    'writes.lost == 0',
    'writes.duplicated == 0',
  ],
  timingProfiles: ['global.minor.pg', 'zdp.success.pg', 'zdp.fallback.pg'],
  beforeT0: ['untilSecondariesMs'],
  ...(auroraPostgresZdp.choices === undefined ? {} : { choices: auroraPostgresZdp.choices }),
  switches: [
    {
      option: '--gap',
      values: 'a duration',
      byDefault: 'about 43s, as published once; divided by --pace',
      why:
        'How long the service waits between the secondary, once it is back, and the primary. AWS ' +
        'gives no number; --gap, which --pace does not divide, replaces the one observation ' +
        '[globalLog].',
      setting: { of: 'timing', name: 'untilPrimaryMs' },
    },
    ...auroraPostgresZdp.switches,
  ],
  defects: [
    {
      name: 'secondary-start-failure',
      what: 'The new engine of the secondary really fails to start: everything is rolled back.',
      source: 'injected; globalUpgrade: the service rolls back by itself if any issue occurs',
      fixedIn: null,
      exercised: true,
    },
    ...auroraPostgresZdp.defects,
  ],
  parts: [
    {
      heading: 'In this order [globalLog]',
      statements: [
        'Both clusters say that the upgrade has started, and stay online.',
        'The readers of the secondary restart on the new version without zero downtime: that is ' +
          'T0. Published: 15.3 to 22.1 s without a connection.',
        'About 43 s pass in which the secondary runs the new version and follows the old one.',
        'The writer of the primary is patched with zero downtime. Published: 0.5 to 2.7 s in ' +
          'which new connections failed, 6 sessions kept.',
        'The secondary says that it is complete once the primary is done, and the primary about ' +
          'a minute later: whoever waits for these events sees an outage that clients do not.',
      ],
    },
    {
      heading: 'What clients see',
      statements: [
        'of the secondary: their sessions end with 57P01; new connections are refused, then ' +
          '57P03 "the database system is starting up", then success [globalLog]',
        'of the primary: kept sessions wait, new connections are refused, then 57P03, then ' +
          'success [globalLog]',
        'A session of the primary that AWS drops so that the patch can complete: see describe ' +
          'aurora-postgres-zdp.',
      ],
    },
    {
      heading: 'What refuses it, with no outage at all',
      statements: [
        'a target that is not a newer minor version: patch levels are applied cluster by cluster ' +
          '[globalUpgrade]',
        'a cluster of the global database that is not available, or that is upgraded already',
        'parameter changes that wait for a reboot (see --pending-parameter) [minorUpgrade]',
      ],
    },
    {
      heading: 'When something fails',
      statements: [
        'The service rolls back to the version before by itself [globalUpgrade]. How much of it ' +
          'is not documented: here every cluster goes back, the primary first, by ordinary ' +
          'restarts.',
        'A primary that finds no quiet point is restarted the ordinary way instead (see ' +
          '--late-sessions): no failure of the upgrade.',
        'Once the primary runs the new version there is no way back in place. --rollback ' +
          'rehearses going back to a snapshot of it.',
      ],
    },
    {
      heading: 'Limits of the real thing',
      statements: [
        'Aurora PostgreSQL alone, minor versions alone; at once, never in a maintenance window ' +
          '[globalUpgrade].',
        'Readers are never patched with zero downtime, nor are those of a secondary ' +
          '[minorUpgrade].',
      ],
    },
  ],
  real: [
    'a Postgres server for each region, the secondary a standby that streams from the primary',
    'stop and start of each on its own data with the other version, a newer standby behind an ' +
      'older primary in between, and the way back where something fails',
    'every connection, refusal and error that a client gets on the wire',
    'the writes: each one acknowledged by COMMIT is looked for afterwards',
  ],
  modelled: [
    'how long each part takes: one published upgrade stands behind the typical values, the ' +
      'spread around them is our assumption',
    'the texts and the order of the events, as in the published log [globalLog]',
    'control-plane waits, the one between the two clusters too, are divided by --pace; what ' +
      'clients feel never is',
    'several secondaries, or readers, restart at the same time, readers of the primary before ' +
      'its writer: an assumption, one reader alone is published',
    'replication between regions: Aurora copies storage, here the log is streamed',
  ],
  sources: [
    { label: 'globalUpgrade', where: globalUpgrade },
    { label: 'globalLog', where: globalLog },
    ...auroraPostgresZdp.sources.filter(({ label }) =>
      ['minorUpgrade', 'releaseNotes', 'rePost', 'restoring'].includes(label),
    ),
  ],
};
