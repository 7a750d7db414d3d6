/** A failover of an RDS Multi-AZ instance whose primary is lost. */
import type { Scenario } from '../harness/scenario.js';
import { finished, nothingBegun } from './way-back.js';

const multiAz =
  'AmazonRDS UserGuide/Concepts.MultiAZ.Failover: typically 60 to 120 seconds, and the reasons ' +
  'that events give';
const events = 'AmazonRDS UserGuide/USER_Events.Messages: the texts and ids of events';
const eventLogs =
  'published event logs of RDS Multi-AZ failovers, of reboots (May 2026) and of primaries that ' +
  'did not respond (January and April 2026)';
const probes =
  'published polls by psql through Multi-AZ reboots with failover, May 2026: 10 to 13 s without ' +
  'an answer, once 41 s';
const jvm = 'the same page: a JVM may cache the name for ever';

export const rdsMultiAzFailover: Scenario = {
  name: 'rds-multi-az-failover',
  title: 'RDS Multi-AZ: failover after the primary is lost',
  engine: 'postgres',
  otherEngines: [
    {
      engine: 'mysql',
      versions: { from: '8.0.42', to: '8.0.42' },
      timingProfiles: ['rds.multiaz.failover'],
    },
    {
      engine: 'mariadb',
      versions: { from: '10.11', to: '10.11' },
      timingProfiles: ['rds.multiaz.failover'],
    },
  ],
  summary:
    'The host of the primary is out of reach. Its sessions hang, dials get no answer, and after ' +
    'about a minute the standby, which has every committed write, answers under the same name.',
  versions: { from: '17.5', to: '17.5' },
  upgrade: 'none',
  topology: {
    clusters: [{ identifier: 'rehearsal', role: 'primary', members: ['standby'] }],
  },
  phases: [
    {
      name: 'steady',
      back: nothingBegun,
      what: 'Sessions and probes run against the primary.',
      steps: [{ step: 'wait', durationMs: 6_000, option: 'steady' }],
    },
    {
      name: 'prepare',
      back: finished('failover'),
      what: 'The primary is about to be lost.',
      steps: [
        {
          step: 'start',
          operation: 'failover',
          settings: { fencing: 'black-hole', cause: 'loss', targetFails: false },
        },
      ],
    },
    {
      name: 'failover',
      back: finished('failover'),
      t0: true,
      what: 'Nobody answers until the standby has taken over and the name leads to it.',
      steps: [{ step: 'finish', operation: 'failover' }],
    },
    {
      name: 'settle',
      back: finished('failover'),
      what: 'Sessions and probes run against the new primary.',
      steps: [{ step: 'wait', durationMs: 3_000, option: 'settle' }],
    },
    {
      name: 'verify',
      what: 'Probes stop, and every acknowledged write is looked for on the new primary.',
      steps: [{ step: 'verify' }],
    },
  ],
  objectives: ['writer.downtime <= 120s', 'writes.lost == 0', 'writes.duplicated == 0'],
  timingProfiles: ['rds.multiaz.failover'],
  switches: [
    {
      option: '--fencing',
      values: 'black-hole | reset',
      byDefault: 'black-hole',
      why:
        'Whether clients get no answer at all, as where the network or the host is lost, or a ' +
        'reset and closed ports, as where the host is unhealthy: AWS gives both reasons [multiAz].',
      setting: {
        of: 'operation',
        operation: 'failover',
        name: 'fencing',
        allowed: ['black-hole', 'reset'],
      },
    },
    {
      option: '--stale-dns',
      values: 'a duration; 0s: none',
      byDefault: 'about 5s: an assumption',
      why:
        'How long the name still leads to where the primary was once the standby answers. AWS ' +
        'says that the change may take minutes to reach everybody [events, jvm].',
      setting: { of: 'timing', name: 'staleDnsMs' },
    },
    {
      option: '--target-fails',
      values: 'true | false',
      byDefault: 'false',
      why: 'Ends the server of the standby: the primary is activated again.',
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
      heading: 'In this order [eventLogs]',
      statements: [
        'T0: the primary is lost. "Multi-AZ instance failover started."',
        '"DB instance restarted": the standby answers.',
        'The name leads to it, a little later for those who have it in a cache.',
        '"Multi-AZ instance failover completed.", long after clients are back, and the reason.',
      ],
    },
    {
      heading: 'What clients see',
      statements: [
        'Sessions neither get an answer nor end: without a time-out of their own they hang. New ' +
          'connections get no answer either, then succeed.',
        'With --fencing reset sessions end and new connections are refused.',
        'AWS documents 60 to 120 s for all of it [multiAz]; small databases that do little have ' +
          'been seen to be back in 10 to 13 s [probes]. The table has the documented range.',
        'A COMMIT whose answer never came is in doubt: the write may be there.',
      ],
    },
    {
      heading: 'When the standby does not take over',
      statements: [
        'The primary is activated in its own zone again, and events say so [events]. See ' +
          '--target-fails. A run that ends so does not pass.',
      ],
    },
    {
      heading: 'Limits of the real thing',
      statements: [
        'The standby takes no reads; Multi-AZ clusters with two readable standbys are something ' +
          'else [multiAz].',
        'How long RDS takes to notice a loss is part of the documented range, and not told apart.',
      ],
    },
  ],
  real: [
    'a server for the primary and one for the standby, which really follows it',
    'the end of the primary, by SIGKILL, its recovery, and the promotion of the standby',
    'every connection, silence and refusal that a client gets on the wire',
    'the writes: each one acknowledged by COMMIT is looked for on the new primary',
  ],
  modelled: [
    'how long it takes: the documented range; the spread is our assumption',
    'the texts of events [events]; their order as in published logs [eventLogs]',
    'storage that is written synchronously: the killed primary is started once more where ' +
      'nobody reaches it, until the standby has all of its log',
    'a dial into the black hole is accepted by this machine and never answered',
    'control-plane waits are divided by --pace; what clients feel never is',
  ],
  sources: [
    { label: 'multiAz', where: multiAz },
    { label: 'events', where: events },
    { label: 'eventLogs', where: eventLogs },
    { label: 'probes', where: probes },
    { label: 'jvm', where: jvm },
  ],
};
