/** A zero-downtime patch of an Aurora MySQL cluster's writer, as AWS documents it. */
import type { Scenario } from '../harness/scenario.js';
import { auroraMysqlZdpDefects } from './aurora-mysql-zdp-defects.js';
import { finishedThenFromSnapshot, fromSnapshot, nothingBegun } from './way-back.js';

const zdp = 'AuroraUserGuide/AuroraMySQL.Updates.ZDP: using zero-downtime patching';
const guideOf2020 =
  'the same page in an edition of 2020, which tells of prepared statements and of a quiet point';
const restart =
  'AuroraUserGuide/AuroraMySQL.Replication.Availability: what a zero-downtime restart keeps';
const releaseNotes =
  'AuroraMySQLReleaseNotes/AuroraMySQL.Updates.30Updates: what each release changed or mended';
const updates =
  'AuroraUserGuide/AuroraMySQL.Updates: an update without zero downtime takes 20 to 30 seconds';
const patchLog =
  'a published event log of an Aurora MySQL patch from 2.10.0 to 2.10.1, December 2021';
const drivers =
  'issue threads of MySQL drivers on prepared statements after a patch: node-mysql2 3726, ' +
  'go-sql-driver 1555, fleet 30779';
const restoring =
  'AuroraUserGuide/aurora-restore-snapshot: restoring a snapshot creates a new DB cluster';
const runbook = 'a published runbook for the patch from 3.04 or 3.05 to 3.07, January 2025';

