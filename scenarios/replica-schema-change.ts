/**
 * A schema change by way of a read replica that is promoted. The published procedure is one of RDS
 * for MySQL; Postgres, which every machine has by npm, stands first.
 */
import type { OtherEngine, Scenario, Topology } from '../harness/scenario.js';
import {
  openTransaction,
  type ReadOnlyParameter,
  readOnlyOf,
  withGroup,
} from './read-only-window.js';
import { schemaChangeParts } from './replica-schema-change/parts.js';
import { phasesWith } from './replica-schema-change/phases.js';
import { schemaChangeSources } from './replica-schema-change/sources.js';
import { schemaChangeSwitches } from './replica-schema-change/switches.js';

const timingProfiles = [
  'replica.create',
  'rds.reboot',
  'parameters.apply',
  'replica.promote',
] as const;

const other = (engine: 'mysql' | 'mariadb', version: string): OtherEngine => ({
  engine,
  versions: { from: version, to: version },
  timingProfiles,
  topology: topologyWith(readOnlyOf.mysql),
  phases: phasesWith(readOnlyOf.mysql),
});

function topologyWith(parameter: ReadOnlyParameter): Topology {
  return { clusters: [{ ...withGroup(parameter), takesReplicas: true }] };
}

export const replicaSchemaChange: Scenario = {
  name: 'replica-schema-change',
  title: 'RDS: schema change on a read replica, which is then promoted',
  engine: 'postgres',
  otherEngines: [other('mysql', '8.0.42'), other('mariadb', '10.11')],
  summary:
    'Makes a read replica writable, changes the schema there while replication goes on, makes ' +
    'the source read-only, waits until the replica has everything, promotes it, tests it, and ' +
    'tells the application of it. Between the last write on the source and the first one on the ' +
    'promoted server nobody can write; what the replica had not received when it was promoted is ' +
    'lost.',
  versions: { from: '17.5', to: '17.5' },
  upgrade: 'none',
  topology: topologyWith(readOnlyOf.postgres),
  phases: phasesWith(readOnlyOf.postgres),
  objectives: [
    'writer.downtime <= 10m',
    'new-connection.downtime <= 5s',
    'writes.lost == 0',
    'writes.duplicated == 0',
  ],
  timingProfiles: [...timingProfiles],
  beforeT0: ['replica.create.createMs', 'rds.reboot.refusedMs', 'rds.reboot.startingUpMs'],
  switches: [...schemaChangeSwitches, openTransaction],
  defects: [],
  parts: schemaChangeParts,
  real: [
    'two servers, the replication between them, and the writes that each of them has',
    'the schema change, run on the replica while the source is written to',
    'the parameter groups, read back from the servers; the promotion, and the reboot in it',
    'every refusal and error that a client gets on the wire',
    'the test of the new schema, which with --tests fail really fails: rows were not converted',
    'the writes: each one acknowledged by COMMIT is looked for on the server that serves in the ' +
      'end',
  ],
  modelled: [
    'how long each part takes: no promotion is published with times, so that its length is an ' +
      'assumption; clients wait for it, so that --pace does not divide it',
    'the texts of events, and their order [events]',
    "the change of the application's address: what it dials leads to the other server from one " +
      'instant on, and its sessions end then, or stay (--repoint-sessions)',
    'on Postgres, where a replica of RDS takes no writes at all, logical replication stands for ' +
      'it; the values of sequences are carried over at the promotion, as a physical replica has ' +
      'them',
    'control-plane waits that nobody feels are divided by --pace',
  ],
  sources: schemaChangeSources,
};
