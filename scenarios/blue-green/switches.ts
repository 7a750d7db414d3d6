/** The choices of a blue/green deployment. */
import type { Switch } from '../../harness/scenario.js';

const operation = 'switch-over-blue-green-deployment';

export const blueGreenSwitches: readonly Switch[] = [
  {
    option: '--generation',
    values: '2026 | classic',
    byDefault: '2026',
    why:
      'AWS announced switchovers of five seconds or lower in January 2026 [announced]; before, ' +
      'about a minute was what people saw [reports].',
    setting: { of: 'operation', operation, name: 'generation', allowed: ['2026', 'classic'] },
  },
  {
    option: '--switchover-timeout',
    values: 'a duration',
    byDefault: '5m',
    why:
      'SwitchoverTimeout: a switchover that takes longer is rolled back. AWS takes 30 s to an ' +
      'hour [switching]; --any-timeout true takes less.',
    setting: { of: 'operation', operation, name: 'switchoverTimeoutMs', allowed: null },
  },
  {
    option: '--any-timeout',
    values: 'true | false',
    byDefault: 'false',
    why:
      'Whether a timeout below the 30 s of AWS is taken: for rehearsals of the rollback that ' +
      'shall not last that long. AWS refuses it.',
    setting: { of: 'operation', operation, name: 'anyTimeout', allowed: [true, false] },
  },
  {
    option: '--lag-limit',
    values: 'a duration',
    byDefault: '0ms',
    why:
      'How far green may be behind for the switchover to begin. AWS says that it is derived from ' +
      'the timeout, and not how [switching]: 0ms takes the timeout itself.',
    setting: { of: 'operation', operation, name: 'lagLimitMs', allowed: null },
  },
  {
    option: '--long-write',
    values: 'a duration',
    byDefault: '10s',
    why:
      'Writes and DDL that have been going on for longer keep the switchover from beginning. AWS ' +
      'says long-running and no number [switching].',
    setting: { of: 'operation', operation, name: 'longWriteMs', allowed: null },
  },
  {
    option: '--stale-dns',
    values: 'a duration',
    byDefault: 'by --timing',
    why:
      'How long clients are answered with the address of old blue. The names may be cached for ' +
      '5 s; a published sample shows 33 s [driver].',
    setting: { of: 'timing', name: 'staleDnsMs' },
  },
  {
    option: '--readers',
    values: '0 to 3',
    byDefault: '0',
    why: 'How many readers blue has, and green with it.',
    setting: { of: 'readers', max: 3 },
  },
];
