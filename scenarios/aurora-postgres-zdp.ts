/** A zero-downtime patch of an Aurora PostgreSQL writer, as AWS documents it. */
import type { Scenario } from '../harness/scenario.js';
import { finishedThenFromSnapshot, fromSnapshot, nothingBegun } from './way-back.js';

const minorUpgrade =
  'AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.MinorUpgrade: minor upgrades, ' +
  'zero-downtime patching';
const releaseNotes =
  'AuroraPostgreSQLReleaseNotes/AuroraPostgreSQL.Updates: what each release changed or mended';
const rePost = 're:Post article aurora-postgresql-zdp-cluster-upgrade: what to look for beforehand';
const probeLog =
  'a published 0.5 s probe and event log of an Aurora PostgreSQL upgrade from 17.4.5 to 17.5.4, ' +
  '11 Apr 2026';
const restoring =
  'AuroraUserGuide/aurora-restore-snapshot: restoring a snapshot creates a new DB cluster';

export const auroraPostgresZdp: Scenario = {
  name: 'aurora-postgres-zdp',
  title: 'Aurora PostgreSQL: zero-downtime patch of the writer',
  engine: 'aurora-postgresql',
  summary:
    'Patches a running Postgres to a newer minor version while clients stay connected. The ' +
    'server is really stopped and the newer one really started on the same data; sessions that ' +
    'AWS says can be kept wait and go on, the others are dropped with their reason, and new ' +
    'connections are refused for a moment.',
  versions: { from: '17.4', to: '17.5' },
  upgrade: 'minor',
  phases: [
    {
      name: 'steady',
      back: nothingBegun,
      what: 'Sessions and probes run against the old version.',
      steps: [{ step: 'wait', durationMs: 6_000, option: 'steady' }],
    },
    {
      name: 'prepare',
      back: finishedThenFromSnapshot('zero-downtime-patch', 'restoring'),
      what: 'The patch is asked for and its prechecks run; the cluster stays online.',
      steps: [{ step: 'start', operation: 'zero-downtime-patch' }],
    },
    {
      name: 'patch',
      back: fromSnapshot('restoring'),
      t0: true,
      what: 'Quiet point, restart on the new version, sessions re-attached.',
      steps: [{ step: 'finish', operation: 'zero-downtime-patch' }],
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
  objectives: [
    'new-connection.downtime <= 60s',
    'held-session.failed == 0',
    'sessions.dropped == 0',
    'sessions.broken == 0',
    'writes.lost == 0',
    'writes.duplicated == 0',
  ],
  timingProfiles: ['zdp.success.pg', 'zdp.fallback.pg'],
  beforeT0: ['precheckMs'],
  choices: {
    lateSessions: ['restart', 'drop'],
    preparedStatements: ['survive', 'lost'],
    lastInsertIdSince: null,
  },
  switches: [
    {
      option: '--prepared-statements',
      values: 'survive | lost',
      byDefault: 'survive',
      why:
        'AWS does not document whether prepared statements and advisory locks of a kept session ' +
        'survive on PostgreSQL. By default both do, since AWS names no loss; with "lost" the ' +
        'next use of a prepared statement fails with SQLSTATE 26000. Rehearse both.',
    },
    {
      option: '--late-sessions',
      values: 'restart | drop',
      byDefault: 'restart',
      why:
        'What a session that is still busy when the quiet point is given up means: an ordinary ' +
        'restart that drops every session, or only that session dropped.',
    },
    {
      option: '--long-running',
      values: 'a duration',
      byDefault: '5m',
      why:
        'How old a query or transaction must be to count as long-running. AWS gives no number; ' +
        'its own advice looks for 5 minutes [rePost].',
    },
    {
      option: '--pending-parameter',
      values: 'NAME, repeatable',
      byDefault: 'none',
      why: 'A parameter change that waits for a reboot: the precheck refuses the patch.',
    },
  ],
  defects: [
    {
      name: 'zdp-fallback',
      what: 'The attempt fails: an ordinary restart follows and every session is dropped.',
      source: 'releaseNotes: "longer upgrade times" mended in many releases up to January 2025',
      fixedIn: null,
      exercised: true,
    },
    {
      name: 'zdp-hang',
      what: 'A kept session never gets the answer to its next parameterised query.',
      source: 'releaseNotes: mended October 2022 in 14.4, 13.7.3 and 12.11.3',
      fixedIn: null,
      exercised: true,
    },
  ],
  parts: [
    {
      heading: 'Sessions that are dropped so that the patch can complete',
      statements: [
        'with a long-running query or transaction (see --long-running) [minorUpgrade, rePost]',
        'running DDL [minorUpgrade]',
        'holding temporary tables or table locks [minorUpgrade]',
        'with a cursor declared WITH HOLD [minorUpgrade]',
        'listening on a notification channel, when all sessions do [minorUpgrade]',
        'Any other session that is still busy at the quiet-point deadline (see --late-sessions).',
        'All others are kept, with their settings. Our own probes count too and are listed.',
      ],
    },
    {
      heading: 'What refuses the patch, with no outage at all',
      statements: [
        'parameter changes that wait for a reboot (see --pending-parameter) [minorUpgrade]',
        'a target version that is not a newer minor version of the same major version',
        'a cluster that is not available, for instance because it is being patched already',
      ],
    },
    {
      heading: 'What clients see',
      statements: [
        'kept sessions: a statement sent in the window waits, then goes on',
        'new connections: refused, then 57P03 "the database system is starting up", then success ' +
          '[probeLog]',
        'dropped sessions: 57P01, then as a new connection',
      ],
    },
    {
      heading: 'Rollback [restoring]',
      statements: [
        'There is no way back to a lower version in place: restoring a snapshot makes a new ' +
          'cluster at a new address, and writes since then are not in it.',
        '--rollback rehearses it: a snapshot before the patch, a new server from it afterwards, ' +
          'and how many acknowledged writes that one does not have. AWS takes longer than this ' +
          'machine to restore: not modelled.',
      ],
    },
    {
      heading: 'Limits of the real thing',
      statements: [
        'Only the writer is patched this way; readers restart [minorUpgrade].',
        'Not for operating-system patches, major upgrades or Serverless v1 [minorUpgrade].',
        'AWS calls it best effort and advises retry logic in the application [minorUpgrade].',
      ],
    },
  ],
  real: [
    'two Postgres servers of the named versions, one data directory, a real stop and start',
    'the state of every session, asked from the server itself before and set again after',
    'every connection, refusal and error that a client gets on the wire',
    'the writes: each one acknowledged by COMMIT is looked for afterwards',
  ],
  modelled: [
    'how long each part takes: one published probe stands behind the typical values, no ' +
      'distribution is published, so the spread around them is our assumption',
    'the texts and the order of the events, as in the published log [probeLog]',
    'control-plane waits are divided by --pace; what clients feel never is',
    'Aurora version names: the servers are the community versions that they are built on',
  ],
  sources: [
    { label: 'minorUpgrade', where: minorUpgrade },
    { label: 'releaseNotes', where: releaseNotes },
    { label: 'rePost', where: rePost },
    { label: 'probeLog', where: probeLog },
    { label: 'restoring', where: restoring },
  ],
};
