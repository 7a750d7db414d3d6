/** A failover of an Aurora cluster to one of its readers. */
import type { Scenario } from '../harness/scenario.js';
import { finished, nothingBegun } from './way-back.js';

const highAvailability =
  'AuroraUserGuide/Concepts.AuroraHighAvailability: a failover to a replica typically takes less ' +
  'than 60 seconds, often less than 30';
const failoverCall =
  'API reference, FailoverDBCluster: promotes one of the readers to be the writer';
const events = 'AuroraUserGuide/USER_Events.Messages: the texts and ids of events';
const psqlLog =
  'published log of one INSERT a second by psql through a failover of Aurora PostgreSQL, ' +
  '29 August 2020';
const eventLog = 'published event log of a failover of Aurora PostgreSQL, 12 September 2026';
const rePost =
  'AWS re:Post: once a failover has begun clients receive no traffic from the old writer';
const driver =
  'the issue threads of node-mysql2 (2050, 3123): pools that kept a connection to a reader';

export const auroraFailover: Scenario = {
  name: 'aurora-failover',
  title: 'Aurora: failover to a reader',
  engine: 'aurora-postgresql',
  otherEngines: [
    {
      engine: 'aurora-mysql',
      versions: { from: '3.07', to: '3.07' },
      timingProfiles: ['aurora.failover.direct.mysql'],
    },
  ],
  summary:
    'Kills the writer and promotes a reader, which has every committed write. The writer before ' +
    'comes back as a reader at its old address, and for some seconds the writer name still leads ' +
    'there: who reconnects at once gets a session on which every write fails.',
  versions: { from: '17.5', to: '17.5' },
  upgrade: 'none',
  topology: {
    clusters: [{ identifier: 'rehearsal', role: 'primary', members: ['reader'] }],
  },
  phases: [
    {
      name: 'steady',
      back: nothingBegun,
      what: 'Sessions and probes run against the writer and the reader.',
      steps: [{ step: 'wait', durationMs: 6_000, option: 'steady' }],
    },
    {
      name: 'prepare',
      back: finished('failover'),
      what: 'The failover is asked for; the writer still takes writes.',
      steps: [
        {
          step: 'start',
          operation: 'failover',
          settings: { fencing: 'reset', cause: 'requested', zone: 'cross', targetFails: false },
        },
      ],
    },
    {
      name: 'failover',
      back: finished('failover'),
      t0: true,
      what: 'The writer is gone, a reader is promoted, the writer name leads to it in the end.',
      steps: [{ step: 'finish', operation: 'failover' }],
    },
    {
      name: 'settle',
      back: finished('failover'),
      what: 'Sessions and probes run against the new writer.',
      steps: [{ step: 'wait', durationMs: 3_000, option: 'settle' }],
    },
    {
      name: 'verify',
      what: 'Probes stop, and every acknowledged write is looked for on the new writer.',
      steps: [{ step: 'verify' }],
    },
  ],
  objectives: ['writer.downtime <= 60s', 'writes.lost == 0', 'writes.duplicated == 0'],
  timingProfiles: ['aurora.failover.direct.pg'],
  beforeT0: ['precheckMs'],
  switches: [
    {
      option: '--fencing',
      values: 'reset | black-hole',
      byDefault: 'reset',
      why:
        'How clients lose the old writer. A published log shows sessions that end and ports that ' +
        'refuse [psqlLog]; AWS says elsewhere that nothing comes any more and clients must time ' +
        'out by themselves [rePost]. With black-hole sessions hang until the old writer is back.',
      setting: {
        of: 'operation',
        operation: 'failover',
        name: 'fencing',
        allowed: ['reset', 'black-hole'],
      },
    },
    {
      option: '--stale-dns',
      values: 'a duration; 0s: none',
      byDefault: 'about 5s, as observed once',
      why:
        'How long the writer name still leads to the old writer once the new one is ready. AWS ' +
        'lets the name be cached for 5 s; runtimes and pools do so for longer [psqlLog, driver].',
      setting: { of: 'timing', name: 'staleDnsMs' },
    },
    {
      option: '--cause',
      values: 'requested | loss',
      byDefault: 'requested',
      why:
        'Whether somebody calls FailoverDBCluster, or the writer is lost and Aurora acts by ' +
        'itself. How long Aurora takes to notice is published nowhere: a loss is noticed at once.',
      setting: {
        of: 'operation',
        operation: 'failover',
        name: 'cause',
        allowed: ['requested', 'loss'],
      },
    },
    {
      option: '--zone',
      values: 'cross | same',
      byDefault: 'cross',
      why: 'Whether the reader is in another availability zone, as the events tell it [events].',
      setting: { of: 'operation', operation: 'failover', name: 'zone', allowed: ['cross', 'same'] },
    },
    {
      option: '--readers',
      values: '0 to 3',
      byDefault: '1',
      why:
        'The first one is promoted. With one, the readers have an outage too; with more, the ' +
        'others go on. With none FailoverDBCluster has nobody to promote and is refused.',
      setting: { of: 'readers', max: 3 },
    },
    {
      option: '--target-fails',
      values: 'true | false',
      byDefault: 'false',
      why: 'Ends the server of the reader that is promoted: the writer before is promoted again.',
      setting: {
        of: 'operation',
        operation: 'failover',
        name: 'targetFails',
        allowed: [true, false],
      },
    },
  ],
  defects: [],
  parts: [
    {
      heading: 'In this order',
      statements: [
        'The cluster says that the failover has started, some seconds before clients feel it ' +
          '[psqlLog].',
        'T0: the writer is gone. Its sessions end, and so do those of the reader that is ' +
          'promoted: the two restart, other readers go on [highAvailability].',
        'The new writer has what was committed, at whatever lag its readers were.',
        'The old writer comes back as a reader at its old address [psqlLog].',
        'The writer name leads to the new writer.',
        'The cluster says that the failover is completed, some seconds after it is [psqlLog].',
      ],
    },
    {
      heading: 'What clients see',
      statements: [
        'Postgres: sessions end with warning 57P02; new connections are refused, then 57P03 "the ' +
          'database system is starting up", then 25006 for every write, then success [psqlLog]',
        'MySQL: sessions are closed; new connections are refused, then wait for a greeting, then ' +
          'get 1290 for every write, then success',
        'A COMMIT whose answer never came is in doubt: the write may be there. It is looked for ' +
          'afterwards, and is neither lost nor repeated by us.',
        'A pool that keeps a connection on which writes fail with 25006 or 1290 stays with the ' +
          'old writer after the failover is over [driver].',
      ],
    },
    {
      heading: 'What refuses it, with no outage at all',
      statements: [
        'a cluster that is not available, or without a reader [failoverCall]',
        'a target that is no reader of the cluster, or is not available [failoverCall]',
        'A writer that is lost where there is no reader is made anew by Aurora, in less than ten ' +
          'minutes as a rule [highAvailability]: not rehearsed here.',
      ],
    },
    {
      heading: 'When the reader does not take over',
      statements: [
        'The previous writer is promoted again, and the cluster says so [events]. See ' +
          '--target-fails. A run that ends so does not pass.',
      ],
    },
  ],
  real: [
    'a server for each instance, the readers really following the writer',
    'the end of the writer, by SIGKILL, its recovery, and the promotion of a reader',
    'every connection, refusal and error that a client gets on the wire, those of the read-only ' +
      'server behind the stale name too',
    'the writes: each one acknowledged by COMMIT is looked for on the new writer',
  ],
  modelled: [
    'how long each part takes: one published failover of Aurora PostgreSQL stands behind the ' +
      'typical values, none of Aurora MySQL; the spread around them is our assumption',
    'the texts of events [events]; their order as in a published log [eventLog]',
    'shared storage: the killed writer is started once more where nobody reaches it, until the ' +
      'reader has all of its log',
    'the warning 57P02, with which sessions end as in the published log [psqlLog]',
    'control-plane waits are divided by --pace; what clients feel never is',
  ],
  sources: [
    { label: 'highAvailability', where: highAvailability },
    { label: 'failoverCall', where: failoverCall },
    { label: 'events', where: events },
    { label: 'psqlLog', where: psqlLog },
    { label: 'eventLog', where: eventLog },
    { label: 'rePost', where: rePost },
    { label: 'driver', where: driver },
  ],
};
