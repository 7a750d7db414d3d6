/** A reboot with failover of an RDS Multi-AZ instance: the failover that one asks for. */
import type { Phase, Scenario, Switch } from '../harness/scenario.js';
import { rdsMultiAzFailover } from './rds-multi-az-failover.js';

const rebooting = 'AmazonRDS UserGuide/USER_RebootInstance: rebooting a DB instance';

const phases: readonly Phase[] = rdsMultiAzFailover.phases.map((phase) =>
  phase.name === 'prepare'
    ? {
        ...phase,
        what: 'The reboot is asked for; the primary still takes writes.',
        steps: [
          {
            step: 'start',
            operation: 'failover',
            settings: { fencing: 'reset', cause: 'requested', targetFails: false },
          },
        ],
      }
    : phase,
);

const fencing: Switch = {
  option: '--fencing',
  values: 'reset | black-hole',
  byDefault: 'reset',
  why:
    'Whether sessions are reset and ports closed, or nothing is answered any more. AWS says that ' +
    'the failover is abrupt, and not which of the two clients see [multiAz].',
  setting: {
    of: 'operation',
    operation: 'failover',
    name: 'fencing',
    allowed: ['reset', 'black-hole'],
  },
};

export const rebootWithFailover: Scenario = {
  ...rdsMultiAzFailover,
  name: 'reboot-with-failover',
  title: 'RDS Multi-AZ: reboot with failover',
  summary:
    'RebootDBInstance with ForceFailover: the drill that AWS offers for a failover. The primary ' +
    'is ended and the standby, which has every committed write, answers under the same name ' +
    'about a minute later.',
  phases,
  beforeT0: ['precheckMs'],
  switches: [
    fencing,
    ...rdsMultiAzFailover.switches.filter(({ option }) => option !== '--fencing'),
  ],
  parts: [
    {
      heading: 'In this order [eventLogs]',
      statements: [
        'The call is taken; some 10 s to two minutes later "Multi-AZ instance failover started."',
        'T0: the primary is ended, its sessions with it.',
        '"DB instance restarted": the standby answers, and the name leads to it soon.',
        '"Multi-AZ instance failover completed." and "The user requested a failover of the DB ' +
          'instance.", long after clients are back.',
      ],
    },
    {
      heading: 'What refuses or abandons it',
      statements: [
        'an instance that is not Multi-AZ, or is not available [rebooting]',
        'A second one too soon after another is taken and then abandoned (RDS-EVENT-0034) ' +
          '[events]. AWS says "recently" and no number: three minutes here, an assumption.',
      ],
    },
    ...rdsMultiAzFailover.parts.slice(1),
  ],
  sources: [...rdsMultiAzFailover.sources, { label: 'rebooting', where: rebooting }],
};
