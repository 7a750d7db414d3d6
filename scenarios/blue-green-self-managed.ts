/** Blue/green by hand: a change of DNS with a TTL instead of a deployment of AWS's. */
import type { OtherEngine, Scenario } from '../harness/scenario.js';
import {
  selfManagedParts,
  selfManagedSources,
  selfManagedSwitches,
} from './blue-green-self-managed/parts.js';
import { selfManagedPhases } from './blue-green-self-managed/phases.js';

const timingProfiles = [
  'self-managed.green',
  'self-managed.shift',
  'self-managed.switch',
  // Green is deleted on the way back.
  'replica.create',
] as const;

const other = (engine: OtherEngine['engine'], from: string, to: string): OtherEngine => ({
  engine,
  versions: { from, to },
  timingProfiles,
});

export const blueGreenSelfManaged: Scenario = {
  name: 'blue-green-self-managed',
  title: 'Blue/green by hand: DNS with a TTL, draining, reads shifted by share',
  engine: 'postgres',
  otherEngines: [other('mysql', '8.0.42', '8.0.44'), other('mariadb', '10.11.13', '10.11.14')],
  summary:
    'Makes a copy of the database that follows it, upgrades the copy, shifts reads to it share ' +
    'by share, promotes it and changes DNS. Nobody is refused, and that is the trouble: until ' +
    'every client has come over both sides take writes, and what the old one took is lost.',
  versions: { from: '17.4', to: '17.5' },
  upgrade: 'minor',
  topology: {
    clusters: [{ identifier: 'rehearsal', role: 'primary', members: [], takesReplicas: true }],
  },
  phases: selfManagedPhases,
  objectives: ['writer.downtime <= 30s', 'writes.lost == 0', 'writes.duplicated == 0'],
  timingProfiles,
  beforeT0: ['self-managed.green.createMs', 'self-managed.shift.shiftMs'],
  switches: selfManagedSwitches,
  defects: [],
  parts: selfManagedParts,
  real: [
    'green: a server of its own with a copy of the data, really upgraded, that really follows blue',
    'writes on both sides, by sessions that stay and by those that dial anew',
    'every error that a client gets; the refusals of a server that takes no writes',
    'the comparison of both sides, and the writes: each one acknowledged by COMMIT is looked for',
  ],
  modelled: [
    'DNS: the old answer is believed by everybody for the whole of the TTL, the worst case; ' +
      'shares of reads are drawn for every dial, without caches',
    'how long green takes to be made, and how long each share is left: assumptions',
    'control-plane waits are divided by --pace; TTL and draining never are',
  ],
  sources: selfManagedSources,
};
