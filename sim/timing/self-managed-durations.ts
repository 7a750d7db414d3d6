/**
 * Blue/green by hand: the making of green, the shift of reads, and the change of DNS. Procedures of
 * this kind are published without times: the lengths are those of AWS's own names, or assumptions.
 */
import type { Duration } from './duration.js';

export const selfManagedDurations = {
  'self-managed.green': {
    createMs: {
      typical: 1_200_000,
      stress: 3_600_000,
      sigma: 0.2,
      what: 'green is made, upgraded, and follows blue; nobody feels it',
      source: 'assumption: a replica and an in-place upgrade of it; it grows with the data',
      observations: 0,
      kind: 'control',
    },
  },
  'self-managed.shift': {
    shiftMs: {
      typical: 1_200_000,
      stress: 7_200_000,
      sigma: 0,
      what: 'reads are on both sides, each share as long as the others; clients are answered',
      source: 'assumption: procedures of this kind name the shares and no time between them',
      observations: 0,
      kind: 'control',
    },
  },
  'self-managed.switch': {
    ttlMs: {
      typical: 5_000,
      stress: 60_000,
      sigma: 0,
      what:
        'who dials is answered as before the change: taken for everybody, as for a ' +
        'client that asked just before',
      source:
        'assumption: as short as that of the names of RDS, 5 s ' +
        '(AmazonRDS UserGuide/blue-green-deployments-switching.html); stress: a minute, ours too',
      observations: 0,
      kind: 'outage',
    },
    drainMs: {
      typical: 10_000,
      stress: 60_000,
      sigma: 0,
      what: 'sessions on the side before may go on; then those that are left are ended',
      source: 'assumption: nothing is published of how long; a pool keeps a connection for longer',
      observations: 0,
      kind: 'outage',
    },
  },
} as const satisfies Record<string, Record<string, Duration>>;
