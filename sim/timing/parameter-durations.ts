/** How long a change of parameters takes to be in force. */
import type { Duration } from './duration.js';

const runbook = 'a published runbook of a read-only window says "a few minutes"';

export const parameterDurations = {
  'parameters.apply': {
    applyMs: {
      typical: 60_000,
      stress: 240_000,
      sigma: 0.2,
      what: 'from the change of a dynamic parameter to its taking effect',
      source: `assumption within what ${runbook}; AWS says "immediately" and gives no length`,
      observations: 0,
      kind: 'control',
    },
    liftMs: {
      typical: 60_000,
      stress: 240_000,
      sigma: 0.2,
      what: 'the same of the change that ends a read-only window: clients wait for it',
      source: `assumption within what ${runbook}; AWS says "immediately" and gives no length`,
      observations: 0,
      kind: 'outage',
    },
  },
} as const satisfies Record<string, Record<string, Duration>>;
