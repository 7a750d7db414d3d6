/** A reboot of an RDS instance without failover. */
import type { Scenario } from '../harness/scenario.js';
import { finished, nothingBegun } from './way-back.js';

const rebooting =
  'AmazonRDS UserGuide/USER_RebootInstance: a reboot restarts the engine, and the instance is ' +
  '"rebooting" meanwhile';
const parameters =
  'AmazonRDS UserGuide/USER_WorkingWithParamGroups: static parameters are applied at a reboot';
const events = 'AmazonRDS UserGuide/USER_Events.Messages: the texts and ids of events';
const sample = 'AWS re:Post: an event log with 11 s between "shutdown" and "restarted"';

export const reboot: Scenario = {
  name: 'reboot',
  title: 'RDS: reboot without failover',
  engine: 'postgres',
  otherEngines: [
    {
      engine: 'mysql',
      versions: { from: '8.0.42', to: '8.0.42' },
      timingProfiles: ['rds.reboot'],
    },
    {
      engine: 'mariadb',
      versions: { from: '10.11', to: '10.11' },
      timingProfiles: ['rds.reboot'],
    },
  ],
  summary:
    'RebootDBInstance: the engine is stopped in order and started again on the same host. Every ' +
    'session ends, and parameters that waited for a reboot are applied.',
  versions: { from: '17.5', to: '17.5' },
  upgrade: 'none',
  phases: [
    {
      name: 'steady',
      back: nothingBegun,
      what: 'Sessions and probes run against the instance.',
      steps: [{ step: 'wait', durationMs: 6_000, option: 'steady' }],
    },
    {
      name: 'prepare',
      back: finished('reboot'),
      what: 'The reboot is asked for.',
      steps: [{ step: 'start', operation: 'reboot' }],
    },
    {
      name: 'reboot',
      back: finished('reboot'),
      t0: true,
      what: 'The engine goes down and comes up again.',
      steps: [{ step: 'finish', operation: 'reboot' }],
    },
    {
      name: 'settle',
      back: finished('reboot'),
      what: 'Sessions and probes run against the restarted engine.',
      steps: [{ step: 'wait', durationMs: 3_000, option: 'settle' }],
    },
    {
      name: 'verify',
      what: 'Probes stop, and every acknowledged write is looked for.',
      steps: [{ step: 'verify' }],
    },
  ],
  objectives: ['writer.downtime <= 60s', 'writes.lost == 0', 'writes.duplicated == 0'],
  timingProfiles: ['rds.reboot'],
  switches: [],
  defects: [],
  parts: [
    {
      heading: 'What clients see',
      statements: [
        'Postgres: sessions end with 57P01; new connections are refused, then 57P03 "the ' +
          'database system is starting up", then success',
        'MySQL and MariaDB: sessions are closed; new connections are refused, then wait for a ' +
          'greeting, then succeed',
        'One event log shows 11 s [sample]; AWS gives no number.',
      ],
    },
    {
      heading: 'What refuses it, with no outage at all',
      statements: ['an instance that is not available, for instance because it reboots already'],
    },
    {
      heading: 'What it is for',
      statements: [
        'Static parameters that are pending-reboot are applied, and are in-sync afterwards ' +
          '[parameters].',
        'A reboot with failover is another rehearsal: reboot-with-failover.',
      ],
    },
  ],
  real: [
    'a stop in order and a start of the real server on the same data',
    'every connection, refusal and error that a client gets on the wire',
    'the writes: each one acknowledged by COMMIT is looked for afterwards',
  ],
  modelled: [
    'how long it takes: one event log; how it divides into refused and starting up, and the ' +
      'spread, are our assumptions',
    'the texts of events [events]',
  ],
  sources: [
    { label: 'rebooting', where: rebooting },
    { label: 'parameters', where: parameters },
    { label: 'events', where: events },
    { label: 'sample', where: sample },
  ],
};
