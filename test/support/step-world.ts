/** A world for steps of a scenario in which nothing is but a name and a login. */
import type { Approval } from '../../harness/conductor/protocol.js';
import type { StepWorld } from '../../harness/conductor/steps/step-end.js';
import type { Entry, EntryOf } from '../../harness/history/entry.js';
import { recorder } from '../../harness/history/record.js';
import { systemClock } from '../../sim/clock.js';

export const password = 'a-secret-of-this-run';

export interface StepTestWorld {
  readonly world: StepWorld;
  readonly stop: AbortController;
  /** What was told, in order. */
  readonly notes: () => EntryOf<'note'>['data'][];
}

export function stepWorld(approval: Approval = 'yes'): StepTestWorld {
  const entries: Entry[] = [];
  const stop = new AbortController();
  const primary = {
    identifier: 'rehearsal',
    status: 'available',
    server: 'postgres',
    application: { user: 'app', password, database: 'app' },
    instances: [{ identifier: 'rehearsal-instance-1', role: 'writer', status: 'available' }],
  };
  const run = {
    clock: systemClock(),
    record: recorder('test', (entry) => entries.push(entry)),
    stop: stop.signal,
    outside: {
      environment: () => ({ DATABASE_URL: `postgresql://app:${password}@127.0.0.1:1/app` }),
      approve: async () => approval,
    },
  };
  const sim = { clusters: () => [primary] };
  const world = { run, sim, clusters: { primary, secondaries: [] } } as unknown as StepWorld;
  const notes = () => entries.flatMap((entry) => (entry.kind === 'note' ? [entry.data] : []));
  return { world, stop, notes };
}
