/** Blue/green deployments: of a minor version, and of a major one. */
import type { OtherEngine, Scenario } from '../harness/scenario.js';
import { binaryLogParts, blueGreenParts } from './blue-green/parts.js';
import { blueGreenPhases } from './blue-green/phases.js';
import { blueGreenSources } from './blue-green/sources.js';
import { blueGreenSwitches } from './blue-green/switches.js';

const timingProfiles = [
  'bg.create',
  'bg.switchover',
  'bg.switchover.2026',
  'bg.switchover.classic',
] as const;

const other = (engine: OtherEngine['engine'], from: string, to: string): OtherEngine => ({
  engine,
  versions: { from, to },
  timingProfiles,
  parts: engine === 'postgres' || engine === 'aurora-postgresql' ? blueGreenParts : binaryLogParts,
});

const real = [
  'green: a server of its own with a copy of the data, really upgraded, that really follows blue',
  'the guardrails, asked of the servers themselves',
  'the stop of writes, every refusal that a client gets, the wait until green has all',
  'sequences, advanced to where they are on blue; AUTO_INCREMENT, looked at afterwards',
  'the rollback, and old blue as it is afterwards',
  'the writes: each one acknowledged by COMMIT is looked for on green',
];

const modelled = [
  'how long each part takes: a sample of a driver, an announcement and some reports stand behind ' +
    'it [driver, announced, reports]',
  'the tasks are told one after the other; the copy and the upgrade are one piece of work here',
  'the limit on the lag, and what is long-running: AWS gives no numbers',
  'the texts of the events [events]; AWS documents no order of them',
  'names: what is called green before keeps that name here, and so does the record of old blue; ' +
    'events and drivers are told the names that AWS would give',
  'a minor version of RDS for PostgreSQL is replicated physically by AWS [replication], and ' +
    'logically here: tables without a primary key and DDL do better there',
  'control-plane waits are divided by --pace; what clients feel never is',
];

const common = {
  phases: blueGreenPhases,
  objectives: ['writer.downtime <= 2m', 'writes.lost == 0', 'writes.duplicated == 0'],
  timingProfiles,
  beforeT0: ['replicaMs', 'upgradeMs', 'topologyMs', 'initiatedMs'],
  topology: {
    clusters: [{ identifier: 'rehearsal', role: 'primary', members: [], takesReplicas: true }],
  },
  switches: blueGreenSwitches,
  defects: [],
  parts: blueGreenParts,
  ...{ real, modelled },
  sources: blueGreenSources,
} as const satisfies Partial<Scenario>;

export const blueGreen: Scenario = {
  ...common,
  name: 'blue-green',
  title: 'Blue/green deployment: minor version upgrade',
  engine: 'aurora-postgresql',
  otherEngines: [
    other('aurora-mysql', '3.05', '3.07'),
    other('postgres', '17.4', '17.5'),
    other('mysql', '8.0.42', '8.0.44'),
    other('mariadb', '10.11.13', '10.11.14'),
  ],
  summary:
    'Makes a copy of the database that follows it, upgrades the copy, and switches over to it: ' +
    'writes stop, connections end, the copy gets the rest and the names. Whatever goes wrong ' +
    'before is rolled back; afterwards there is no way back.',
  versions: { from: '17.4', to: '17.5' },
  upgrade: 'minor',
};

export const blueGreenMajor: Scenario = {
  ...common,
  name: 'blue-green-major',
  title: 'Blue/green deployment: major version upgrade',
  engine: 'postgres',
  otherEngines: [
    other('aurora-postgresql', '16.14', '17.5'),
    other('mysql', '8.0.44', '8.4.7'),
    other('mariadb', '10.11', '11.8'),
  ],
  summary:
    'Makes a copy of the database that follows it, takes the copy to another major version, and ' +
    'switches over to it. The upgrade happens while the database serves: what is felt is the ' +
    'switchover alone, and afterwards there is no way back.',
  versions: { from: '16.14', to: '17.5' },
  upgrade: 'major',
};
