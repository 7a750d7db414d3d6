/** The choices of a schema change by way of a replica, and the gaps of the published runbook. */
import type { Switch } from '../../harness/scenario.js';

export const schemaChangeSwitches: readonly Switch[] = [
  {
    option: '--path',
    values: 'compatible | incompatible | incompatible-early',
    byDefault: 'compatible',
    why:
      'compatible: a column is added before the source is read-only, so that the window is ' +
      'short. incompatible: a column is also dropped, behind the flip, as the runbook has it. ' +
      'incompatible-early: the same while the source is still written to, which the replica ' +
      'cannot apply: replication breaks [writable].',
    setting: { of: 'choice', allowed: ['compatible', 'incompatible', 'incompatible-early'] },
  },
  {
    option: '--skip lag-check',
    values: '',
    byDefault: 'not skipped',
    why:
      'The runbook promotes without a look at how far the replica is [runbook]; AWS says to wait ' +
      'until it lags by nothing [promoting]. What it did not receive is lost.',
    setting: { of: 'skip' },
  },
  {
    option: '--skip own-group',
    values: '',
    byDefault: 'not skipped',
    why:
      'A replica has the parameter group of its source [creating]. Without one of its own, ' +
      'attached and rebooted, making the source read-only makes the replica read-only too, and ' +
      'it stays so when it is promoted.',
    setting: { of: 'skip' },
  },
  {
    option: '--tests',
    values: 'pass | fail | repair',
    byDefault: 'pass',
    why:
      'With fail and repair the schema change leaves the rows unconverted, and the test finds ' +
      'them. fail: the promoted server is deleted and the source takes writes again; repair: ' +
      'they are converted there, and it goes on [runbook].',
    setting: { of: 'choice', allowed: ['pass', 'fail', 'repair'] },
  },
  {
    option: '--more-replicas',
    values: '0 | 1 | 2',
    byDefault: '0',
    why:
      'Replicas of the promoted server, made while the application is still read-only: as many ' +
      'as the source had [runbook].',
    setting: { of: 'choice', allowed: ['0', '1', '2'] },
  },
  {
    option: '--repoint-sessions',
    values: 'reconnect | stay',
    byDefault: 'reconnect',
    why:
      'What becomes of sessions on the source when the application is told of the promoted ' +
      'server: they end with its restart, or stay, read-only, until they end themselves.',
    setting: {
      of: 'operation',
      operation: 'repoint',
      name: 'sessions',
      allowed: ['reconnect', 'stay'],
    },
  },
];