export const auroraMysqlZdp: Scenario = {
  name: 'aurora-mysql-zdp',
  title: 'Aurora MySQL: zero-downtime patch of the writer',
  engine: 'aurora-mysql',
  summary:
    'Patches a running MySQL to a newer minor version while clients stay connected. The server ' +
    'is really stopped and the newer one really started on the same data; connections stay and ' +
    'wait, but open transactions are rolled back and prepared statements are gone, as AWS ' +
    'documents it. Sessions with temporary tables or locks are dropped with their reason.',
  versions: { from: '3.05', to: '3.07' },
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
      what: 'Quiet point, restart on the new version, connections go on.',
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
  timingProfiles: ['zdp.success.mysql', 'zdp.fallback.mysql'],
  beforeT0: ['precheckMs'],
  choices: {
    lateSessions: ['cancel', 'restart', 'drop'],
    preparedStatements: ['lost'],
    lastInsertIdSince: '3.10.0',
  },
  switches: [
    {
      option: '--late-sessions',
      values: 'cancel | restart | drop',
      byDefault: 'cancel',
      why:
        'What a session that is still busy when the quiet point is given up means. AWS documents ' +
        'that active transactions are cancelled and the connection stays [zdp]; it also says ' +
        'that no suitable window means an ordinary restart, which "restart" rehearses; "drop" ' +
        'ends that session alone.',
    },
    {
      option: '--long-running',
      values: 'a duration',
      byDefault: '5m',
      why:
        'How old a query or transaction must be to count as long-running, which may keep the ' +
        'patch from keeping connections [zdp]. AWS gives no number; the default is ours.',
    },
    {
      option: '--pending-parameter',
      values: 'NAME, repeatable',
      byDefault: 'none',
      why: 'A parameter change that waits for a reboot: the precheck refuses the patch.',
    },
    {
      option: '--last-insert-id',
      values: 'survive | lost',
      byDefault: 'by the version before',
      why:
        'LAST_INSERT_ID() survives from 3.10.0 on by the release notes, while the user guide ' +
        'still says that it is lost [releaseNotes, zdp]: rehearse what your code relies on.',
    },
  ],
  defects: auroraMysqlZdpDefects,
  parts: [
    {
      heading: 'What a kept connection keeps, and what it loses',
      statements: [
        'kept: the connection itself with TLS, user and default database [zdp, restart]',
        'kept: session variables; AWS lists none by name [zdp]',
        'kept: user variables (@name) and active roles; AWS tells so only in what it mended ' +
          '[releaseNotes]',
        'lost: an open transaction, idle or active: rolled back, and the connection stays [zdp]',
        'lost: a statement under way; it fails and the connection may stay [zdp]',
        'lost: prepared statements; the next execute fails with error 1243 ' +
          '[guideOf2020, drivers]',
        'lost: LAST_INSERT_ID() before 3.10.0 (see --last-insert-id) [zdp, releaseNotes]',
        'lost: global variables set with SET GLOBAL, and status counters [zdp]',
        'lost: the in-memory AUTO_INCREMENT counter, which is initialised again [zdp]; MySQL ' +
          '8.0 keeps it in the data dictionary',
        'ROW_COUNT() and FOUND_ROWS() are not documented and are treated as lost.',
      ],
    },
    {
      heading: 'Sessions that are dropped',
      statements: [
        'holding temporary tables [zdp]',
        'holding user locks of GET_LOCK [zdp]',
        'holding table locks of LOCK TABLES, or running DDL [zdp]',
        'binlog dump connections; their replicas reconnect by themselves [zdp]',
        'With --late-sessions drop, also what is busy at the quiet-point deadline.',
      ],
    },
    {
      heading: 'Checks before, by name [runbook, zdp]',
      statements: [
        'low traffic: how many statements are under way and how many a second are answered',
        'no long queries, no long transactions: none is older than --long-running',
        'no temporary tables, no user locks, no table locks: their sessions would be dropped',
        'no pending parameters: they can keep the patch from completing',
        'snapshot before: there is one to go back to; none is taken without --rollback',
      ],
    },
    {
      heading: 'Checks after, by name [runbook, zdp]',
      statements: [
        'version after: the server itself says what it is now',
        'globals re-initialised after: those set at run time are back at their parameters; set ' +
          'again what the application needs',
        'The events tell that zero downtime was attempted and how it finished. AWS writes ' +
          'metrics to the error log too, in words that it does not publish: not rehearsed.',
      ],
    },
    {
      heading: 'Rollback [runbook, restoring]',
      statements: [
        'restore from the snapshot: there is no way back to a lower version in place; restoring ' +
          'the snapshot makes a new cluster at a new address, and writes since then are not in it',
        '--rollback rehearses it: a snapshot before the patch, a new server from it afterwards, ' +
          'and how many acknowledged writes that one does not have. AWS takes longer than this ' +
          'machine to restore: not modelled.',
      ],
    },
    {
      heading: 'What refuses the patch, with no outage at all',
      statements: [
        'parameter changes that wait for a reboot (see --pending-parameter) [zdp]',
        'a target version that is not a newer version of Aurora MySQL 3',
        'a cluster that is not available, for instance because it is being patched already',
      ],
    },
    {
      heading: 'What clients see',
      statements: [
        'idle pooled connections: nothing; a query sent in the window takes longer',
        'kept sessions with a transaction: an error, then the same connection can go on; the ' +
          'transaction has to be done again, not the statement',
        'new connections: refused, then they wait for the greeting; assumed from the published ' +
          'probe of Aurora PostgreSQL, MySQL has no answer that says "starting up"',
        'dropped sessions: the connection is closed; drivers name it PROTOCOL_CONNECTION_LOST, ' +
          '2013 or 2006',
      ],
    },
    {
      heading: 'Limits of the real thing',
      statements: [
        'Writer and readers are patched at the same moment [zdp].',
        'Not for operating-system patches, major upgrades, Serverless v1 or global databases ' +
          '[zdp].',
        'AWS calls it best effort; without a suitable window it is an ordinary restart ' +
          '[zdp, guideOf2020].',
      ],
    },
  ],
  real: [
    'two MySQL servers of the named versions, one data directory, a real stop and start',
    'the state of every session, asked from the server itself before and set again after',
    'every connection, refusal and error that a client gets on the wire',
    'the writes: each one acknowledged by COMMIT is looked for afterwards',
  ],
  modelled: [
    'how long each part takes: no probe of Aurora MySQL is published, so every length is an ' +
      'assumption within what AWS documents, "a few seconds to approximately one minute" [zdp]',
    'what is lost: the server here could keep more; what AWS does not keep is taken away',
    'the texts and the order of the events, as in the published log [patchLog]',
    'control-plane waits are divided by --pace; what clients feel never is',
    'Aurora version names: the servers are the community versions that they are compatible with',
  ],
  sources: [
    { label: 'zdp', where: zdp },
    { label: 'guideOf2020', where: guideOf2020 },
    { label: 'restart', where: restart },
    { label: 'releaseNotes', where: releaseNotes },
    { label: 'updates', where: updates },
    { label: 'patchLog', where: patchLog },
    { label: 'drivers', where: drivers },
    { label: 'runbook', where: runbook },
    { label: 'restoring', where: restoring },
  ],
};
